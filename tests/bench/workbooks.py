"""Reading and writing workbooks, against the libraries that do it with nothing around them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.bench.measure import Plan, Row, Work, alternate, side

_FULL = 20_000
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
    import polars  # noqa: F401, ICN001  loaded before the work begins
    import python_calamine  # noqa: F401

    from sfsync.tabular.table import open_table

    return lambda: sum(block.height for block in open_table(Path(path)).blocks())


def read_with_calamine(path: str) -> Work:
    from python_calamine import CalamineWorkbook

    return lambda: len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())
