"""Recordings as YAML that people read: one entry an exchange, bodies as values."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from sfsync.mockorg.exchanges.exchange import Body, Exchange, RecordingError

FORMAT = 1
_PLAIN = re.compile(r"[A-Za-z0-9~+-][\w .@/+~-]*", re.ASCII)
"""Cells that need no quotes for their first characters; what looks like a number or a word of YAML gets them."""
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_KINDS = ("json", "csv", "form", "xml", "soql", "text", "omitted")
_ENTRY = frozenset({"method", "path", "query", "request", "status", "answer"})


def dump(exchanges: Sequence[Exchange], about: str = "") -> str:
    """Write a recording."""
    from ruamel.yaml import YAML
    from ruamel.yaml.emitter import Emitter

    class Unbroken(Emitter):
        """Keeps a quoted text on its line: broken after an escaped character, it would be read with a blank there."""

        def write_double_quoted(self, text: Any, split: Any = True) -> None:
            super().write_double_quoted(text, split=False)

    yaml = YAML()
    yaml.Emitter = Unbroken
    yaml.width = 118
    yaml.representer.ignore_aliases = lambda _: True  # a value that stands twice is written twice
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=2, offset=0)
    top: dict[str, Any] = {"recording": FORMAT}
    if about:
        top["about"] = about
    top["exchanges"] = [_plain(_entry(each)) for each in exchanges]
    out = io.StringIO()
    yaml.dump(top, out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    """The value with texts quoted in which the library would take a character for the end of a line."""
    from ruamel.yaml.comments import CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        return {_plain(name): _plain(each) for name, each in value.items()}
    if isinstance(value, CommentedSeq):
        for place, each in enumerate(value):
            value[place] = _plain(each)
        return value
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and _LINE_ENDS.search(value) else value


def _entry(each: Exchange) -> dict[str, Any]:
    entry: dict[str, Any] = {"method": each.method, "path": each.path}
    if each.query:
        entry["query"] = _query(each.query)
    request = _side(each.headers, each.body)
    if request:
        entry["request"] = request
    entry["status"] = each.status
    answer = _side(each.answer_headers, each.answer)
    if answer:
        entry["answer"] = answer
    return entry


def _query(pairs: Sequence[tuple[str, str]]) -> Any:
    names = [name for name, _ in pairs]
    return dict(pairs) if len(set(names)) == len(names) else [list(pair) for pair in pairs]


def _side(headers: Mapping[str, str], body: Body) -> dict[str, Any]:
    side: dict[str, Any] = {}
    if headers:
        side["headers"] = dict(headers)
    if body.kind == "none":
        return side
    if body.delimiter != ",":
        side["delimiter"] = body.delimiter
    if body.line_end != "LF":
        side["line_end"] = body.line_end
    side[body.kind] = [_line(row) for row in body.value] if body.kind == "csv" else _block(body.value)
    return side


def _line(row: Sequence[str]) -> Any:
    from ruamel.yaml.comments import CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    line = CommentedSeq([cell if _PLAIN.fullmatch(cell) else DoubleQuotedScalarString(cell) for cell in row])
    line.fa.set_flow_style()
    return line


def _block(value: Any) -> Any:
    """A text of several lines as a block of lines, where YAML can write it so."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    plain = isinstance(value, str) and "\n" in value and value.isprintable() is False
    if plain and all(line == line.rstrip() and line.isprintable() for line in value.split("\n")):
        return LiteralScalarString(value)
    return value


def load(text: str, name: str = "the recording") -> tuple[str, list[Exchange]]:
    """Read a recording: what it is about, and its exchanges.

    Raises:
        RecordingError: it is not one; the text says where.

    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        top = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise RecordingError(f"{name} is not YAML: {' '.join(str(error).split())}") from None
    if (
        not isinstance(top, dict)
        or top.get("recording") != FORMAT
        or not isinstance(top.get("exchanges"), list)
    ):
        raise RecordingError(
            f"{name} is not a recording: it must begin with `recording: {FORMAT}`, then `exchanges:`."
        )
    exchanges = [
        _exchange(entry, f"{name}, exchange {number}") for number, entry in enumerate(top["exchanges"], 1)
    ]
    return str(top.get("about") or ""), exchanges


def _exchange(entry: Any, where: str) -> Exchange:
    if not isinstance(entry, dict):
        raise RecordingError(f"{where} is not a mapping.")
    if strange := sorted(map(str, set(entry) - _ENTRY)):
        raise RecordingError(f"{where} has {', '.join(strange)}; it may have {', '.join(sorted(_ENTRY))}.")
    method, path, status = entry.get("method"), entry.get("path"), entry.get("status")
    if not isinstance(method, str) or not isinstance(path, str) or not isinstance(status, int):
        raise RecordingError(f"{where} needs method, path and a status that is a number.")
    headers, body = _read_side(entry.get("request"), f"{where}, request")
    answer_headers, answer = _read_side(entry.get("answer"), f"{where}, answer")
    return Exchange(
        method.upper(),
        path,
        status,
        _read_query(entry.get("query"), where),
        headers,
        body,
        answer_headers,
        answer,
    )


def _read_query(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    pairs = list(value.items()) if isinstance(value, dict) else value or []
    try:
        return tuple((str(name), str(text)) for name, text in pairs)
    except (TypeError, ValueError):
        raise RecordingError(f"{where}: query is neither a mapping nor a list of pairs.") from None


def _read_side(side: Any, where: str) -> tuple[dict[str, str], Body]:
    if side is None:
        return {}, Body()
    if not isinstance(side, dict):
        raise RecordingError(f"{where} is not a mapping.")
    headers = side.get("headers") or {}
    if not isinstance(headers, dict):
        raise RecordingError(f"{where}: headers are not a mapping.")
    kinds = [kind for kind in _KINDS if kind in side]
    if len(kinds) > 1:
        raise RecordingError(f"{where} has several bodies: {', '.join(kinds)}.")
    named = {str(name): str(value) for name, value in headers.items()}
    if not kinds:
        return named, Body()
    kind = kinds[0]
    value = side[kind]
    if kind == "csv":
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise RecordingError(f"{where}: csv is a list of rows, each a list of texts.")
        value = [["" if cell is None else str(cell) for cell in row] for row in value]
    elif kind == "form" and not isinstance(value, dict):
        raise RecordingError(f"{where}: form is a mapping.")
    elif kind in {"xml", "soql", "text"}:
        value = str(value)
    return named, Body(kind, value, str(side.get("delimiter", ",")), str(side.get("line_end", "LF")))


def decoded(path: str) -> str:
    """A path as people write it, for comparing."""
    return unquote(path).rstrip("/") or "/"
