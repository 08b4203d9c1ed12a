"""What a rule sees of a write, and how it may touch other records."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.quirks import Quirks
from sfsync.mockorg.schema import ObjectDef, Schema
from sfsync.mockorg.store import Row, Store


@dataclass(frozen=True, slots=True)
class DmlOptions:
    """How a write is meant. ``user_id`` is who writes (default: the org's own user)."""

    user_id: str | None = None
    from_text: bool = False
    """Values come from CSV or XML, where everything is text."""
    system: bool = False
    """The org writes for itself or is seeded: read-only fields are taken as they are and locks do not hold."""
    auto_assign: bool | str = True
    """Whether assignment rules may replace the owner, or the id of the rule that shall; an org without such rules
    keeps it either way.
    """
    allow_duplicates: bool = False
    """Whether a duplicate rule that only warns is to be passed over."""
    duplicate_records: bool = False
    """Whether the refusal shows the records that match with all their fields."""


@dataclass(frozen=True, slots=True)
class World:
    """The org as rules see it."""

    store: Store
    schema: Schema
    clock: MockClock
    user_id: str
    quirks: Quirks
    book: RuleBook
    create: Callable[[str, Mapping[str, Any]], str]
    """Creates another record as a consequence, as the org itself would, and gives its id."""

    def touch(self, object_name: str, record_id: str, changes: Mapping[str, Any]) -> None:
        """Change another record as a consequence: no checks, but its stamps move."""
        now = self.clock.stamp()
        stamps = {"LastModifiedDate": now, "LastModifiedById": self.user_id, "SystemModstamp": now}
        self.store.update(object_name, record_id, {**changes, **stamps})


@dataclass(slots=True)
class Write:
    """One create (``old`` is None) or update under way. A rule may change ``new`` or raise Refused."""

    world: World
    object: ObjectDef
    id: str
    old: Row | None
    new: Row
    given: AbstractSet[str]
    """Names of the fields that the caller gave a value or null."""
    options: DmlOptions

    @property
    def creating(self) -> bool:
        """Whether the record is new."""
        return self.old is None

    def changed(self, *names: str) -> bool:
        """Whether one of the fields differs from before; on a create, whether one has a value."""
        if self.old is None:
            return any(self.new.get(name) is not None for name in names)
        return any(self.new.get(name) != self.old.get(name) for name in names)


EVERY_OBJECT = ("*",)
"""For rules that watch all objects."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens around writes of some objects. Every part is optional."""

    objects: tuple[str, ...]
    before: Callable[[Write], None] | None = None
    """Runs before the required fields are checked and anything is stored."""
    after: Callable[[Write], None] | None = None
    """Runs when the record is stored."""
    check: Callable[[Write], None] | None = None
    """Runs when all fields are as they will be stored and the required ones are there; may refuse."""
    deleting: Callable[[World, Row], None] | None = None
    """Runs before a record is deleted; may refuse."""
    deleted: Callable[[World, Row], None] | None = None
    """Runs after a record was deleted or undeleted."""
    wanted: Callable[[ObjectDef, RuleBook], bool] | None = None
    """Whether the rule has anything to do for an object in an org with such metadata; asked once."""
