"""A project's own functions in a mapping: called on distinct texts, their reasons told, their mistakes located."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from sfsync.cells import Kind
from sfsync.errors import ConfigError
from sfsync.languages.reason import Reason
from sfsync.mapping.compile import CompiledMapping, compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.rows import MappedRow
from sfsync.mapping.transforms import Function
from sfsync.project import Content

MAPPING = """
mapping: cars
object: Vehicle__c
key: Plate__c
file:
  decimal: ","
  dates: dmy
  headers:
    plate: {headings: [Plate], transform: plate, type: key, required: true, unique: true, max: 8}
    size: {headings: [Size], transform: size, type: number, default: 4}
fields:
  Plate__c: plate
  Size__c: size
"""


def plate(text: str) -> str:
    bare = text.replace("-", "")
    if len(bare) < 3:
        raise ValueError(f"A plate has 3 characters, not {len(bare)}.")
    return bare


def compiled(text: str = MAPPING, **functions: Function) -> CompiledMapping:
    known: dict[str, Function] = {"plate": plate, "size": lambda text: Decimal(text) / 2, **functions}
    return compile_mapping(parse_mapping(text), lambda: known)


def rows(
    mapping: CompiledMapping, *cells: tuple[str | None, str | None], **kinds: list[Kind]
) -> list[MappedRow]:
    frame = pl.DataFrame(
        {"row": range(2, len(cells) + 2), "0": [one[0] for one in cells], "1": [one[1] for one in cells]},
        schema={"row": pl.UInt32, "0": pl.String, "1": pl.String},
    )
    for name, found in kinds.items():
        frame = frame.with_columns(pl.Series(f"{name[1:]}#", found, dtype=pl.UInt8))
    bound = mapping.bind(["Plate", "Size"], file="cars.csv")
    return [row for block in bound.map([frame]) for row in block.rows()]


def test_the_type_reads_what_the_function_makes():
    (row,) = rows(compiled(), (" ab-12 ", "5"))
    assert row.values == {"Plate__c": "AB12", "Size__c": 2.5}, (
        "a number is a number, whatever the decimal sign"
    )
    assert row.key == "AB12"


def test_a_value_error_refuses_the_row_with_its_reason():
    good, bad, worse = rows(compiled(), ("abc", "1"), ("a", "1"), ("-", "1"))
    assert good.problem is None
    assert bad.problem.rule == "transform"
    assert bad.problem.message == "A plate has 3 characters, not 1."
    assert worse.problem.message == "A plate has 3 characters, not 0."
    assert bad.values == {}
    assert bad.problem.heading == "Plate"


def test_rules_count_for_what_the_function_made():
    long, first, double = rows(compiled(), ("123456789", "1"), ("a-b-c", "1"), ("ABC", "1"))
    assert (long.problem.rule, first.problem, double.problem.rule) == ("too_long", None, "duplicate_exact")


def test_empty_cells_never_reach_the_function():
    empty, blank = rows(compiled(plate=lambda text: text.upper()), (None, None), ("  ", "\u00a0"))
    assert empty.problem.rule == blank.problem.rule == "missing"
    assert rows(compiled(), ("abc", None))[0].values["Size__c"] == 4


def test_it_is_called_once_for_each_text():
    calls: list[str] = []

    def counted(text: str) -> str:
        calls.append(text)
        return text

    text = MAPPING.replace("unique: true, ", "")
    mapping = compiled(text, plate=counted)
    rows(mapping, *[(f"abc{n % 3}", "1") for n in range(9_000)])
    rows(mapping, ("abc1", "1"))
    assert sorted(calls) == ["abc0", "abc1", "abc2"]


@pytest.mark.parametrize(
    ("made", "kind", "value"),
    [
        ("31-12-2025", "date", "2025-12-31"),
        (date(2025, 12, 31), "date", "2025-12-31"),
        (1.5, "number", 1.5),
        (7, "integer", 7),
        (True, "boolean", True),
        (None, "text", None),
        ("", "text", None),
        ("x", "text", "x"),
    ],
)
def test_what_a_function_may_give(made, kind, value):
    text = MAPPING.replace("type: number, default: 4", f"type: {kind}")
    (row,) = rows(compiled(text, size=lambda _text: made), ("abc", "any"))
    assert row.values["Size__c"] == value


def test_error_cells_are_told_as_such():
    (row,) = rows(compiled(), ("#N/A", "1"), k0=[Kind.ERROR])
    assert row.problem.rule == "error_cell"


def test_a_function_sees_the_text_of_typed_cells():
    seen: list[str] = []

    def see(text: str) -> str:
        seen.append(text)
        return text

    rows(compiled(plate=see), ("2025-12-31", "1"), k0=[Kind.DATE])
    assert seen[:1] == ["2025-12-31"]


def test_a_mistake_in_a_function_is_located_without_the_value():
    def broken(text: str) -> str:
        return {}[text]

    with pytest.raises(ConfigError) as caught:
        rows(compiled(plate=broken), ("secret", "1"))
    assert "The transform plate stopped with KeyError (test_transforms.py, line" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_function_that_gives_something_else_is_a_mistake():
    with pytest.raises(ConfigError, match="stopped with TypeError"):
        rows(compiled(plate=lambda text: [text]), ("abc", "1"))


def test_endless_reasons_end():
    def refuse(text: str) -> str:
        raise ValueError(f"no {text}")

    found = rows(compiled(plate=refuse), *[(f"v{n}", "1") for n in range(300)])
    assert {row.problem.rule for row in found} == {"transform"}
    assert found[0].problem.message in {"no v0", "plate refuses it."}
    assert len({row.problem.message for row in found}) <= 55


def test_an_unknown_transform_has_a_line_and_a_near_name():
    with pytest.raises(ConfigError) as caught:
        compiled(MAPPING.replace("transform: plate", "transform: plaet"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.suggestion) == (9, "Did you mean plate?")
    assert "no transform called 'plaet'" in problem.message


def test_a_reason_can_be_said_in_another_language():
    def refuse(_text: str) -> str:
        raise ValueError(Reason("plate_short", "the plate is too short"))

    mapping = compiled(plate=refuse)
    (row,) = rows(mapping, ("abc", "1"))
    assert row.problem.message == "the plate is too short"
    assert mapping.bind(["Plate", "Size"], file="x").reason(row.problem).code == "plate_short"


def test_a_name_with_nothing_but_a_transform_takes_the_rule_of_its_field():
    text = MAPPING.replace(
        "transform: plate, type: key, required: true, unique: true, max: 8", "transform: plate"
    )
    text = text.replace("Plate__c: plate", "Plate__c: {from: plate, type: key, required: true, unique: true}")
    good, double, bad = rows(compiled(text), ("a-b-c", "1"), ("ABC", "1"), ("x", "1"))
    assert (good.key, double.problem.rule, bad.problem.rule) == ("ABC", "duplicate_exact", "transform")
    with pytest.raises(ConfigError) as caught:
        compiled(text.replace("transform: plate", "transform: plaet"))
    assert caught.value.problems[0].line == 9


def test_a_field_may_have_a_transform_of_its_own():
    text = MAPPING + "  Name: {join: [plate, plate], with: '-', transform: shout}\n"
    (row,) = rows(compiled(text, shout=str.upper), ("abc", "1"))
    assert row.values["Name"] == "ABC-ABC"


def project(folder: Path, **files: str) -> Content:
    (folder / "config").mkdir()
    (folder / "config" / "sfsync.yaml").write_text("{}\n", encoding="utf-8")
    (folder / "transforms").mkdir()
    for name, text in files.items():
        (folder / "transforms" / f"{name}.py").write_text(text, encoding="utf-8")
    return Content(folder)


@pytest.fixture
def own_modules(monkeypatch: pytest.MonkeyPatch):
    """Modules of the project of one test are forgotten before the next."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "transforms":
            del sys.modules[name]


@pytest.mark.usefixtures("own_modules")
def test_the_projects_functions_are_found(tmp_path: Path):
    text = "from re import sub\n\ndef plate(text):\n    return _up(text)\n\ndef _up(text):\n    return text.upper()\n"
    content = project(tmp_path, cars=text)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "cars.yaml").write_text(
        MAPPING.replace("transform: size, ", ""), encoding="utf-8"
    )
    assert list(content.functions) == ["plate"]
    assert rows(content.mapping("cars"), ("ab-1", "1"))[0].key == "AB-1"


@pytest.mark.usefixtures("own_modules")
def test_one_name_in_two_files_is_refused(tmp_path: Path):
    content = project(
        tmp_path, a="def plate(text):\n    return text\n", b="def plate(text):\n    return text\n"
    )
    with pytest.raises(ConfigError, match="have a function 'plate'"):
        _ = content.functions
