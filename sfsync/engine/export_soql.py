"""A SOQL query of an export's own: which columns it gives, and of which object. Pure; the org checks the rest.

Only the query's outline is read: what stands between SELECT and FROM, the object, and where ORDER BY, LIMIT and
OFFSET begin. Source: SOQL and SOSL Reference, "SOQL SELECT Syntax", "Aggregate Functions", "Date Functions".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|[\w.]+|[(),;]|[^\s\w'(),;]+|\S")
_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
_NAME = re.compile(r"[A-Za-z]\w*")

_COUNTED = {"count", "count_distinct", "grouping"}
_SUMMED = {"sum", "avg"}
_AS_THEY_ARE = {"min", "max"}
_SHOWN = {"tolabel": "string", "format": "string", "convertcurrency": "currency"}
"""Functions that show a field otherwise, under its own name where they are given no other."""
_PART_OF_A_DATE = re.compile(r"(calendar|fiscal|day|week|hour)_(year|quarter|month|in_(year|month|week|day))")
_ENDS = {"order", "limit", "offset", "for"}
"""What may follow the conditions; a count of the rows leaves it out."""
_CLAUSES = _ENDS | {"where", "group", "having", "with", "using"}


@dataclass(frozen=True, slots=True)
class Selected:
    """One column of a query: its ``name`` in a record, and the ``type`` of its values.

    Without a type it has that of the ``field`` that it is made from.
    """

    name: str
    field: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A query and its outline."""

    text: str
    object: str
    columns: tuple[Selected, ...]
    conditions: str
    """From FROM to the end of its conditions."""
    limit: int | None
    few: bool
    """Whether it gives groups or a page, which only REST can, and at most 2,000 rows."""

    def column(self, name: str) -> Selected | None:
        return next((one for one in self.columns if one.name.casefold() == name.casefold()), None)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    depth: int

    @property
    def low(self) -> str:
        return self.text.casefold()


def read_query(text: str) -> Query:
    """The outline of a query. Raises ValueError, in words, for what cannot become columns of a file."""
    text = text.strip().removesuffix(";").rstrip()
    words = list(_words(text))
    top = [word for word in words if not word.depth]
    if not top or top[0].low != "select":
        raise ValueError("a query that begins with SELECT is expected")
    if any(word.text == ";" for word in words):
        raise ValueError("one query is expected, without a semicolon")
    begin = next((word for word in top if word.low == "from"), None)
    if begin is None:
        raise ValueError("FROM is missing")
    after = [word for word in top if word.start > begin.start]
    if not after or not _NAME.fullmatch(after[0].text) or (after[1:] and after[1].low not in _CLAUSES):
        raise ValueError("the API name of one object is expected after FROM, without a name of its own")
    clauses = [word for word in after[1:] if word.low in _CLAUSES]
    end = next((word.start for word in clauses if word.low in _ENDS), len(text))
    grouped = any(word.low == "group" for word in clauses)
    selected = words[1 : words.index(begin)]
    columns = tuple(_selected(text, part, grouped=grouped) for part in _parts(selected))
    names = [column.name.casefold() for column in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two columns of the query are called {twice!r}")
    few = (
        grouped
        or any(word.low == "offset" for word in clauses)
        or any(_is_sum(part) for part in _parts(selected))
    )
    return Query(text, after[0].text, columns, text[begin.start : end].rstrip(), _limit(after), few)


def _words(text: str) -> Iterator[_Word]:
    depth = 0
    for found in _TOKEN.finditer(text):
        if found[0] == ")":
            depth -= 1
        yield _Word(found[0], found.start(), depth)
        if found[0] == "(":
            depth += 1
    if depth:
        raise ValueError("a parenthesis is not closed, or closed twice")


def _parts(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """What stands between the commas of the SELECT list."""
    part: list[_Word] = []
    for word in words:
        if word.text == "," and not word.depth:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _is_sum(part: Sequence[_Word]) -> bool:
    """Whether a part is an aggregate: the query then gives one row, or one for each group."""
    return len(part) > 1 and part[1].text == "(" and part[0].low in _COUNTED | _SUMMED | _AS_THEY_ARE


def _selected(text: str, part: Sequence[_Word], *, grouped: bool) -> Selected:
    """One column of the SELECT list. Raises ValueError for what is none."""
    if not part:
        raise ValueError("a field is missing beside a comma")
    said = " ".join(text[part[0].start : part[-1].start + len(part[-1].text)].split())
    if part[0].text == "(":
        raise ValueError(
            f"{said}: a sub-query gives several rows for one; make an export of that object instead"
        )
    if part[0].low in {"typeof", "fields"}:
        raise ValueError(f"{part[0].text}: the fields are expected one by one")
    alias = part[-1] if len(part) > 1 and not part[-1].depth and _NAME.fullmatch(part[-1].text) else None
    inner = list(part[:-1]) if alias else list(part)
    if len(inner) == 1 and _PATH.fullmatch(inner[0].text):
        return _field(inner[0].text, alias, grouped=grouped)
    if len(inner) > 2 and inner[1].text == "(" and inner[-1].text == ")":  # NAME ( … )
        return _function(said, inner, alias)
    raise ValueError(f"{said} is no field")


def _field(path: str, alias: _Word | None, *, grouped: bool) -> Selected:
    if alias is None and grouped and "." in path:
        short = path.rpartition(".")[2]
        raise ValueError(
            f"{path} needs a name of its own in a query with GROUP BY, such as {path} {short.lower()}1"
        )
    if alias is not None and not grouped:
        raise ValueError(
            f"{path} {alias.text}: a field has another name in queries with GROUP BY only; use columns:"
        )
    return Selected(alias.text if alias else path, path)


def _function(said: str, inner: Sequence[_Word], alias: _Word | None) -> Selected:
    function = inner[0].low
    paths = [word.text for word in inner[2:-1] if _PATH.fullmatch(word.text)]
    if not paths:
        raise ValueError(f"{said} is no field; rows are counted by COUNT(Id) total")
    field = paths[0]
    if function in _SHOWN:
        return Selected(alias.text if alias else field, field, _SHOWN[function])
    if alias is None:
        raise ValueError(f"{said} needs a name of its own, such as {said} total")
    if function in _AS_THEY_ARE:
        return Selected(alias.text, field)
    if function in _COUNTED:
        return Selected(alias.text, field, "int")
    if function in _SUMMED:
        return Selected(alias.text, field, "double")
    if _PART_OF_A_DATE.fullmatch(function):
        return Selected(alias.text, paths[-1], "int")  # there may be a convertTimezone around the field
    return Selected(alias.text, type="date" if function == "day_only" else "string")


def _limit(words: Sequence[_Word]) -> int | None:
    for word, following in pairwise(words):
        if word.low == "limit" and following.text.isdigit():
            return int(following.text)
    return None
