"""The generic import: rows of any table become records of any object, by upsert on the mapping's key."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sfsync.engine.files import FileStep
from sfsync.engine.flow import Decision, FileRows, Look
from sfsync.errors import ConfigError
from sfsync.records import Bucket, Create, Record, Update, changed
from sfsync.salesforce.soql import chunks

if TYPE_CHECKING:
    from sfsync.mapping.rows import MappedRow


class UpsertRows(FileStep[Mapping[str, Record]]):
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
        self._object = str(mapping.object)
        self._key = str(mapping.key)

    def select(self, look: Look, expected: Sequence[Any]) -> Mapping[str, Record]:
        sound = [row for row in self.file.rows if row.problem is None]
        if not sound:
            return {}
        names = sorted({"Id", self._key, *sound[0].values})
        soql = f"SELECT {', '.join(names)} FROM {self._object} WHERE {{}}"
        pages = look.org.query_many(chunks(soql, self._key, sorted({str(row.key) for row in sound})))
        return {str(record[self._key]): record for page in pages for record in page}

    def decide_row(self, row: "MappedRow", selected: Mapping[str, Record]) -> Decision:
        key = str(row.key)
        desired = {name: value for name, value in row.values.items() if name != self._key}
        existing = selected.get(key)
        if existing is None:
            filled = {name: value for name, value in desired.items() if value is not None}
            return Decision(key, number=row.number, phases=((Create(self._object, key, filled, self._key),),))
        values = changed(desired, existing)
        if not values:
            return Decision(key, Bucket.UNCHANGED, number=row.number)
        before = {name: existing.get(name) for name in values}
        return Decision(
            key, number=row.number, phases=((Update(self._object, existing["Id"], values, before),),)
        )
