"""What a reader of our output does changes nothing of what a command does."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfsync.cli import streams

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1mbold\x1b[0m\n", "\x1b[1mbold\x1b[0m\n"),
        ("\r\x1b[2K\x1b[1A\x1b[?25l50 %", "\r\x1b[2K\x1b[1A\x1b[?25l50 %"),
        ("a\x1b]0;title\x07b", "a?]0;title?b"),
        ("\x1b[2Jgone\x9b31m", "?[2Jgone?31m"),
        ("paid\rfree", "paid?free"),
        ("abc\u202ecba", "abc?cba"),
        ("Zoë\tKok\r\n", "Zoë\tKok\r\n"),
    ],
)
def test_no_text_steers_the_terminal(text: str, shown: str) -> None:
    kept = io.BytesIO()
    stream = streams._Harmless(kept, encoding="utf-8", newline="")
    stream.write(text)
    stream.flush()
    assert kept.getvalue().decode() == shown


def test_a_file_cannot_steer_the_terminal_of_who_looks_at_it(tmp_path: Path) -> None:
    path = tmp_path / "evil.csv"
    path.write_text("Order number;Card number;\x1b]0;evil\x07\nWF-1;\x1b[2J700001;[/b]\n", encoding="utf-8")
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        for words in (
            ("files", "inspect", str(path)),
            ("mapping", "preview", "charge_card/allocation", str(path)),
        ):
            subprocess.run([*SFSYNC, *words], cwd=ROOT, stdout=theirs, stderr=theirs, check=False)
        subprocess.run(
            [*SFSYNC, "files", "recognise", str(path)], cwd=ROOT, stdout=theirs, stderr=theirs, check=False
        )
        os.close(theirs)
        shown = b""
        while piece := _read(screen):
            shown += piece
    assert b"Order number" in shown
    assert b"?]0" in shown
    assert b"\x1b]" not in shown
    assert b"\x07" not in shown
    assert b"\x1b[2J" not in shown
    told = json.loads(sfsync("files", "recognise", str(path), "--json").stdout)
    assert told["columns"][-2:] == ["\x1b]0", "evil\x07"]


def _read(screen: io.FileIO) -> bytes:
    try:
        return screen.read(4096) or b""
    except OSError:  # how a terminal whose other side was closed ends
        return b""


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
