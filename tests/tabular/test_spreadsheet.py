"""What a spreadsheet program makes of our files: LibreOffice opens them and writes down what it sees."""

import csv
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sfsync.tabular.answer import write_answer
from sfsync.tabular.answer_cells import Answer
from sfsync.tabular.table import open_table
from sfsync.tabular.write import write_table

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice (soffice) is not installed: apt-get install libreoffice-calc"
)
AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
"""Comma, quotes, UTF-8, from line 1, cells as they are shown (LibreOffice, Filter Options for CSV)."""

TEXTS = [
    "6371801234567890123", "0000000000000000001", "00420", "0", "007", "1E5", "1e5", "12E3", "3-4", "1/2",
    "=1+1", '=HYPERLINK("http://x.example","x")', "=cmd|' /C calc'!A0", "+31612345678", "+1+1", "-5", "-1+1",
    "@SUM(1,1)", "'already", "2026-01-31", "31-12-2026", "1.234,56", "12:30", "TRUE", "false", "#N/A", "#REF!",
    "http://x.example/a", "mailto:a@b.example", "50%", "€ 12", "1 000", "(12)", "Zoë", "张伟", "a\nb", 'say "x"',
    " padded ", "MAR1", "SEPT2", "1.10", "1_000", "0x1F", "1,5", "9" * 40,
]  # fmt: skip
ROWS = [[f"K{n}", text] for n, text in enumerate(TEXTS)]
RESULTS = {n: Answer("invalid", text, text, text) for n, text in enumerate(TEXTS, start=2)}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our files, and in ``seen`` what LibreOffice shows of them."""
    folder = tmp_path_factory.mktemp("spreadsheet")
    write_table(folder / "export.xlsx", ["key", "value"], ROWS)
    write_table(folder / "plain.csv", ["key", "value"], ROWS)
    answers = [("partner.xlsx", "answer.xlsx"), ("partner.csv", "answer.csv")]
    for source, answer in answers:
        write_table(folder / source, ["key", "value"], ROWS)
        if source.endswith("csv"):  # one record a line, so that rows have the numbers of RESULTS
            rows = [[key, value.replace("\n", " ")] for key, value in ROWS]
            write_table(folder / source, ["key", "value"], rows)
        write_answer(folder / source, open_table(folder / source), RESULTS, folder / answer)
    convert(folder, AS_SHOWN, "export.xlsx", "answer.xlsx")
    convert(folder, "xlsx", "plain.csv", "answer.csv")
    return folder


def convert(folder: Path, form: str, *names: str) -> None:
    line = [
        str(SOFFICE),
        "--headless",
        "--norestore",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
    ]
    line += ["--convert-to", form, "--outdir", str(folder / "seen"), *(str(folder / name) for name in names)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def seen(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_an_export_shows_every_text_as_it_is(opened: Path):
    assert seen(opened / "seen" / "export.csv") == [["key", "value"], *ROWS]


def test_an_answer_shows_every_text_as_it_is(opened: Path):
    heading, *rows = seen(opened / "seen" / "answer.csv")
    assert heading == ["key", "value", "Result", "Reason", "Field", "Suggestion"]
    assert rows == [[key, text, "invalid", text, text, text] for key, text in ROWS]


@pytest.mark.parametrize("name", ["export.xlsx", "answer.xlsx"])
def test_no_formula_and_no_link_is_in_our_workbooks(opened: Path, name: str):
    with zipfile.ZipFile(opened / name) as archive:
        for part in archive.namelist():
            text = archive.read(part).decode("utf-8", "replace")
            assert not re.search(r"<f[ >/]|<hyperlink|TargetMode=\"External\"", text), part


@pytest.mark.parametrize("name", ["plain", "answer"])
def test_csv_runs_nothing(opened: Path, name: str):
    """CSV has no types: zeros and digits are lost when it is opened by a double click, but nothing runs."""
    page = openpyxl.load_workbook(opened / "seen" / f"{name}.xlsx").active
    assert page is not None
    cells = [cell for row in page.iter_rows() for cell in row]
    assert len(cells) > 2 * len(TEXTS)
    assert [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
