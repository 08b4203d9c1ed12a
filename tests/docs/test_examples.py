"""The Python of the documentation is run as it stands: examples by themselves, tests by pytest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sfsync.mockorg.faults import KINDS

ROOT = Path(__file__).parents[2]
PROVED_ELSEWHERE = {"mock-org-clients.md"}
"""Its pieces are parts of the programs that `make clients` runs."""
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name not in PROVED_ELSEWHERE),
]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [
            (f"{page.name}:{text[: block.start()].count(chr(10)) + 1}", block[1])
            for block in BLOCK.finditer(text)
        ]
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("code", [code for _, code in EXAMPLES], ids=[place for place, _ in EXAMPLES])
def test_an_example_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if "def test_" in code:
        path = tmp_path / "test_example.py"
        path.write_text(code, encoding="utf-8")
        line = [sys.executable, "-m", "pytest", "-q", "-p", "sfsync.testing.pytest_plugin", "-c", os.devnull]
        line += ["--rootdir", str(tmp_path), "-p", "no:cacheprovider", str(path)]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        monkeypatch.chdir(ROOT)
        exec(compile(code, "example", "exec"), {"__name__": "example"})


def test_there_are_examples():
    assert {place.partition(":")[0] for place, _ in EXAMPLES} >= {
        "README.md",
        "testing-without-salesforce.md",
    }


def test_every_kind_of_trouble_has_an_example():
    text = (ROOT / "docs" / "testing-without-salesforce.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'script("{kind}"' not in text] == []


def test_foreign_examples_are_those_that_were_tried():
    """JavaScript and the Salesforce CLI are proved by `make clients`; here is only what stands on its page."""
    tried = (ROOT / "docs" / "mock-org-clients.md").read_text(encoding="utf-8").lower()
    page = (ROOT / "docs" / "testing-without-salesforce.md").read_text(encoding="utf-8")
    for language in ("js", "sh"):
        for block in re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if line.startswith(("const ", "await ", "sf ", "SF_ACCESS_TOKEN")):
                    assert line.partition("  ")[0].lower() in tried
