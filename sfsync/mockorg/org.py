"""The mock org in plain Python: records, queries, lead conversion, describe. The HTTP surface stands on it."""

# ruff: noqa: A002 - ``object`` and ``id`` are the platform's words

from collections.abc import Sequence
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

from sfsync.mockorg import bootstrap, ids, problems
from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.columns import Values
from sfsync.mockorg.coming import Coming
from sfsync.mockorg.convert import LeadConvert, LeadConverted, LeadConverter
from sfsync.mockorg.definitions import Definitions
from sfsync.mockorg.describe import Describer
from sfsync.mockorg.dml import Dml
from sfsync.mockorg.formula_columns import FormulaColumns
from sfsync.mockorg.lock import FairLock
from sfsync.mockorg.metadata import load
from sfsync.mockorg.present import record, shown
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.quirks import Quirks
from sfsync.mockorg.rules.base import DmlOptions
from sfsync.mockorg.schema import ObjectDef, Schema
from sfsync.mockorg.soql.compile import Compiler
from sfsync.mockorg.soql.parse import parse
from sfsync.mockorg.soql.run import QueryResult
from sfsync.mockorg.store import Row, Store, Transaction, quoted

__all__ = ["DmlOptions", "LeadConvert", "LeadConverted", "OrgCore", "QueryResult", "Refused", "Transaction"]

_DEFAULTS = DmlOptions()
API_VERSION = "62.0"


class OrgCore:
    """One org. Not safe for threads by itself: hold ``lock`` around a request.

    ``metadata``: folders in Salesforce source format. ``data``: an SQLite file, or None to live in memory.
    Methods that write raise Refused, and then nothing was written.
    """

    def __init__(
        self,
        *,
        metadata: Sequence[Path] = (),
        data: Path | None = None,
        clock: MockClock | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        self.lock = FairLock()
        self.clock = clock or MockClock()
        self._metadata = load(metadata)
        self.schema: Schema = self._metadata.schema
        self.store = Store(self.schema, data)
        self.organization_id = ids.make("00D", 1)
        self.user_id = ids.make("005", 1)
        self._dml = Dml(
            self.store, self.schema, self.clock, self.user_id, quirks=quirks, book=self._metadata.rules
        )
        self._definitions = Definitions(self.store, self.schema)
        self.store.define("formula", FormulaColumns(self.schema, self.clock).value)
        self.store.define("shown", shown)
        self._converter = LeadConverter(self._dml, self._metadata.conversions)
        self._describer = Describer(self.schema, self._record_types)
        if self.store.row("Organization", self.organization_id) is None:
            with self.store.transaction():
                bootstrap.fill(self._dml, self._metadata)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the metadata holds that the mock org cannot do, a sentence each."""
        return tuple(self._metadata.rules.warnings)

    def _record_types(self, object_name: str) -> list[Row]:
        where = '"SobjectType" = ? AND IsDeleted = 0 ORDER BY "DeveloperName"'
        return self.store.rows("RecordType", where, (object_name,))

    def close(self) -> None:
        """Close the data file."""
        self.store.close()

    def snapshot(self) -> bytes:
        """All records as they are now, for ``restore``."""
        with self.lock:
            return self.store.dump()

    def restore(self, snapshot: bytes) -> None:
        """Back to a snapshot of this org; only for an org in memory."""
        with self.lock:
            self.store.load(snapshot)
            self._definitions.forget()
            self._dml.reset()

    def reset(self) -> None:
        """Back to the first day: only what every org holds."""
        with self.lock, self.store.transaction():
            self.store.empty()
            self._definitions.forget()
            self._dml.reset()
            bootstrap.fill(self._dml, self._metadata)

    def transaction(self, *, lasting: bool = False) -> Transaction:
        """All or nothing for several writes; nests. An exception, or ``rollback()`` on it, undoes. A ``lasting`` one
        is in the data file from the next other transaction, or from ``store.keep()``, on.
        """
        return self.store.transaction(lasting=lasting)

    def object(self, name: str) -> ObjectDef:
        """The object of that name in any case; raises Refused NOT_FOUND (404)."""
        thing = self.schema.objects.get(name)
        if thing is None:
            raise problems.no_such_object()
        return thing

    def insert(self, object: str, values: Values, *, options: DmlOptions = _DEFAULTS) -> str:
        """Create a record; its 18-character id."""
        return self._dml.insert(object, values, options)

    def update(self, object: str, id: str, values: Values, *, options: DmlOptions = _DEFAULTS) -> None:
        """Change fields of a record; null clears, absent leaves."""
        self._dml.update(object, id, values, options)

    def upsert(
        self,
        object: str,
        key_field: str,
        key: Any,
        values: Values,
        *,
        options: DmlOptions = _DEFAULTS,
    ) -> tuple[str, bool]:
        """Create or change the record whose external id is ``key``: its id, and whether it was created.

        ``Id`` is a key field too: null creates. Raises MultipleMatches when several records have the key.
        """
        return self._dml.upsert(object, key_field, key, values, options)

    def look_ahead(self, object: str, coming: Coming) -> None:
        """Read in one go what writing these records will ask for; inside ``store.ahead.looking()``."""
        self._dml.look_ahead(object, coming)

    def delete(self, object: str, id: str) -> None:
        """Move a record to the recycle bin, with the records that go with it."""
        self._dml.delete(object, id)

    def undelete(self, object: str, id: str) -> None:
        """Take a record out of the recycle bin, with what went with it."""
        self._dml.undelete(object, id)

    def purge(self, object: str, id: str) -> None:
        """Delete a record for good; only ``deleted`` still tells of it."""
        self._dml.purge(object, id)

    def updated(self, object: str, start: str, end: str) -> list[str]:
        """Ids of the live records changed in a span of stamps, the end excluded."""
        sql = f'SELECT Id FROM {quoted(self.object(object).name)} WHERE IsDeleted = 0 AND "SystemModstamp" >= ? '
        return [
            row[0] for row in self.store.select(f'{sql}AND "SystemModstamp" < ? ORDER BY Id', (start, end))
        ]

    def deleted(self, object: str, start: str, end: str) -> list[tuple[str, str]]:
        """Ids of the records deleted in a span of stamps, and when; purged ones too."""
        sql = f'SELECT Id, "SystemModstamp" FROM {quoted(self.object(object).name)} WHERE IsDeleted > 0 '
        sql += 'AND "SystemModstamp" >= ? AND "SystemModstamp" < ? ORDER BY Id'
        return [(row[0], row[1]) for row in self.store.select(sql, (start, end))]

    def read(
        self,
        object: str,
        id: str,
        fields: Sequence[str] | None = None,
        *,
        version: str = API_VERSION,
    ) -> dict[str, Any]:
        """A record as a REST body with all fields or those named; raises Refused (404, or 400 for a bad field)."""
        thing = self.object(object)
        known = ids.normalise(id)
        row = self.store.row(thing.name, known) if known else None
        if row is None:
            raise problems.not_found()
        if row["IsDeleted"]:
            raise problems.deleted()
        chosen = list(thing.fields.values())
        if fields is not None:
            chosen = []
            for name in fields:
                found = thing.fields.get(name.strip())
                if found is None:
                    raise problems.no_such_field(thing.name, name.strip())
                chosen.append(found)
        body = record(thing, row, chosen, version)
        if formulas := [each.name for each in chosen if each.formula]:
            soql = f"SELECT {', '.join(formulas)} FROM {thing.name} WHERE Id = '{row['Id']}'"
            worked_out = self.query(soql).rows()[0]
            body |= {name: worked_out[name] for name in formulas}
        return body

    def blob(self, object: str, id: str, field: str) -> bytes:
        """The bytes of a base64 field such as ContentVersion.VersionData; raises Refused (404)."""
        thing = self.object(object)
        found = thing.fields.get(field)
        known = ids.normalise(id)
        row = self.store.row(thing.name, known) if known else None
        if row is None or found is None or found.type != "base64" or row["IsDeleted"]:
            raise problems.not_found()
        return row[found.name] or b""

    def find(self, object: str, field: str, value: Any) -> list[str]:
        """Ids of the live records (at most 200) whose ``field`` is ``value``."""
        thing = self.object(object)
        found = thing.fields.get(field)
        if found is None:
            raise problems.no_such_field(thing.name, field)
        return self.store.find(thing.name, found.name, value)

    def count(self, object_name: str) -> int:
        """How many live records an object has; also of objects that may not be listed."""
        self._definitions.serve(object_name)
        return self.store.count(object_name)

    def query(self, soql: str, *, all_rows: bool = False, version: str = API_VERSION) -> QueryResult:
        """Run a query; ``all_rows`` includes the recycle bin. Raises Refused with the org's text and place."""
        compiler = Compiler(
            self.schema, self.clock.today(), self.user_id, all_rows, float(version), self._dml.world.quirks
        )
        try:
            parsed = parse(soql)
            self._definitions.serve(parsed.object)
            return QueryResult(self.store, compiler.compile(parsed, soql))
        except (RecursionError, OperationalError) as error:
            # SQLite says "parser stack overflow" or "Expression tree is too large"; anything else is a bug of ours.
            if isinstance(error, OperationalError) and not {"overflow", "large"} & set(str(error).split()):
                raise
            raise Refused(
                "QUERY_TOO_COMPLICATED", "The conditions of the query are nested too deeply"
            ) from None

    def convert_lead(self, request: LeadConvert) -> LeadConverted:
        """Convert one lead, entirely or not at all."""
        return self._converter.convert(request)

    def describe(self, object: str, *, version: str = API_VERSION) -> dict[str, Any]:
        """The describe of an object as REST gives it; raises Refused NOT_FOUND (404)."""
        return self._describer.describe(self.object(object), version)

    def describe_global(self, *, version: str = API_VERSION) -> dict[str, Any]:
        """The list of all objects as REST gives it."""
        return self._describer.describe_global(version)
