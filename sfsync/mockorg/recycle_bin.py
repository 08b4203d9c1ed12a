"""The recycle bin: deleting with what hangs on a record, taking it out again, and purging.

SOAP API guide, "delete()", "undelete()", "emptyRecycleBin()".
"""

from collections.abc import Callable, Mapping

from sfsync.mockorg import ids, problems
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rules.base import Rule, World
from sfsync.mockorg.schema import ObjectDef
from sfsync.mockorg.store import Row

BINNED, PURGED = 1, 2
"""What IsDeleted is stored as: in the recycle bin, and gone for good but for the log of deletions."""


class RecycleBin:
    """Moves records in and out. ``back_again`` refuses a record that may not come back, such as a duplicate."""

    def __init__(
        self,
        world: World,
        rules: Mapping[str, tuple[Rule, ...]],
        back_again: Callable[[ObjectDef, Row], None],
    ) -> None:
        self._world = world
        self._rules = rules
        self._back_again = back_again

    def delete(self, thing: ObjectDef, row: Row) -> None:
        """Put a live record and what hangs on it into the recycle bin."""
        if not thing.deletable:
            raise Refused(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {thing.name} does not support delete"
            )
        with self._world.store.transaction():
            self._bin(thing, row, self._world.clock.stamp())

    def _bin(self, thing: ObjectDef, row: Row, now: str) -> None:
        for rule in self._rules[thing.name]:
            if rule.deleting:
                rule.deleting(self._world, row)
        self._world.store.update(thing.name, row["Id"], {"IsDeleted": 1, "SystemModstamp": now})
        for relation in self._world.schema.children(thing.name):
            if not (relation.cascade or relation.restrict):
                self._world.store.clear_lookups(row["Id"], relation.child, relation.field)
                continue
            where = f'"{relation.field}" = ? AND IsDeleted = 0'
            for child in self._world.store.rows(relation.child, where, (row["Id"],)):
                if relation.restrict:
                    label = self._world.schema.objects[relation.child].label_plural.lower()
                    raise Refused(
                        "DELETE_FAILED",
                        f"Your attempt to delete {thing.label} could not be completed because it is associated "
                        f"with the following {label}: {child['Id'][:15]}",
                    )
                self._bin(self._world.schema.objects[relation.child], child, now)
        for rule in self._rules[thing.name]:
            if rule.deleted:
                rule.deleted(self._world, row)

    def purge(self, thing: ObjectDef, record_id: str) -> None:
        """Delete a record for good, from the recycle bin or at once; with it goes what was deleted with it."""
        row = self._world.store.row(thing.name, ids.normalise(record_id) or "")
        if row is None or row["IsDeleted"] == PURGED:
            raise problems.no_such_record()
        with self._world.store.transaction():
            if not row["IsDeleted"]:
                self.delete(thing, row)
            self._purge(thing, row["Id"])

    def _purge(self, thing: ObjectDef, record_id: str) -> None:
        self._world.store.update(thing.name, record_id, {"IsDeleted": PURGED})
        for relation in self._world.schema.children(thing.name):
            if relation.cascade:
                where = f'"{relation.field}" = ? AND IsDeleted = 1'
                for child in self._world.store.rows(relation.child, where, (record_id,)):
                    self._purge(self._world.schema.objects[relation.child], child["Id"])

    def undelete(self, thing: ObjectDef, record_id: str) -> None:
        """Take a record out of the recycle bin, with what was deleted together with it."""
        row = self._world.store.row(thing.name, ids.normalise(record_id) or "")
        if row is None:
            raise problems.no_such_record()
        if row["IsDeleted"] != BINNED:
            raise Refused("UNDELETE_FAILED", "Entity is not in the recycle bin")
        with self._world.store.transaction():
            self._unbin(thing, row, row["SystemModstamp"])

    def _unbin(self, thing: ObjectDef, row: Row, when: str) -> None:
        self._back_again(thing, row)
        self._world.store.restore_lookups(row["Id"])
        self._world.store.update(
            thing.name, row["Id"], {"IsDeleted": 0, "SystemModstamp": self._world.clock.stamp()}
        )
        for relation in self._world.schema.children(thing.name):
            if relation.cascade:
                where = f'"{relation.field}" = ? AND IsDeleted = 1 AND SystemModstamp = ?'
                for child in self._world.store.rows(relation.child, where, (row["Id"], when)):
                    self._unbin(self._world.schema.objects[relation.child], child, when)
        for rule in self._rules[thing.name]:
            if rule.deleted:
                rule.deleted(self._world, row)
