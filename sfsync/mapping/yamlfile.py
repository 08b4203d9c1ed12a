"""Reads a YAML 1.2 file into plain values and remembers the line of every key and value.

The file is composed into nodes and walked here: no object of the file's choosing is ever built, and a file whose
aliases multiply (a "YAML bomb") stops at a limit instead of filling the memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from sfsync.errors import ConfigError, Problem

Place = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top of the file."""

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 30
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The plain value of a file, with the 1-based line of every place in it."""

    name: str
    value: Any
    lines: Mapping[Place, int] = field(default_factory=dict)
    files: Mapping[Place, str] = field(default_factory=dict)
    """The name of the file where it is another's: a mapping takes things over from those that it extends."""

    def line(self, path: Place) -> int:
        """The line of ``path``, or of the nearest thing around it that is in the file."""
        return self.at(path)[1]

    def at(self, path: Place) -> tuple[str, int]:
        """The file and the line of ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.files.get(path, self.name), self.lines.get(path, 1)


def read_yaml(path: Path) -> YamlFile:
    """Read ``path``; raises ConfigError for a file that is absent, unreadable, or no YAML of plain values."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    return parse_yaml(raw, str(path))


def parse_yaml(raw: bytes, name: str) -> YamlFile:
    """Parse the bytes of a YAML file called ``name``; raises ConfigError as ``read_yaml`` does."""
    if len(raw) > MAX_BYTES:
        raise _refused(name, 1, f"The file has {len(raw):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refused(name, line, "The file is not UTF-8 text.", "Save it as UTF-8.") from None
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(error.problem or error.context or "not valid YAML").split())
        line = mark.line + 1 if mark else 1
        raise _refused(name, line, f"Not valid YAML: {said}.", _mended(error, line)) from None
    except YAMLError as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else "not valid YAML"
        raise _refused(name, 1, f"Not valid YAML: {said}.") from None
    except RecursionError:
        raise _refused(name, 1, f"The file nests deeper than {MAX_DEPTH} levels.") from None
    if node is None:
        raise _refused(name, 1, "The file is empty.")
    walk = _Walk(name)
    value = walk.plain(node, (), 0)
    if walk.problems:
        raise ConfigError(f"{name} is not a usable YAML file.", problems=walk.problems)
    return YamlFile(name, value, walk.lines)


def _refused(name: str, line: int, message: str, suggestion: str = "") -> ConfigError:
    return ConfigError(f"{name} cannot be used.", problems=[Problem(name, line, message, suggestion)])


def _mended(error: MarkedYAMLError, line: int) -> str:
    """What people mostly did, by what the parser stumbled over."""
    if "\\t" in str(error.problem):
        return "Indent with blanks, not with tabs."
    begun = error.context_mark.line + 1 if error.context_mark else line
    if begun < line and "flow" in str(error.context):
        return f"Is the bracket or brace of line {begun} closed?"
    if begun < line and "scalar" in str(error.context):
        return f"Is the quote of line {begun} closed?"
    return ""


class _Walk:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self.nodes = 0

    def plain(self, node: Node, path: Place, depth: int) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _refused(self.name, line, f"The file has more than {MAX_NODES:,} values, aliases included.")
        if depth > MAX_DEPTH:
            raise _refused(self.name, line, f"The file nests deeper than {MAX_DEPTH} levels.")
        if isinstance(node, ScalarNode):
            return self._scalar(node, line)
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        return [self.plain(item, (*path, n), depth + 1) for n, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Place, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self.problems.append(Problem(self.name, line, "A key must be a plain word."))
                continue
            key = str(key_node.value)
            if key == "<<":
                hint = "Write the keys out; aliases (*name) of whole values are fine."
                self.problems.append(Problem(self.name, line, "Merge keys (<<) are not read.", hint))
                continue
            if key in result:
                first = self.lines[*path, key]
                text = f"The key {key!r} stands twice; it is on line {first} already."
                self.problems.append(Problem(self.name, line, text, "Keep one of them."))
                continue
            self.lines[*path, key] = line
            result[key] = self.plain(value_node, (*path, key), depth + 1)
        return result

    def _scalar(self, node: ScalarNode, line: int) -> Any:
        tag = str(node.tag)
        text = str(node.value)
        if not tag.startswith(_CORE):
            self.problems.append(
                Problem(self.name, line, f"The tag {tag} is not read.", "Write a plain value.")
            )
            return None
        match tag.removeprefix(_CORE):
            case "null":
                return None
            case "bool":
                return text.casefold() == "true"
            case "int":
                return _number(text, int)
            case "float":
                return _number(text, float)
            case "str" | "timestamp":  # a date is text here: the types of a mapping decide what it means
                return text
            case other:
                self.problems.append(
                    Problem(self.name, line, f"The tag !!{other} is not read.", "Write a plain value.")
                )
                return None


def _number(text: str, kind: type[int] | type[float]) -> int | float | str:
    """A number as YAML 1.2 writes it; a number with leading zeros stays text (a code, not an amount)."""
    digits = text.lstrip("+-")
    if kind is int and len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        return text
    try:
        return int(text, 0) if kind is int else float(text)
    except ValueError:
        return text
