"""Changes of one kind that a table brings, gathered block by block: few are kept as they are, many go to bulk files.

Up to ``bulk_from`` rows nothing is written to disk, and ``Org.write`` sends them, which also knows what to do about
locks.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from sfsync.engine.apply import unquoted
from sfsync.engine.differences import ID, KEY, ROW, empty
from sfsync.engine.plan import SAMPLES
from sfsync.errors import LoginFailed, OrgError
from sfsync.records import Change, Create, Outcome, Progress, State, Update
from sfsync.salesforce.bulk2_frames import OUTCOMES, Told, frame_of
from sfsync.salesforce.bulk2_jobs import not_sent
from sfsync.salesforce.bulk_frames import PLACE, FrameParts, cells
from sfsync.salesforce.lanes import BULK_CALLS


class Desk(Protocol):
    """The writing half of ``salesforce.org.Org``, for tables."""

    bulk_from: int

    def write(self, changes: list[Change], *, progress: Progress | None = None) -> list[Outcome]: ...
    def cost(self, changes: list[Change]) -> int: ...
    def write_frames(
        self,
        object: str,  # noqa: A002  the word that callers use
        parts: FrameParts,
        *,
        told: Told,
        progress: Progress | None = None,
    ) -> pl.DataFrame: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a block: ``row``, ``key``, ``Id`` and the fields wanted; for updates what has changed, and what was."""

    wanted: pl.DataFrame
    changed: pl.DataFrame | None = None
    before: pl.DataFrame | None = None

    def filter(self, mask: pl.Series) -> "Rows":
        others = [part if part is None else part.filter(mask) for part in (self.changed, self.before)]
        return Rows(self.wanted.filter(mask), *others)


@dataclass(slots=True)
class Pile:
    """Creates (``updates`` False) or updates of one object.

    ``key_field`` is the external id; ``links`` lead from a relationship to the key field of the parent.
    """

    desk: Desk
    object: str
    key_field: str
    links: Mapping[str, str]
    updates: bool
    bulk_from: int
    rows: int = 0
    index: list[pl.DataFrame] = field(default_factory=list)
    """``row``, ``key`` and ``fields`` (names of what changes, with commas) of all rows."""
    samples: list[tuple[str, Change]] = field(default_factory=list)
    """The first changes by key, for the reader of a plan."""
    _held: list[Rows] = field(default_factory=list)
    _apart: list[Rows] = field(default_factory=list)
    """Those of many that cannot be said in a bulk file."""
    _parts: FrameParts | None = None
    _writer: ThreadPoolExecutor | None = None
    """Writes a block to the bulk files while the next one is compared."""
    _spilled: Future[None] | None = None
    _broken: dict[int, Outcome] = field(default_factory=dict)

    def add(self, rows: Rows) -> None:
        """Take rows of the next block; all blocks have the same fields."""
        if not rows.wanted.height:
            return
        if len(self.samples) < SAMPLES:
            wanted = SAMPLES - len(self.samples)
            self.samples += zip(
                rows.wanted[KEY], (change for _, change in _changes(self, [rows], wanted)), strict=False
            )
        self.rows += rows.wanted.height
        self.index.append(rows.wanted.select(ROW, KEY, _names(rows.changed).alias("fields")))
        self._held.append(rows)
        if self._parts is None and sum(each.wanted.height for each in self._held) >= self.bulk_from:
            self._parts = FrameParts(ID if self.updates else self.key_field)
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="sfsync-pile")
        if self._parts is not None and self._writer is not None:
            waiting, self._held = self._held, []
            for each in waiting:
                sendable = self._sendable(self._sayable(each))
                self.settle()
                self._spilled = self._writer.submit(self._parts.add, sendable)

    def settle(self) -> None:
        """Wait until what was added is written to disk. Raises SfsyncError when there is no room."""
        if self._spilled is not None:
            spilled, self._spilled = self._spilled, None
            spilled.result()

    def close(self) -> None:
        """Be rid of what is on disk."""
        if self._writer is not None:
            self._writer.shutdown()
        if self._parts is not None:
            self._parts.close()

    @property
    def numbers(self) -> list[int]:
        """The numbers of all rows."""
        return [row for frame in self.index for row in frame[ROW]]

    def cost(self) -> int:
        """The API calls that ``write`` will make at least."""
        bulk = len(self._parts.parts) * BULK_CALLS if self._parts else 0
        few = [change for _, change in self._few()]
        return bulk + (self.desk.cost(few) if few else 0)

    def write(self, progress: Progress | None) -> pl.DataFrame:
        """Write everything; OUTCOMES of every row, its number as ``place``.

        Trouble before anything was sent is raised (LoginFailed, OrgError and its kinds).
        """
        outcomes = [frame_of(self._broken)]
        if self._parts is not None:
            outcomes.append(self.desk.write_frames(self.object, self._parts, told=_told, progress=progress))
        if few := list(self._few()):
            try:
                results = self.desk.write([change for _, change in few], progress=progress)
            except (LoginFailed, OrgError) as error:
                if self._parts is None:
                    raise
                results = [not_sent(error)] * len(few)
            outcomes.append(_results(few, results))
        return pl.concat(outcomes)

    def _few(self) -> Iterator[tuple[int, Change]]:
        return _changes(self, self._apart + self._held, self.rows)

    def _sayable(self, rows: Rows) -> Rows:
        """Rows without those that empty a link, which are put apart: no cell says that for a parent's key."""
        emptied = _emptied_links(rows, self.links)
        if not emptied.any():
            return rows
        self._apart.append(rows.filter(emptied))
        return rows.filter(~emptied)

    def _sendable(self, rows: Rows) -> pl.DataFrame:
        """Rows as they stand in the bulk files, without those that cannot be said there."""
        links = {name: f"{name}.{key}" for name, key in self.links.items()}
        wanted = rows.wanted.rename({ROW: PLACE, **({} if self.updates else {KEY: self.key_field})})
        wanted = wanted.drop(KEY if self.updates else ID).rename(links, strict=False)
        changed = None if rows.changed is None else rows.changed.rename(links, strict=False)
        sendable, broken = cells(wanted, changed)
        self._broken |= {
            row: Outcome(State.REFUSED, code="NOT_SENDABLE", message=f"not sent: {why}")
            for row, why in broken.items()
        }
        return sendable


def _told(outcome: Outcome, sent: Mapping[str, str]) -> str:
    return unquoted(outcome.reason, sent.items())


def _names(changed: pl.DataFrame | None) -> pl.Expr:
    """The names of the columns that are True, with commas."""
    if changed is None:
        return pl.lit("")
    names = [pl.when(pl.lit(changed[name])).then(pl.lit(name)) for name in changed.columns]
    return pl.concat_str(names, separator=",", ignore_nulls=True)


def _emptied_links(rows: Rows, links: Mapping[str, str]) -> pl.Series:
    mask = pl.repeat(value=False, n=rows.wanted.height, dtype=pl.Boolean, eager=True)
    if rows.changed is not None:
        for name in links.keys() & set(rows.changed.columns):
            mask |= rows.changed[name] & empty(rows.wanted[name])
    return mask


def _changes(pile: Pile, held: list[Rows], count: int) -> Iterator[tuple[int, Change]]:
    for rows in held:
        befores = rows.before.iter_rows(named=True) if rows.before is not None else None
        masks = rows.changed.iter_rows(named=True) if rows.changed is not None else None
        for row in rows.wanted.iter_rows(named=True):
            if count <= 0:
                return
            count -= 1
            number, key, record_id = row.pop(ROW), row.pop(KEY), row.pop(ID)
            mask = next(masks) if masks else {name: value is not None for name, value in row.items()}
            before = next(befores) if befores else {}
            values = {name: _linked(value, pile.links.get(name)) for name, value in row.items() if mask[name]}
            if pile.updates:
                was = {name: before[name] for name in values}
                yield number, Update(pile.object, record_id, values, was)
            else:
                yield number, Create(pile.object, key, values, pile.key_field)


def _linked(value: Any, key_field: str | None) -> Any:
    return {key_field: value} if key_field is not None and value is not None else value


def _results(few: list[tuple[int, Change]], results: list[Outcome]) -> pl.DataFrame:
    cells_ = []
    for (row, change), outcome in zip(few, results, strict=True):
        sent = change.values.items() if isinstance(change, Create | Update) else ()
        reason = "" if outcome.state is State.DONE else unquoted(outcome.reason, sent)
        cells_.append((row, outcome.state.value, outcome.id, outcome.code, reason, False, outcome.via))
    return pl.DataFrame(cells_, schema=OUTCOMES, orient="row")
