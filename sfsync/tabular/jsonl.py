"""JSON lines, and JSON arrays of objects, as tables: the headings are the keys in order of first appearance.

The row of JSON lines is the line, of an array the number of the object. Numbers keep all their digits. A nested
value comes as its JSON text. A line that is no object is a row of its own with an error, so that it is counted.
"""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sfsync.cells import CellProblem, Kind
from sfsync.errors import FileRefused
from sfsync.languages.reason import Reason
from sfsync.tabular.encoding import Encoding, decoded, detect
from sfsync.tabular.frames import Row, Value, frames
from sfsync.tabular.guards import JSON_LIMIT, check_columns, check_size
from sfsync.tabular.lines import Lines
from sfsync.tabular.model import NO_HEADER, Cell, Hints, Notes, Table

_LONGEST_NUMBER = 400
_DEEPEST = 100


def open_json(path: Path, hints: Hints) -> Table:
    """Open JSON lines or a JSON array. Raises FileRefused: not_a_table, bad_encoding, too_large."""
    encoding = detect(path, hints.encoding)
    array = _first_character(path, encoding) == "["
    if array:
        check_size(path, JSON_LIMIT, "a JSON array")
    keys: dict[str, int] = {}
    for _, value in _values(path, encoding, array=array):
        if isinstance(value, dict):
            for key in value:
                keys.setdefault(key, len(keys))
                check_columns(path.name, len(keys))
    if not keys:
        raise FileRefused(
            path.name,
            "not_a_table",
            "this is JSON without a single object that holds something.",
            hint="Expected JSON lines or an array.",
        )

    def rows(notes: Notes) -> Iterator[Row]:
        for number, value in _values(path, encoding, array=array):
            cells: list[Value] = [None] * len(keys)
            if isinstance(value, dict):
                for key, item in value.items():
                    cells[keys[key]] = _cell(item)
            else:
                notes.tell(
                    CellProblem(
                        number,
                        None,
                        "json_unreadable",
                        "error",
                        Reason("json_unreadable", "The line is not a JSON object."),
                    )
                )
            yield number, cells

    return Table(
        file=path.name,
        format="json" if array else "jsonl",
        columns=tuple(keys),
        header_row=NO_HEADER,
        source=lambda notes: frames(rows(notes), len(keys)),
        encoding=encoding.name,
        bom=encoding.bom,
    )


def _first_character(path: Path, encoding: Encoding) -> str:
    return next(decoded(path, encoding, 4096)).lstrip()[:1]


def _values(path: Path, encoding: Encoding, *, array: bool) -> Iterator[tuple[int, Any]]:
    if array:
        found = _loads("".join(decoded(path, encoding, 1 << 20)))
        if not isinstance(found, list):
            raise FileRefused(
                path.name, "not_a_table", "this is not valid JSON: the array breaks off or is wrong."
            )
        yield from enumerate(found, start=1)
        return
    lines = Lines(path.name, decoded(path, encoding, 1 << 20))
    for line in lines:
        if text := line.strip():
            yield lines.number, _loads(text)


def _loads(text: str) -> Any:
    """The value, or None for what is not JSON (NaN and endless numbers are not)."""
    try:
        value = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if _depth_is_bearable(value) else None


def _depth_is_bearable(value: Any) -> bool:
    """Whether nested values can be written as text again, which takes a call for each level."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(_DEEPEST):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, dict | list)
        ]
        if not level:
            return True
    return False


class _Number(str):
    """A number as it is written, in plain decimals."""

    __slots__ = ()


def _number(text: str) -> _Number:
    if "e" in text or "E" in text:
        try:
            value = Decimal(text)
        except InvalidOperation:  # an exponent beyond all bounds
            raise ValueError(text) from None
        if abs(value.adjusted()) > _LONGEST_NUMBER:
            raise ValueError(text)
        text = format(value, "f")
    return _Number(text.rstrip("0").rstrip(".") if "." in text else text)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _cell(value: Any) -> Value:
    if value is None or value == "":
        return None
    if isinstance(value, _Number):
        return Cell(str(value), Kind.NUMBER)
    if isinstance(value, bool):
        return Cell("true" if value else "false", Kind.BOOLEAN)
    if isinstance(value, str):
        return value
    return _text(value)


def _text(value: Any) -> str:
    """JSON text of a nested value, its numbers with all their digits."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_text(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
