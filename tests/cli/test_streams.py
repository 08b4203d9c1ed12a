"""What a reader of our output does changes nothing of what a command does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SFSYNC = [sys.executable, "-m", "sfsync"]


def sfsync(*words: str, stdout: int = subprocess.PIPE, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SFSYNC, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **env},
        text=True,
        encoding="ascii",
        errors="replace",
        check=False,
    )


@pytest.fixture
def left() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("--version",), 0),
        (("run", "--help"), 0),
        (("schedule",), 0),
        (("mapping", "check"), 0),
        (("mapping", "schema"), 0),
        (("runs", "list"), 0),
        (("run", "bogus", "--json"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_reader_that_left_changes_nothing(left: int, words: tuple[str, ...], code: int) -> None:
    done = sfsync(*words, stdout=left)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_closed_output_changes_nothing() -> None:
    shell = f'exec "{sys.executable}" -m sfsync mapping check >&- 2>&-'
    assert subprocess.run(["sh", "-c", shell], cwd=ROOT, check=False).returncode == 0


def test_a_terminal_without_our_letters_gets_other_ones(tmp_path: Path) -> None:
    table = tmp_path / "cards.csv"
    table.write_text("Náme;Prijs\nZoe;€ 5\n", encoding="utf-8")
    done = sfsync("files", "inspect", str(table), "--json", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["columns"] == ["Náme", "Prijs"]
    done = sfsync("files", "inspect", str(table), PYTHONIOENCODING="iso-8859-5")
    assert done.returncode == 0, done.stderr
    assert "\\u20ac 5" in done.stdout
