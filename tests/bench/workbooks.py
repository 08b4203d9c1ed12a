"""Reading and writing workbooks, against the libraries that do it with nothing around them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.bench.measure import Plan, Row, Work, alternate, side

_FULL = 20_000
_WIDE = 100_000
_COLUMNS = 25
_HEADINGS = (
    "Order number",
    "Card number",
    "Ship date",
    "Name",
    "Street",
    "Postcode",
    "City",
    "Cards",
    "Price",
)
_SAID = (
    ("applied", "", "", ""),
    ("invalid", "the card id has 18 digits", "Card number", "Send it with 19 digits."),
)


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    written = alternate(
        plan.runs(3),
        side(write_with_sfsync, plan.scratch / "ours.xlsx", count),
        side(write_with_openpyxl, plan.scratch / "theirs.xlsx", count),
    )
    yield Row(
        "workbook write",
        "openpyxl write-only",
        written.time,
        f"{count:,} rows × {len(_HEADINGS)}; memory {written.memory:.2f} ×",
    )
    book = plan.scratch / "theirs.xlsx"
    read = alternate(plan.runs(5), side(read_with_sfsync, book), side(read_with_calamine, book))
    yield Row(
        "workbook read",
        "python-calamine, values only",
        read.time,
        f"{count:,} rows × {len(_HEADINGS)}; memory {read.memory:.2f} ×",
    )
    answered = alternate(
        plan.runs(3),
        side(answer_with_sfsync, book, plan.scratch / "our-answer.xlsx"),
        side(answer_with_openpyxl, book, plan.scratch / "their-answer.xlsx"),
    )
    yield Row(
        "workbook answer",
        "openpyxl, loaded and saved",
        answered.time,
        f"{count:,} rows × {len(_HEADINGS)} and 4; memory {answered.memory:.2f} ×",
    )
    wide = plan.scratch / "wide.xlsx"
    rows_ = plan.rows(_WIDE)
    side(write_wide, wide, rows_)()
    mapped = alternate(plan.runs(3), side(map_with_sfsync, wide), side(read_with_fastexcel, wide))
    yield Row(
        "workbook to mapped rows",
        "fastexcel to polars, not mapped",
        mapped.time,
        f"{rows_:,} rows × {_COLUMNS}; memory {mapped.memory:.2f} ×",
        "≤ 3",
        mapped.time <= 3,
    )


def _table(count: int) -> Iterator[tuple[Any, ...]]:
    day = date(2026, 3, 2)
    for number in range(count):
        key, card = f"WF-{number:08}", f"{3104 * 10**15 + number}"
        person = (f"Person {number}", f"Street {number % 200}", f"{1000 + number % 9000} AB", "Utrecht")
        yield (key, card, day + timedelta(days=number % 365), *person, number % 40 + 1, number % 40 * 2.5)


def write_with_sfsync(path: str, count: str) -> Work:
    import openpyxl  # noqa: F401  both sides have it loaded before the work begins

    from sfsync.tabular.write import write_table

    return lambda: write_table(Path(path), _HEADINGS, _table(int(count)))


def write_with_openpyxl(path: str, count: str) -> Work:
    import openpyxl

    def work() -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(_HEADINGS)
        for row in _table(int(count)):
            sheet.append(row)
        book.save(path)

    return work


def read_with_sfsync(path: str) -> Work:
    import numpy  # noqa: F401, ICN001  loaded before the work begins
    import polars  # noqa: F401, ICN001  loaded before the work begins
    import python_calamine  # noqa: F401

    from sfsync.tabular.table import open_table

    return lambda: sum(block.height for block in open_table(Path(path)).blocks())


def read_with_calamine(path: str) -> Work:
    from python_calamine import CalamineWorkbook

    return lambda: len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())


def answer_with_sfsync(path: str, out: str) -> Work:
    import numpy  # noqa: F401, ICN001  loaded before the work begins
    import polars  # noqa: F401, ICN001
    import python_calamine  # noqa: F401

    from sfsync.tabular.answer import write_answer
    from sfsync.tabular.answer_cells import Answer
    from sfsync.tabular.table import open_table

    def work() -> None:
        table = open_table(Path(path))
        rows = [row for block in table.blocks() for row in block["row"]]
        answers = {row: Answer(*_SAID[row % 9 == 0]) for row in rows}
        write_answer(Path(path), table, answers, Path(out))

    return work


def answer_with_openpyxl(path: str, out: str) -> Work:
    import openpyxl

    def work() -> None:
        book = openpyxl.load_workbook(path)
        page = book.worksheets[0]
        for row in range(2, page.max_row + 1):
            for place, text in enumerate(_SAID[row % 9 == 0], start=len(_HEADINGS) + 1):
                page.cell(row, place).value = text
        book.save(out)

    return work


def write_wide(path: str, count: str) -> Work:
    """A partner's workbook of 25 columns: texts, dates, numbers, flags, card ids as text, holes."""
    import openpyxl

    day = date(2026, 3, 2)

    def work() -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Sheet1")
        sheet.append([*_HEADINGS, "Active", "Mailed", *(f"Note {number}" for number in range(_COLUMNS - 11))])
        for number, row in enumerate(_table(int(count))):
            notes = (None if number % (note + 2) else f"note {number % 50}" for note in range(_COLUMNS - 11))
            sheet.append([*row, number % 2 == 0, day + timedelta(days=number % 60), *notes])
        book.save(path)

    return work


_MAPPING = """
mapping: wide
object: Lead
key: Sfsync_Key__c
file:
  dates: ymd
  headers:
    key: [Order number]
    card: [Card number]
    shipped: [Ship date]
    name: [Name]
    street: [Street]
    postcode: [Postcode]
    city: [City]
    cards: [Cards]
    price: [Price]
    active: [Active]
    mailed: [Mailed]
fields:
  Sfsync_Key__c: {from: key, type: key, required: true, unique: true}
  Card__c: {from: card, type: digits, length: 19}
  Shipped__c: {from: shipped, type: date}
  LastName: {from: name, type: name, required: true, max: 80}
  Street: {from: street, type: text, max: 255}
  PostalCode: postcode
  City: city
  Cards__c: {from: cards, type: integer, min: 1, max: 40}
  Price__c: {from: price, type: number}
  Active__c: {from: active, type: boolean}
  Mailed__c: {from: mailed, type: date}
"""


def map_with_sfsync(path: str) -> Work:
    import numpy  # noqa: F401, ICN001  loaded before the work begins
    import polars  # noqa: F401, ICN001  loaded before the work begins
    import python_calamine  # noqa: F401

    from sfsync.engine.tables import open_file
    from sfsync.mapping.compile import compile_mapping
    from sfsync.mapping.load import parse_mapping

    mapping = compile_mapping(parse_mapping(_MAPPING))
    return lambda: sum(block.applied().height for block in open_file(Path(path), mapping).blocks())


def read_with_fastexcel(path: str) -> Work:
    import fastexcel
    import polars  # noqa: F401, ICN001

    return lambda: fastexcel.read_excel(path).load_sheet(0).to_polars().height
