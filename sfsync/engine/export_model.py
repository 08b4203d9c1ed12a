"""The model of ``exports/NAME.yaml``: which records of the org become which columns of a file."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from sfsync.engine.export_soql import Query, read_query
from sfsync.errors import ConfigError, Problem
from sfsync.mapping.validate import mistakes, problem
from sfsync.mapping.yamlfile import YamlFile, read_yaml
from sfsync.tabular.sheets import MOST_ROWS

_FIELD = r"^[A-Za-z]\w*(\.[A-Za-z]\w*)*$"
_NAME = r"^[A-Za-z]\w*$"
_COLOR = r"^[0-9A-Fa-f]{6}$"
SCHEMA_FILE = "export.schema.json"
"""Its name in a project's ``exports/``; export files point at it in their first line."""
_IN_THE_QUERY = ("object", "where", "order", "limit", "incremental")
NAME_PARTS = frozenset({"name", "day", "run"})


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Section):
    """One column: the field it shows, and in workbooks how."""

    field: str = Field(pattern=_FIELD, description="A field, or one of a parent: Account.Name.")
    width: float | None = Field(
        None, gt=0, le=255, description="Characters; without it as wide as its values."
    )
    format: str | None = Field(None, description="Excel's number format, such as #,##0.00 or dd-mm-yyyy.")


def _column(value: Any) -> Any:
    return {"field": value} if isinstance(value, str) else value


class Header(_Section):
    """The look of the header row in workbooks."""

    bold: bool = Field(True, description="Whether its letters are bold.")
    fill: str = Field("1F4E78", pattern=_COLOR, description="Background, RGB in hex.")
    color: str = Field("FFFFFF", pattern=_COLOR, description="Letters, RGB in hex.")


class ExportFile(_Section):
    """The file that is written."""

    name: str = Field("", description="May hold {name}, {day} and {run}; its ending decides: .xlsx or .csv.")
    sheet: str = Field("", description="Name of the sheet; without it the export's.")
    header: Header = Field(Header(), description="The look of the header row in workbooks.")
    rows: int | None = Field(None, ge=1, description="Most rows of one sheet, or of one file.")
    split: Literal["sheets", "files"] = Field("sheets", description="What begins where one is full.")
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description="Of a CSV file: the sign between its cells."
    )
    encoding: str = Field("utf-8", description="Of a CSV file.")
    bom: bool = Field(True, description="Excel needs it to see that a CSV file is UTF-8.")

    @field_validator("name")
    @classmethod
    def _known_parts(cls, value: str) -> str:
        try:
            parts = {part for _, part, _, _ in Formatter().parse(value) if part is not None}
        except ValueError:
            raise ValueError(f"{value!r} has a brace that is not closed") from None
        if unknown := sorted(parts - NAME_PARTS):
            raise ValueError(f"{{{unknown[0]}}} is not known; there are {{name}}, {{day}} and {{run}}")
        if value and not value.lower().endswith((".xlsx", ".csv")):
            raise ValueError("a name that ends in .xlsx or .csv is expected")
        if re.search(r"[/\\:*?\"<>|]", value) or value.startswith("."):
            raise ValueError("a plain file name is expected, without folders")
        return value


class Incremental(_Section):
    """Only what changed since the last export."""

    watermark: str = Field(
        "SystemModstamp", pattern=_NAME, description="The field that says when a record changed."
    )
    overlap_minutes: float = Field(
        30,
        ge=0,
        description="How far to look back for what was committed late; longer than any transaction.",
    )
    deleted: str = Field(
        "", description="Heading of a column that is true for deleted records; else they are left out."
    )


class Export(_Section):
    """One export."""

    export: str = Field(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", description="Its name, as its file's."
    )
    about: str = Field("", description="What it is for, in a sentence.")
    object: str = Field("", pattern=_NAME, description="API name of the object, such as Order.")
    columns: dict[str, Annotated[Column, BeforeValidator(_column, json_schema_input_type=str | Column)]] = (
        Field(
            {},
            description="Heading: field, in order. With soql: a field or name of the query; without it, all of them.",
        )
    )
    soql: str = Field(
        "", description="A whole query, SELECT … FROM …, instead of object, where, order and limit."
    )
    where: str = Field("", description="A condition in SOQL, without the word WHERE.")
    order: tuple[str, ...] = Field((), description="Fields to sort by; -Field sorts downwards.")
    limit: int | None = Field(None, ge=1, description="At most so many records.")
    file: ExportFile = Field(ExportFile(), description="The file that is written.")
    incremental: Incremental | None = Field(None, description="Only what changed since the last export.")
    _source: YamlFile | None = PrivateAttr(None)

    @field_validator("soql")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value:
            read_query(value)
        return value

    @field_validator("order")
    @classmethod
    def _sortable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not re.match(_FIELD, text.removeprefix("-")):
                raise ValueError(f"{text!r} is no field to sort by; expected Field or -Field")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.soql:
            said = [name for name in _IN_THE_QUERY if name in self.model_fields_set]
            if said:
                raise ValueError(f"soql says the whole query; {' and '.join(said)} can not be told besides")
            return self
        missing = [name for name in ("object", "columns") if not getattr(self, name)]
        if missing:
            raise ValueError(f"{' and '.join(missing)} must be told, or a whole query by soql")
        if self.incremental is None:
            return self
        if self.limit is not None:
            raise ValueError("an incremental export has no limit: what is cut off would never come")
        if self.incremental.deleted in self.columns:
            raise ValueError(f"{self.incremental.deleted!r} is the heading of two columns")
        if self.file.name and "{run}" not in self.file.name:
            raise ValueError(
                "the name of an incremental export's file must hold {run}, or the next would replace it"
            )
        return self

    @cached_property
    def query(self) -> Query | None:
        """The outline of its own query, where it has one."""
        return read_query(self.soql) if self.soql else None

    @property
    def source(self) -> str:
        """API name of the object that is read."""
        return self.query.object if self.query else self.object

    @property
    def shown(self) -> Mapping[str, Column]:
        """The columns of the file by heading."""
        if self.columns or self.query is None:
            return self.columns
        return {column.name: Column(field=column.name) for column in self.query.columns}

    @property
    def workbook(self) -> bool:
        return not self.file.name.lower().endswith(".csv")

    def written_to(self, path: Path) -> "Export":
        """The same for another file, whose ending decides what it is. Raises ConfigError for other endings."""
        if path.suffix.lower() not in {".xlsx", ".csv"}:
            raise ConfigError(f"{path.name}: an export is a workbook or a text file; name it .xlsx or .csv.")
        file = self.file.model_copy(update={"name": f"{{run}}{path.suffix.lower()}"})
        return self.model_copy(update={"file": file})

    @property
    def most(self) -> int | None:
        """Most rows of one sheet or file; None: a CSV file has no limit."""
        if self.workbook:
            return min(self.file.rows or MOST_ROWS, MOST_ROWS)
        return self.file.rows

    def file_name(self, day: str, run: str) -> str:
        """The file's name in this run."""
        default = "{name}.xlsx" if self.incremental is None else "{name}-{run}.xlsx"
        return (self.file.name or default).format(name=self.export, day=day, run=run)

    def problem(self, place: tuple[str | int, ...], message: str, suggestion: str) -> Problem:
        """A mistake at a place of the export's file."""
        name, line = (
            ("the export", 1) if self._source is None else (self._source.name, self._source.line(place))
        )
        return Problem(name, line, message, suggestion)


def load_export(path: Path) -> Export:
    """Read an export's file; raises ConfigError with every mistake in it."""
    source = read_yaml(path)
    try:
        export = Export.model_validate(source.value)
    except ValidationError as error:
        problems = [problem(source, detail, Export) for detail in error.errors(include_url=False)]
        raise ConfigError(f"{path} has {mistakes(len(problems))}.", problems=problems) from None
    export._source = source  # noqa: SLF001  its own
    if export.export != path.stem:
        text = f"The export is called {export.export!r}, its file {path.name}."
        found = export.problem(("export",), text, "Give both the same name.")
        raise ConfigError(f"{path} has a mistake.", problems=[found])
    return export


def export_schema() -> str:
    """The JSON Schema of export files as text, for completion and red lines in editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Export.model_json_schema()}
    asked = {"anyOf": [{"required": [name]} for name in _IN_THE_QUERY]}
    schema["oneOf"] = [
        {"required": ["soql"], "not": asked},
        {
            "required": ["object", "columns"],
            "not": {"required": ["soql"]},
            "properties": {"columns": {"minProperties": 1}},
        },
    ]
    return json.dumps({**schema, "title": "sfsync export"}, indent=2, ensure_ascii=False) + "\n"
