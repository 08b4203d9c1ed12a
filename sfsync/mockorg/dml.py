"""Creates, changes and deletes records: checks by describe, the platform's rules, stamps, references, uniqueness."""

from collections.abc import Mapping
from typing import Any

from sfsync.mockorg import ids, problems
from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.columns import Ready, Values
from sfsync.mockorg.coming import Coming
from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.prepared import Prepared, prepare
from sfsync.mockorg.problems import MultipleMatches, Refused
from sfsync.mockorg.quirks import Quirks
from sfsync.mockorg.recycle_bin import RecycleBin
from sfsync.mockorg.rules.base import DmlOptions, World, Write
from sfsync.mockorg.rules.metadata import MASTER
from sfsync.mockorg.schema import FieldDef, ObjectDef, Schema
from sfsync.mockorg.store import Row, Store

_SPELLINGS_KEPT = 1_000


_MADE = ("CreatedDate", "CreatedById")


class Dml:
    """Writes to the store as an org would let a user write."""

    def __init__(
        self,
        store: Store,
        schema: Schema,
        clock: MockClock,
        user_id: str,
        *,
        quirks: Quirks | None = None,
        book: RuleBook | None = None,
    ) -> None:
        self.world = World(
            store, schema, clock, user_id, quirks or Quirks(), book or RuleBook(), self._create
        )
        self._store = store
        self._prepared = {name: prepare(thing, self.world.book) for name, thing in schema.objects.items()}
        self._ids = ids.IdSource(self._last_id)
        rules = {name: prepared.rules for name, prepared in self._prepared.items()}
        self._bin = RecycleBin(self.world, rules, self._back_again)

    def _create(self, object_name: str, values: Mapping[str, Any]) -> str:
        return self.insert(object_name, values, DmlOptions(system=True))

    def _last_id(self, prefix: str) -> str | None:
        newest = [self._store.last(thing.name, "Id") for thing in self.world.schema.sharing(prefix)]
        return max((each for each in newest if each), default=None)

    def reset(self) -> None:
        """Forget the numbers given, after the store was emptied."""
        self._ids.reset()
        for prepared in self._prepared.values():
            prepared.numbers.clear()

    def _open(self, object_name: str) -> Prepared:
        known = self._prepared.get(object_name)
        if known is not None:
            return known
        thing = self.world.schema.objects.get(object_name)
        if thing is None:
            raise problems.no_such_object()
        return self._prepared[thing.name]

    def insert(self, object_name: str, values: Values, options: DmlOptions, *, unused: str = "") -> str:
        """Create a record and return its id; raises Refused and then nothing is stored.

        ``unused`` is a field whose value no other record has: somebody has looked.
        """
        prepared = self._open(object_name)
        thing = prepared.thing
        if not thing.createable and not options.system:
            raise Refused(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {thing.name} does not support create"
            )
        given = self._convert(prepared, values, options, creating=True)
        with self._store.transaction():
            row = self._start(prepared, options.user_id or self.world.user_id).copy()
            row.update(_without_nulls(values, given))
            row["Id"] = record_id = self._ids.next(thing.key_prefix)
            if prepared.audited and not given.keys().isdisjoint(_MADE):
                _audit(row, given)
            for each in prepared.auto_numbers:
                row[each.name] = self._number(prepared, each)
            self._check_references(prepared, given)
            write = Write(self.world, thing, record_id, None, row, given.keys(), options)
            for before in prepared.befores:
                before(write)
            if not options.system:
                missing = [name for name in prepared.required if row.get(name) is None]
                if missing:
                    raise problems.required(missing)
            for check in prepared.checks:
                check(write)
            self._check_unique(prepared, given, None, unused)
            self._store.insert(thing.name, row)
            for after in prepared.afters:
                after(write)
        return record_id

    def _start(self, prepared: Prepared, user: str) -> Row:
        """What a record that is made now has from the beginning: defaults, an owner, stamps."""
        now = self.world.clock.stamp()
        if prepared.start[0] != user or prepared.start[1] != now:
            row = {**prepared.defaults, "SystemModstamp": now}
            if prepared.owned and not row.get("OwnerId"):
                row["OwnerId"] = user
            if prepared.audited:
                row |= {
                    "CreatedDate": now,
                    "CreatedById": user,
                    "LastModifiedDate": now,
                    "LastModifiedById": user,
                }
            prepared.start = (user, now, row)
        return prepared.start[2]

    def update(self, object_name: str, record_id: str, values: Values, options: DmlOptions) -> None:
        """Change a record; raises Refused and then nothing is changed."""
        prepared = self._open(object_name)
        old = self._existing(prepared.thing, record_id)
        given = self._convert(prepared, values, options, creating=False)
        with self._store.transaction():
            new = {**old, **given}
            record_id = old["Id"]
            self._check_references(
                prepared, {name: value for name, value in given.items() if value != old[name]}
            )
            write = Write(self.world, prepared.thing, record_id, old, new, given.keys(), options)
            for before in prepared.befores:
                before(write)
            changes = {name: value for name, value in new.items() if value != old[name]}
            missing = [name for name in prepared.required if name in given and new[name] is None]
            if missing and not options.system:
                raise problems.required(missing)
            for check in prepared.checks:
                check(write)
            self._check_unique(prepared, changes, record_id)
            now = self.world.clock.stamp()
            if prepared.audited:
                user = options.user_id or self.world.user_id
                changes = {"LastModifiedDate": now, "LastModifiedById": user, **changes}
            self._store.update(prepared.thing.name, record_id, {"SystemModstamp": now, **changes})
            for after in prepared.afters:
                after(write)

    def upsert(
        self, object_name: str, key_field: str, key: Any, values: Values, options: DmlOptions
    ) -> tuple[str, bool]:
        """Create or change the record with that key: its id, and whether it is new. MultipleMatches for several.

        ``values`` holds the other fields; the key among them is ignored (one REST route refuses it, others expect
        it), and is not among those that are ready.
        """
        prepared = self._open(object_name)
        entry = prepared.converters.get(key_field.lower())
        if entry is None or not entry[0].key:
            message = f"Provided external ID field does not exist or is not accessible: {key_field}"
            raise Refused("NOT_FOUND", message, status=404)
        one, convert = entry
        name = prepared.thing.name
        rest = values if isinstance(values, Ready) else _without(values, one.name)
        if one.name == "Id":
            if key is None or key == "":
                return self.insert(name, rest, options), True
            self.update(name, str(key), rest, options)
            return str(ids.normalise(str(key))), False
        stored = convert(key, True)
        if stored is None:
            raise Refused("MISSING_ARGUMENT", f"{one.name} not specified", fields=[one.name])
        found = self._store.find(name, one.name, stored)
        if len(found) > 1:
            raise MultipleMatches(name, one.name, found)
        if found:
            self.update(name, found[0], rest, options)
            return found[0], False
        if isinstance(rest, Ready):
            rest.fields[one.name] = stored
        else:
            rest[one.name] = stored
        return self.insert(name, rest, options, unused=one.name), True

    def look_ahead(self, object_name: str, coming: Coming) -> None:
        """Read in one go what writing these records will ask for; see ``coming.py``."""
        coming.look(self._open(object_name), self._prepared, self._store.ahead)

    def delete(self, object_name: str, record_id: str) -> None:
        """Put a record and what hangs on it into the recycle bin."""
        prepared = self._open(object_name)
        self._bin.delete(prepared.thing, self._existing(prepared.thing, record_id))

    def purge(self, object_name: str, record_id: str) -> None:
        """Delete a record for good, from the recycle bin or at once; with it goes what was deleted with it."""
        self._bin.purge(self._open(object_name).thing, record_id)

    def undelete(self, object_name: str, record_id: str) -> None:
        """Take a record out of the recycle bin, with what was deleted together with it."""
        self._bin.undelete(self._open(object_name).thing, record_id)

    def _back_again(self, thing: ObjectDef, row: Row) -> None:
        self._check_unique(self._prepared[thing.name], row, row["Id"])

    def _existing(self, thing: ObjectDef, record_id: str) -> Row:
        """The live record; refuses ids that are malformed, unknown or deleted."""
        known = ids.normalise(record_id)
        if known is None:
            raise Refused("MALFORMED_ID", f"malformed id {record_id}", status=400, fields=["Id"])
        if known[:3] != thing.key_prefix:
            raise problems.malformed_id(f"{thing.label} ID", record_id, "Id")
        row = self._store.row(thing.name, known)
        if row is None:
            raise problems.no_such_record()
        if row["IsDeleted"]:
            raise problems.deleted()
        return row

    def _convert(self, prepared: Prepared, values: Values, options: DmlOptions, *, creating: bool) -> Row:
        """The values given, by canonical field name and as they are stored."""
        closed: list[str] = []
        if isinstance(values, Ready):
            for name, parent in (values.parents or {}).items():
                self._by_key(prepared, name, parent, values.fields, closed, creating=creating)
            if closed:
                raise problems.not_writable(closed)
            return values.fields
        given: Row = {}
        from_text = options.from_text
        writable = prepared.writable[creating]
        for name, value in values.items():
            known = writable.get(name)
            if known is not None:
                given[known[0]] = known[1](value, from_text)
                continue
            entry = prepared.converters.get(name.lower())
            if entry is None:
                if name != "attributes":
                    self._by_key(prepared, name, value, given, closed, creating=creating)
                continue
            one, convert = entry
            allowed = one.createable if creating else one.updateable
            if not allowed and not (options.system and one.stored):
                if one.type == "id":
                    raise _id_in_body(creating=creating)
                closed.append(one.name)
                continue
            if allowed and len(writable) < _SPELLINGS_KEPT:
                writable[name] = (one.name, convert)
            given[one.name] = convert(value, from_text)
        if closed:
            raise problems.not_writable(closed)
        return given

    def _by_key(
        self, prepared: Prepared, name: str, value: Any, given: Row, closed: list[str], *, creating: bool
    ) -> None:
        """A parent given by its external id: ``{"Order": {"Sfsync_Key__c": "A"}}``, or ``Order.Sfsync_Key__c``."""
        relation, dot, key_name = name.partition(".")
        one = prepared.relationships.get(relation.lower())
        if one is None or (not dot and value is not None and not isinstance(value, Mapping)):
            raise problems.no_such_field(prepared.thing.name, name)
        if not (one.createable if creating else one.updateable):
            closed.append(one.name)
            return
        key = {key_name: value} if dot else dict(value or {})
        kind = key.pop("attributes", None) or {}
        if not key or (dot and (value is None or value == "")):
            given[one.name] = None
            return
        if len(key) > 1:
            message = f"The request should include only one external ID field for {one.relationship}"
            raise Refused("INVALID_FIELD", message)
        ((key_name, value),) = key.items()
        wanted = kind.get("type") if isinstance(kind, Mapping) else None
        targets = [wanted] if wanted in one.reference_to else list(one.reference_to)
        candidates = [each for each in targets if each in self._prepared]
        for target in candidates:
            entry = self._prepared[target].converters.get(key_name.lower())
            if entry is None or not entry[0].key:
                continue
            stored = entry[1](value, True)
            found = self._store.find(target, entry[0].name, stored) if stored is not None else []
            if entry[0].type == "id" and not found:
                raise problems.bad_reference(one.name)
            if len(found) > 1:
                message = (
                    f"Multiple records found for external id {value} of field {key_name} in entity {target}"
                )
                raise Refused("DUPLICATE_EXTERNAL_ID", message, fields=[one.name])
            if found:
                given[one.name] = found[0]
                return
        if not any(key_name.lower() in self._prepared[each].converters for each in candidates):
            raise problems.no_such_field(candidates[0] if candidates else relation, key_name)
        shown = str(value).lower()
        message = f"Foreign key external ID: {shown} not found for field {key_name} in entity {targets[0]}"
        raise Refused("INVALID_FIELD", message)

    def _check_references(self, prepared: Prepared, values: Mapping[str, Any]) -> None:
        if values.keys().isdisjoint(prepared.references):
            return
        for name, one in prepared.references.items():
            value = values.get(name)
            if value is None or (name == "RecordTypeId" and value == MASTER):
                continue
            target = self.world.schema.by_prefix(value)
            if target is None or target.name not in one.reference_to:
                raise problems.malformed_id(one.label, value, name)
            live = self._store.live(target.name, value)
            if live is None and name == "RecordTypeId":
                raise problems.bad_record_type(value)
            if live is None:
                raise problems.bad_reference(name)
            if not live:
                raise Refused("ENTITY_IS_DELETED", "entity is deleted", fields=[name])

    def _check_unique(
        self, prepared: Prepared, values: Mapping[str, Any], own: str | None, unused: str = ""
    ) -> None:
        for name in prepared.unique:
            value = values.get(name)
            if value is None or name == unused:
                continue
            for found in self._store.find(prepared.thing.name, name, value):
                if found != own:
                    raise problems.duplicate_value(name, found)

    def _number(self, prepared: Prepared, one: FieldDef) -> str:
        """The next auto number in the field's format: ``00000100`` counts from 100, ``C-{0000}`` from 1."""
        head, _, rest = one.auto_number.partition("{")
        digits, _, tail = rest.partition("}") if rest else (head, "", "")
        head = head if rest else ""
        last = prepared.numbers.get(one.name)
        if last is None:
            newest = self._store.last(prepared.thing.name, one.name)
            text = newest[len(head) : len(newest) - len(tail) or None] if newest else ""
            last = int(text) if text.isdecimal() else max(int(digits or 0), 1) - 1
        prepared.numbers[one.name] = last + 1
        return f"{head}{last + 1:0{len(digits)}d}{tail}"


def _without(values: Mapping[str, Any], name: str) -> Row:
    """The values but that of a field, however it is spelled."""
    folded = name.lower()
    return {
        other: value
        for other, value in values.items()
        if len(other) != len(folded) or other.lower() != folded
    }


def _audit(row: Row, given: Row) -> None:
    """A record that is made as it was elsewhere was changed last when it was made, unless something else is said."""
    for made, changed in zip(_MADE, ("LastModifiedDate", "LastModifiedById"), strict=True):
        if given.get(changed) is None:
            row[changed] = row[made]


def _without_nulls(values: Values, given: Row) -> Row:
    if isinstance(values, Ready) and not values.nulls:
        return given
    return {name: value for name, value in given.items() if value is not None}


def _id_in_body(*, creating: bool) -> Refused:
    if creating:
        message = "cannot specify Id in an insert call"
        return Refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=["Id"])
    return Refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
