"""A partner file as a step of a flow whose rows become records of any object, by upsert on the mapping's key.

``importing`` does the same for files of any size that belong to no flow; both pass the same tests.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.engine.files import FileStep, map_table, refused
from sfsync.engine.flow import Decision, FileRows, Look
from sfsync.errors import ConfigError
from sfsync.languages.reason import Reason
from sfsync.records import Bucket, Create, Record, Update, changed
from sfsync.salesforce.soql import chunks, name

if TYPE_CHECKING:
    from sfsync.mapping.plan import Lookup
    from sfsync.mapping.rows import MappedRow


@dataclass(frozen=True, slots=True)
class Found:
    """The rows, with what they link to looked up, and the records that have their keys."""

    rows: Sequence["MappedRow"]
    records: Mapping[str, Record]
    first: Mapping[str, int]
    """Key → number of the first row that has it."""


class UpsertRows(FileStep[Found]):
    """Compares every row with the record that has its key; writes only what differs."""

    name = "import"
    about = "Rows become records, by upsert on their key."

    def __init__(self, file: FileRows) -> None:
        super().__init__(file)
        mapping = file.bound.mapping
        if not mapping.key:
            raise ConfigError(
                f"The mapping {mapping.mapping} has no key, so its rows cannot be imported safely.",
                hint="Add `key:` with the external-id field of the object.",
            )
        self._object = name(mapping.object)
        self._key = name(mapping.key)
        self._creates = mapping.operation != "update"
        self._links = {
            field: f"{field}.{rule.lookup.partition('.')[2]}"
            for field, rule in mapping.fields.items()
            if rule.lookup and not rule.take
        }

    def select(self, look: Look, expected: Sequence[Any]) -> Found:
        rows = self._linked(look)
        sound = [row for row in rows if row.problem is None and row.key]
        if not sound:
            return Found(rows, {}, {})
        first: dict[str, int] = {}
        for row in sound:
            first.setdefault(str(row.values[self._key]), row.number)
        # A parent linked by its key is asked for as ``Order.Sfsync_Key__c``.
        fields = sorted({"Id", self._key, *(self._links.get(field, field) for field in sound[0].values)})
        soql = f"SELECT {', '.join(fields)} FROM {self._object} WHERE {{}}"
        pages = look.org.query_many(chunks(soql, self._key, [row.values[self._key] for row in sound]))
        records = {str(record[self._key]): record for page in pages for record in page}
        return Found(rows, records, first)

    def rows(self, selected: Found) -> Sequence["MappedRow"]:
        return selected.rows

    def decide_row(self, row: "MappedRow", selected: Found) -> Decision:
        if not row.key:
            return refused(row, Bucket.INVALID, Reason("no_key", "the row has no key"), "")
        key = str(row.values[self._key])
        if selected.first[key] != row.number:
            reason = Reason("same_key", "row {row} has the same key", row=selected.first[key])
            return refused(row, Bucket.DUPLICATE, reason, "")
        desired = {field: value for field, value in row.values.items() if field != self._key}
        existing = selected.records.get(key)
        if existing is None and not self._creates:
            reason = Reason("no_record", "no {object} has this key", object=self._object)
            return refused(row, Bucket.NOT_FOUND, reason, "")
        if existing is None:
            filled = {field: value for field, value in desired.items() if value is not None}
            return Decision(key, number=row.number, phases=((Create(self._object, key, filled, self._key),),))
        values = changed(desired, existing)
        if not values:
            return Decision(key, Bucket.UNCHANGED, number=row.number)
        before = {field: existing.get(field) for field in values}
        update = Update(self._object, existing["Id"], values, before)
        return Decision(key, number=row.number, phases=((update,),))

    def _linked(self, look: Look) -> Sequence["MappedRow"]:
        """The rows, mapped again with what the mapping looks up in the org; a value not found breaks its row."""
        lookups = self.file.bound.lookups
        if not lookups:
            return self.file.rows
        found = {lookup: dict(self._look_up(look, lookup)) for lookup in lookups}
        return map_table(self.file.bound, self.file.table, found)

    def _look_up(self, look: Look, lookup: "Lookup") -> Iterator[tuple[str, Any]]:
        values = sorted({row.named[lookup.name] for row in self.file.rows if row.named.get(lookup.name)})
        soql = f"SELECT {name(lookup.field)}, {name(lookup.take)} FROM {name(lookup.object)} WHERE {{}}"
        for page in look.org.query_many(chunks(soql, lookup.field, values)):
            for record in page:
                yield record[lookup.field], record[lookup.take]
