"""Mutants of the samples: refused, or every row accounted for and every value as it stands in the file.

The witness is Python's csv module over the whole text. A row that does not read as the witness reads it must be
told of (a problem, or skipped); a row may never be lost, made up or changed without a word. What a mapping takes from
the rows is held to what the cells say, by rules written down here once more.
"""

import csv
import io
import json
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sfsync.cells import ZERO_WIDTH, Kind
from sfsync.errors import SfsyncError
from sfsync.mapping.rows import MappedRow
from sfsync.mapping.texts import OUTER
from sfsync.tabular.model import Hints, Table
from sfsync.tabular.table import open_table
from tests.effort import EFFORT
from tests.fuzz.mutate import LONGEST, mutant
from tests.mapping.test_samples import mapping_for
from tests.shared import SAMPLES

EACH = 30 * EFFORT
TRUTHS = sorted(SAMPLES.glob("[ab]*.truth.json"))


@dataclass(frozen=True)
class Sample:
    name: str
    data: bytes
    truth: dict[str, Any]


def samples() -> list[Sample]:
    found = []
    for path in TRUTHS:
        truth = json.loads(path.read_text(encoding="utf-8"))
        source = SAMPLES / path.name.removesuffix(".truth.json")
        if truth.get("readable") and source.suffix in {".csv", ".txt"} and source.stat().st_size <= LONGEST:
            found.append(Sample(source.name, source.read_bytes(), truth))
    return found


TEXT_SAMPLES = samples()
needs_samples = pytest.mark.skipif(not TEXT_SAMPLES, reason="the shared samples are not here")


@dataclass
class Seen:
    """What the reader gave: rows by number, and numbers that it said something about."""

    table: Table
    rows: dict[int, list[str | None]]
    told: set[int]
    skipped: set[int]


def read(path: Path, hints: Hints | None = None) -> Seen | None:
    """The table as read, None when it was refused."""
    try:
        table = open_table(path, hints)
        width = len(table.columns)
        rows: dict[int, list[str | None]] = {}
        for block in table.blocks():
            for row in block.iter_rows(named=True):
                assert row["row"] not in rows, "a row number stands twice"
                rows[row["row"]] = [row[str(n)] for n in range(width)]
    except SfsyncError:
        return None
    told = {problem.row for problem in table.problems}
    return Seen(table, rows, told, {skipped.row for skipped in table.skipped})


LONE_CR = "\ue123"


def witness(data: bytes, table: Table) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of the records below the header, by the csv module alone; a lone CR is text, as we say it is."""
    text = data.decode(table.encoding or "utf-8").removeprefix("\ufeff")
    text = re.sub(r"\r(?!\r*(?:\n|\Z))", LONE_CR, text) if "\n" in text else text.replace("\r", "\n")
    lines = io.StringIO(text, newline="\n")
    for _ in range(table.header_row - 1):
        lines.readline()
    reader = csv.reader(lines, delimiter=table.delimiter or ",")
    end, first = 0, True
    for record in reader:
        line, end = table.header_row + end, reader.line_num
        if not first:
            yield line, [field.replace(LONE_CR, "\r") for field in record]
        first = False


def check_text(data: bytes, seen: Seen) -> int:
    """Hold what was read to the witness; the number of rows compared."""
    expected = {
        line: record for line, record in witness(data, seen.table) if any(one.strip() for one in record)
    }
    assert set(expected) <= set(seen.rows) | seen.skipped, "a row is lost"
    assert set(seen.rows) <= set(expected), "a row is made up"
    width = len(seen.table.columns)
    compared = 0
    for line, row in seen.rows.items():
        if line in seen.told:
            continue
        record = expected[line]
        assert not any(one.strip() for one in record[width:]), f"line {line}: values beyond the last column"
        fields = [*record[:width], *[""] * (width - len(record))]
        assert row == [one or None for one in fields], f"line {line} is changed"
        compared += 1
    return compared


def blank(text: str | None) -> str:
    return (text or "").translate(dict.fromkeys(map(ord, ZERO_WIDTH))).strip(OUTER)


def check_values(seen: Seen, rows: list[MappedRow], truth: dict[str, Any]) -> None:
    """Hold what a mapping takes to what the cells say."""
    assert [row.number for row in rows] == list(seen.rows), "the mapping lost rows or made some up"
    order = truth["declares"].get("date_order")
    places = {seen.table.columns.index(heading): name for name, heading in truth["columns"].items()
              if seen.table.columns.count(heading) == 1}  # fmt: skip
    for row in rows:
        if row.problem is not None or row.number in seen.told:
            assert row.values == {} or row.problem is None
            continue
        for place, name in places.items():
            typed, taken = blank(seen.rows[row.number][place]), row.named.get(name)
            if taken is None:
                continue
            if name == "card_id":
                whole = re.sub(r"[.,]0+$", "", typed)  # zeros behind the decimal sign: cut with a warning
                digits = "".join(
                    str(unicodedata.digit(one)) for one in whole if unicodedata.digit(one, -1) >= 0
                )
                assert taken == digits, (row.number, name)
            elif name in {"order_key", "lead_ref", "dealer_code"}:
                guarded = re.sub(r'^="(.*)"$', r"\1", typed)
                assert taken == unicodedata.normalize("NFKC", guarded).strip(OUTER).upper(), (
                    row.number,
                    name,
                )
            elif name in {"ship_date", "ownership_end", "recontact_date"}:
                check_day(typed, taken, order)


def check_day(typed: str, taken: str, order: str | None) -> None:
    """Days written in figures mean what the declared order says; nothing else is claimed here."""
    parts = re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", typed, re.ASCII)
    if parts is None or order not in {"dmy", "mdy"}:
        return
    first, second, year = map(int, parts.groups())
    day, month = (first, second) if order == "dmy" else (second, first)
    assert taken == date(year, month, day).isoformat(), typed


@needs_samples
@pytest.mark.parametrize("sample", TEXT_SAMPLES, ids=[sample.name for sample in TEXT_SAMPLES])
def test_mutants_of_a_text_file(sample: Sample, tmp_path: Path):
    dice = random.Random(sample.name)
    path = tmp_path / "file.csv"
    compiled = mapping_for(sample.truth)
    hints = Hints(wanted=compiled.wanted)
    compared = accepted = 0
    for number in range(EACH):
        data = mutant([sample.data], dice) if number else sample.data
        path.write_bytes(data)
        try:
            seen = read(path, hints)
            if seen is None or seen.table.format != "csv":
                continue
            accepted += 1
            compared += check_text(data, seen)
            try:
                bound = compiled.bind(seen.table.columns, file="file.csv")
            except SfsyncError:
                continue
            rows = [row for block in bound.map(seen.table.blocks) for row in block.rows()]
            check_values(seen, rows, sample.truth)
        except BaseException as error:
            error.add_note(f"mutant {number} of {sample.name}: {data!r}")
            raise
    assert accepted > EACH // 4, "mutants that are all refused prove nothing"
    assert compared


CELLS = (
    "", "x", "00420", "6371801234567890123", "1E5", "=1+1", "'=1+1", "+31612345678", "3-4", "31-12-2025", "TRUE",
    "#N/A", "Zoë", "张伟", "a;b", 'say "x"', "two\nlines", " padded ", "\u00a0", "\u200b", "0", "-0", "1.10", "\tx",
    "Total", "Result", "sep=;", "é" * 300,
)  # fmt: skip


def records(dice: random.Random) -> list[list[str]]:
    width = dice.randint(2, 6)
    rows = [[f"K{n}", *(dice.choice(CELLS) for _ in range(width - 1))] for n in range(dice.randint(1, 12))]
    return [["key", *(f"column {n}" for n in range(1, width))], *rows]


def test_tables_of_any_text_written_in_any_dialect(tmp_path: Path):
    """What the csv module writes is what we read: encodings, delimiters, quotes, line ends."""
    dice = random.Random("dialects")
    path = tmp_path / "file.csv"
    for number in range(200 * EFFORT):
        rows = records(dice)
        encoding = dice.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"])
        delimiter = dice.choice(";,\t|")
        stream = io.StringIO()
        csv.writer(
            stream,
            delimiter=delimiter,
            quoting=dice.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
            lineterminator=dice.choice(["\r\n", "\n"]),
        ).writerows(rows)
        path.write_bytes(stream.getvalue().encode(encoding))
        seen = read(path, Hints(delimiter=delimiter, encoding=encoding if encoding == "gb18030" else None))
        if seen is None:
            continue
        note = f"table {number} ({encoding}, {delimiter!r}): {rows!r}"
        assert len(seen.rows) + len(seen.skipped) == len(rows) - 1, note
        by_key = {row[0]: row for line, row in seen.rows.items() if line not in seen.told}
        for row in rows[1:]:
            if row[0] in by_key:
                assert by_key[row[0]] == [one or None for one in row], note


def test_workbooks_of_any_cells(tmp_path: Path):
    """Text stays text, numbers and days stay what they are, and no row is lost."""
    dice = random.Random("workbooks")
    path = tmp_path / "file.xlsx"
    values = (*CELLS, 7, 1.5, 12345678901234567890, True, date(2025, 12, 31), Decimal("0.1"), None)
    for number in range(60 * EFFORT):
        width = dice.randint(2, 5)
        rows = [
            [f"K{n}", *(dice.choice(values) for _ in range(width - 1))] for n in range(dice.randint(1, 15))
        ]
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        page.append(["key", *(f"column {n}" for n in range(1, width))])
        for line, row in enumerate(rows, start=2):
            for column, value in enumerate(row, start=1):
                cell = page.cell(line, column, value)
                if isinstance(value, str) and value:
                    cell.data_type = "s"
        book.save(path)
        seen = read(path)
        assert seen is not None, number
        kinds = {row["row"]: row for block in seen.table.blocks() for row in block.iter_rows(named=True)}
        assert len(seen.rows) + len(seen.skipped) == len(rows), number
        for line, row in enumerate(rows, start=2):
            if line in seen.skipped:
                continue
            for n, value in enumerate(row):
                kind = Kind(kinds[line].get(f"{n}#") or 0)
                assert_cell(seen.rows[line][n], kind, value, f"workbook {number}, row {line}: {value!r}")


def assert_cell(text: str | None, kind: Kind, value: Any, note: str) -> None:
    if isinstance(value, bool):
        assert (text, kind) == (str(value).lower(), Kind.BOOLEAN), note
    elif isinstance(value, date):
        assert (text, kind) == (value.isoformat(), Kind.DATE), note
    elif isinstance(value, int | float | Decimal):
        assert kind is Kind.NUMBER, note
        assert text is not None, note
        assert abs(float(text) - float(value)) <= abs(float(value)) * 1e-14, note  # Excel keeps 15 digits
    elif value in {None, ""}:
        assert text is None, note
    else:
        assert kind is Kind.TEXT, note
        assert text == value, note
