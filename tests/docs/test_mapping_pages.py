"""The pages about mappings: every table of examples is mapped, and every word that a mapping may say is explained."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from ruamel.yaml import YAML

from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import load_mapping, parse_mapping
from sfsync.mapping.model import Check, FieldRule, File, Guards, Header, Mapping, Rejection, Type
from sfsync.mapping.rows import MappedRow

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "mapping").glob("*.md"))
EXAMPLE = re.compile(r"```yaml\n(?P<yaml>.*?)```\n\s*(?P<table>(?:\|[^\n]*\|\n)+)", re.DOTALL)
IN, OUT = "In the file", "In the org"
REFUSED = "refused: "


@dataclass(frozen=True)
class Example:
    page: str
    line: int
    yaml: str
    table: list[list[str]]


def examples() -> list[Example]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in EXAMPLE.finditer(text):
            lines = [line for line in match["table"].splitlines() if not re.fullmatch(r"[| -]+", line)]
            table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            found.append(Example(page.name, text[: match.start()].count("\n") + 1, match["yaml"], table))
    return found


EXAMPLES = examples()


def mapping_of(example: Example) -> str:
    """The mapping that an example is a part of."""
    said = YAML(typ="safe", pure=True).load(example.yaml)
    file = said.pop("file", {})
    if "fields" not in said:
        (name,) = said
        said = {"fields": {"Value__c": {"from": name}}, "headers": said}
    file["headers"] = said.pop("headers")
    return json.dumps({"mapping": "example", "object": "Lead", "file": file, **said})


def cell(text: str) -> str | None:
    found = re.fullmatch(r"`(.*)`", text)
    assert found or text in {"", "(empty)"}, f"{text} stands in no backticks"
    return found[1] if found else None


def mapped(example: Example) -> tuple[list[MappedRow], list[str]]:
    """The rows of an example after mapping, and the headings of its table that are fields."""
    mapping = parse_mapping(mapping_of(example))
    compiled = compile_mapping(mapping)
    head, *lines = example.table
    names = (
        list(mapping.file.headers)
        if head == [IN, OUT]
        else [one for one in head if one in mapping.file.headers]
    )
    columns = {
        str(n): [cell(line[0 if head == [IN, OUT] else head.index(name)]) for line in lines]
        for n, name in enumerate(names)
    }
    schema = {"row": pl.UInt32, **dict.fromkeys(columns, pl.String)}
    frame = pl.DataFrame({"row": list(range(2, len(lines) + 2)), **columns}, schema=schema)
    rows = [row for block in compiled.bind(names, file="example").map([frame]) for row in block.rows()]
    fields = ["Value__c"] if head == [IN, OUT] else [one for one in head if one in mapping.fields]
    return rows, fields


def shown(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


RUN = [one for one in EXAMPLES if "transform:" not in one.yaml]


@pytest.mark.parametrize("example", RUN, ids=[f"{one.page}:{one.line}" for one in RUN])
def test_an_example_is_true(example: Example):
    rows, fields = mapped(example)
    head, *lines = example.table
    for row, line in zip(rows, lines, strict=True):
        told = [line[1]] if head == [IN, OUT] else [line[head.index(name)] for name in fields]
        if told[0].startswith(REFUSED):
            assert row.problem is not None, line
            assert row.problem.message.startswith(told[0].removeprefix(REFUSED)), (row.problem.message, line)
        else:
            assert row.problem is None, (row.problem, line)
            assert [shown(row.values[name]) for name in fields] == [cell(one) for one in told]


def test_every_type_has_a_page_with_examples():
    assert [kind for kind in get_args(Type) if f"{kind}.md" not in {one.page for one in EXAMPLES}] == []


def test_every_page_is_reached():
    overview = (DOCS / "mappings.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"(mapping/{page.name})" not in overview] == []


def test_every_word_of_a_mapping_is_explained():
    text = "\n".join(page.read_text(encoding="utf-8") for page in [*PAGES, DOCS / "mappings.md"])
    models = (Mapping, File, Header, FieldRule, Check, Rejection, Guards)
    words = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert (
        sorted(
            word for word in words if not re.search(rf"`[^`\n]*\b{word}\b|^\s*{word}:", text, re.MULTILINE)
        )
        == []
    )


def test_the_example_of_the_overview_loads(tmp_path: Path):
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "mappings.md").read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        name = re.search(r"^mapping: (\w+)", block, re.MULTILINE)
        assert name
        (tmp_path / f"{name[1]}.yaml").write_text(block, encoding="utf-8")
    assert load_mapping(tmp_path / "acme.yaml").file.headers["card_key"].headings[-1] == "Acme ref"


def test_the_function_of_the_page_works():
    text = (DOCS / "mapping" / "functions.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    module: dict[str, Any] = {}
    exec(compile(code, "functions.md", "exec"), module)
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block
    mapping = parse_mapping(mapping_of(Example("functions.md", 1, block[1], [])))
    compiled = compile_mapping(mapping, lambda: {"dutch_plate": module["dutch_plate"]})
    frame = pl.DataFrame({"row": [2, 3], "0": ["ab-12-cd", "x"]}, schema={"row": pl.UInt32, "0": pl.String})
    good, bad = (row for block in compiled.bind(["plate"], file="x").map([frame]) for row in block.rows())
    assert good.values == {"Value__c": "AB12CD"}
    assert bad.problem.message == "A number plate has 6 letters and digits."
