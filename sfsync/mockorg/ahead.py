"""What is known ahead of a chunk of rows: who has their keys, and the records that they change, read in one go.

Nothing here is ever out of date: what is written is forgotten, and then looked up again where it is wanted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sfsync.mockorg.pending import Row

MOST_FOUND = 1_000
"""Records that are found for many keys at once; where there are more, each key is looked up alone."""
MOST_OF_ONE = 200
"""Records that are told of one key."""

_Known = tuple[Callable[[str], str], dict[str, list[str]]]
"""The form in which equal texts are the same, and the ids by text in that form."""
_NOTHING: _Known = (str, {})
_FIND = Callable[[str, str, Sequence[str]], Iterable[tuple[str, str]]]


class Ahead:
    """Answers of the store that were read before they are asked for, while a ``with looking():`` lasts."""

    def __init__(
        self,
        find: _FIND,
        read: Callable[[str, Sequence[str]], Iterable[Row]],
        folds: Callable[[str, str], bool],
    ) -> None:
        self._folds = folds
        self._find = find
        self._read = read
        self._ids: dict[tuple[str, str], _Known] = {}
        self._rows: dict[tuple[str, str], Row] = {}

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Inside, what is looked up ahead is kept; it must be inside one transaction."""
        try:
            yield
        finally:
            self.forget()

    def forget(self, object_name: str = "") -> None:
        """Know nothing any more, or nothing of an object."""
        if not object_name:
            self._ids.clear()
            self._rows.clear()
            return
        self._ids = {name: known for name, known in self._ids.items() if name[0] != object_name}
        if any(name == object_name for name, _ in self._rows):
            self._rows = {name: row for name, row in self._rows.items() if name[0] != object_name}

    def keys(self, object_name: str, field: str, values: Iterable[Any]) -> list[str]:
        """Look up whose these values of a field are; the ids found. Text beyond ASCII is left to ``Store.find``."""
        one = str.lower if self._folds(object_name, field) else str
        wanted = {one(value): value for value in values if type(value) is str and value.isascii()}
        if not wanted:
            return []
        known: dict[str, list[str]] = {value: [] for value in wanted}
        found = list(self._find(object_name, field, list(wanted.values())))
        if len(found) == MOST_FOUND:
            return []
        for value, record_id in found:
            known[one(value)].append(record_id)
        self._ids[object_name, field] = (one, known)
        return [record_id for _, record_id in found]

    def records(self, object_name: str, ids: Sequence[str]) -> None:
        """Read records, each for the next one who asks for it."""
        if ids:
            self._rows |= {(object_name, row["Id"]): row for row in self._read(object_name, ids)}

    def ids(self, object_name: str, field: str, value: Any) -> list[str] | None:
        """Ids of the live records with the value, oldest first; None when that is not known."""
        if not self._ids or type(value) is not str:
            return None
        one, known = self._ids.get((object_name, field), _NOTHING)
        found = known.get(one(value))
        return None if found is None else found[:MOST_OF_ONE]

    def row(self, object_name: str, record_id: str) -> Row | None:
        """A record, once; None when it is not known."""
        return self._rows.pop((object_name, record_id), None) if self._rows else None

    def inserted(self, object_name: str, row: Row) -> None:
        """A record is new: nobody knows any more whose its values are."""
        for (name, field), (one, known) in self._ids.items():
            if name == object_name and type(value := row.get(field)) is str:
                known.pop(one(value), None)

    def updated(self, object_name: str, record_id: str, changes: Mapping[str, Any]) -> None:
        """A record has changed."""
        self._rows.pop((object_name, record_id), None)
        for name, field in list(self._ids):
            if name == object_name and (field in changes or "IsDeleted" in changes):
                del self._ids[name, field]
