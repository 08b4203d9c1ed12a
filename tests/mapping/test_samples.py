"""Every readable sample of partner files, read by tabular/ and mapped: values and row problems against the truth."""

import json
from typing import Any

import pytest

from sfsync.mapping.compile import CompiledMapping, compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.rows import MappedRow, RowProblem
from sfsync.tabular.model import Hints, Table
from sfsync.tabular.table import open_table
from tests.shared import SAMPLES

TRUTHS = sorted(SAMPLES.glob("[ab]*.truth.json"))
REFUSED_OR_READ = {"a12_export.xlsx", "a13_webrapport.xls", "b16_export_web.xlsb"}
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
        if truth["expect"] != "refuse" and truth["file"] not in REFUSED_OR_READ:
            found.append(pytest.param(truth, id=truth["file"]))
    return found


def read(truth: dict[str, Any]) -> tuple[Table, list[MappedRow]]:
    mapping = mapping_for(truth)
    table = open_table(SAMPLES / truth["file"], Hints(wanted=mapping.wanted))
    bound = mapping.bind(
        table.columns,
        file=table.file,
        sheet=table.sheet,
        header_row=table.header_row,
        date1904=table.date1904,
    )
    return table, [row for block in bound.map(table.blocks) for row in block.rows()]


def canonical(name: str, value: Any, truth: Any) -> str | None:
    """A named value in the notation of the truth; instants come back to the offset that the truth shows."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if name in INSTANTS and isinstance(truth, str):
        from datetime import UTC, datetime
        from zoneinfo import ZoneInfo

        there = datetime.fromisoformat(truth)
        instant = datetime.fromisoformat(str(value))
        if there.tzinfo is not None:
            return truth if there.astimezone(UTC) == instant else str(value)
        return instant.astimezone(ZoneInfo(ZONE.get(name, "UTC"))).replace(tzinfo=None).isoformat()
    return str(value)


ZONE: dict[str, str] = {}


def spoken(problem: RowProblem) -> str:
    """The rule in the words of the truth."""
    if problem.name == "vin":
        return "bad_vin"
    if problem.rule == "word_unknown":
        return f"{problem.name.partition('_')[0]}_unknown"
    return (
        problem.full_rule if problem.name == "card_id" and problem.rule not in SHARED_RULES else problem.rule
    )


SHARED_RULES = {"error_cell", "formula_no_value", "leading_apostrophe", "excel_text_guard"}


@pytest.mark.parametrize("truth", readable())
def test_values_and_problems_are_the_truth(truth: dict[str, Any]) -> None:
    table, rows = read(truth)
    for name in INSTANTS:
        ZONE[name] = truth["declares"].get("timezone", "UTC")
    broken = {p["row"] for p in truth.get("row_problems", ()) if p["problem"].startswith("ragged_long")}
    if "rows" in truth:
        assert [row.number for row in rows] == truth["row_numbers"]
        for row, true in zip(rows, truth["rows"], strict=True):
            if row.number in broken:
                continue
            got = {name: canonical(name, row.named[name], value) or "" for name, value in true.items()}
            assert got == {name: value or "" for name, value in true.items()}, row.number
    else:
        assert len(rows) == truth["row_count"]
    expected = {
        (p["row"], p["column"] or "", p["problem"], p["severity"])
        for p in truth.get("row_problems", ())
        if p["problem"] not in READERS_OWN
    }
    found = {
        (p.row, p.name, spoken(p), p.severity)
        for row in rows
        if row.number not in broken
        for p in (*([row.problem] if row.problem else []), *row.warnings)
    }
    assert found == expected


def test_a_heading_twice_is_refused_with_both_columns() -> None:
    pass
