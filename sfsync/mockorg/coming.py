"""What writing a chunk of records will ask the store, asked in one go before the first of them is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfsync.mockorg import ids
from sfsync.mockorg.ahead import Ahead
from sfsync.mockorg.columns import Ready
from sfsync.mockorg.prepared import Prepared
from sfsync.mockorg.problems import Refused


@dataclass(frozen=True, slots=True)
class Coming:
    """Records of one object that are to be written."""

    values: Sequence[Ready]
    key_field: str = ""
    """The field that an upsert finds them by, and their texts in it."""
    keys: Sequence[str] = ()
    record_ids: Sequence[str] = ()
    """Of those that are there already, when they are named by their ids."""

    def look(self, own: Prepared, prepared: Mapping[str, Prepared], ahead: Ahead) -> None:
        """Look up who has their keys, unique values and parents' keys, and read the records that are there."""
        name = own.thing.name
        there = [known for each in self.record_ids if (known := ids.normalise(each))]
        if self.keys:
            there += ahead.keys(name, self.key_field, _stored(own, self.key_field, self.keys))
        ahead.records(name, there)
        for field in own.unique:
            if field != self.key_field:
                ahead.keys(name, field, [each.fields.get(field) for each in self.values])
        for (relation, field), texts in self._parents().items():
            for target in own.relationships[relation.lower()].reference_to:
                one = prepared[target].thing.fields.get(field) if target in prepared else None
                if one is not None:
                    ahead.keys(target, one.name, _stored(prepared[target], one.name, texts))

    def _parents(self) -> dict[tuple[str, str], list[Any]]:
        """The texts of parents' keys, by relationship and field."""
        found: dict[tuple[str, str], list[Any]] = {}
        for each in self.values:
            for relation, parent in (each.parents or {}).items():
                field = list(parent)[-1]  # before it the type of the parent may stand
                found.setdefault((relation, field), []).append(parent[field])
        return found


def _stored(prepared: Prepared, field: str, texts: Iterable[str]) -> Iterator[Any]:
    """Texts as they are stored, but those that are refused."""
    _, convert = prepared.converters[field.lower()]
    for text in texts:
        try:
            yield convert(text, True)
        except Refused:
            continue
