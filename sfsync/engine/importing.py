"""The generic import: rows of any table become records of any object, by upsert on the mapping's key.

    survey   block by block: map, refuse, find the records that have the keys, compare; changes are piled up
    guards   look at the counts before anything is written
    write    few changes by collections, many by Bulk API 2.0 from files; outcomes come back by row
    look     while outcomes are unknown: survey those rows again; what needs nothing now had been written

Memory holds a line of the ledger for each row, never its values.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from sfsync.engine.differences import ID, KEY, ROW, compare
from sfsync.engine.guards import BUDGET, REJECTED, Calls, Counts, Guards, judge, spent_up
from sfsync.engine.piles import Desk, Pile, Rows
from sfsync.engine.plan import Meter, samples_of
from sfsync.engine.results import StepPlan, StepResult
from sfsync.engine.run import PASSES, PAUSE
from sfsync.engine.table_ledger import (
    LEDGER,
    accounted,
    buckets,
    line,
    looked_at,
    reasons,
    settled,
    unsettled,
)
from sfsync.engine.tables import Lookups, TableFile, look_up, refused
from sfsync.errors import BudgetSpent, ConfigError, GuardRefused, LoginFailed, OrgError
from sfsync.languages.reason import Reason
from sfsync.mapping.block import as_series_of_text
from sfsync.mapping.rows import as_json
from sfsync.records import Bucket, Progress
from sfsync.salesforce.bulk2_frames import OUTCOMES, frame_of
from sfsync.salesforce.bulk2_jobs import not_sent
from sfsync.salesforce.finding import Finder, Source
from sfsync.salesforce.soql import name as soql_name

if TYPE_CHECKING:
    from sfsync.clock import Clock
    from sfsync.mapping.plan import Lookup
    from sfsync.mapping.rows import MappedBlock

NO_KEY = Reason("no_key", "the row has no key")
AGAIN = 10
"""Rows that are sent again go as single changes up to so many times the usual number: that lane copes with locks."""


class Org(Desk, Source, Protocol):
    """What an import needs of ``salesforce.org.Org``."""


@dataclass(slots=True)
class Survey:
    """What there is to do about the rows of a file: those settled already, and changes in two piles."""

    creates: Pile
    updates: Pile
    told: list[pl.DataFrame] = field(default_factory=list)
    rows: int = 0
    blanks: int = 0

    @property
    def piles(self) -> list[Pile]:
        return [pile for pile in (self.creates, self.updates) if pile.rows]

    @property
    def ledger(self) -> pl.DataFrame:
        return pl.concat([LEDGER.to_frame(), *self.told])

    @property
    def cost(self) -> int:
        return sum(pile.cost() for pile in self.piles)

    @property
    def counts(self) -> Counts:
        rejects = self.ledger["bucket"].is_in([bucket.value for bucket in REJECTED]).sum()
        return Counts(self.rows, sum(pile.rows for pile in self.piles), int(rejects), self.blanks)

    def waiting(self) -> pl.DataFrame:
        """``row``, ``key`` and ``fields`` of the rows with changes."""
        return pl.concat([index for pile in self.piles for index in pile.index] or [_NOBODY])


_ASKED = "asked for"
"""The column of the keys as a query asks for them."""
_NOBODY = pl.DataFrame(schema={ROW: pl.UInt32, KEY: pl.String, "fields": pl.String})


def same_key(row: int | str) -> Reason:
    """Why a row is a duplicate of an earlier one."""
    return Reason("same_key", "row {row} has the same key", row=row)


def no_record(object_name: str) -> Reason:
    """Why a row of a mapping that only updates is not found."""
    return Reason("no_record", "no {object} has this key", object=object_name)


class TableImport:
    """The import of one file; writes only what differs from the org."""

    name = "import"
    about = "Rows become records, by upsert on their key."

    def __init__(self, file: TableFile) -> None:
        mapping = file.bound.mapping
        if not mapping.key:
            raise ConfigError(
                f"The mapping {mapping.mapping} has no key, so its rows cannot be imported safely.",
                hint="Add `key:` with the external-id field of the object.",
            )
        self.file = file
        self.object = soql_name(mapping.object)
        self._key = soql_name(mapping.key)
        self._creates = mapping.operation != "update"
        plan = file.bound.columns.plan
        self._repeats = plan.key_name not in plan.unique  # the mapping itself refuses keys that stand twice
        self._links = {
            name: rule.lookup.partition(".")[2]
            for name, rule in mapping.fields.items()
            if rule.lookup and not rule.take
        }

    def look_up(self, org: Org) -> Lookups | None:
        """What the mapping looks up in the org, for all rows."""

        def find(lookup: "Lookup", values: pl.Series) -> Mapping[str, Any]:
            finder = Finder(org, lookup.object, lookup.field, [lookup.take], len(values))
            try:
                found = finder.find(pl.DataFrame({KEY: as_series_of_text(values), "value": _as_json(values)}))
            finally:
                finder.close()
            return dict(zip(found[KEY], found[lookup.take], strict=True))

        return look_up(self.file, find)

    @contextmanager
    def survey(
        self,
        org: Org,
        lookups: Lookups | None,
        only: pl.Series | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Survey]:
        """Compare all rows (of ``only`` these) with the org; what is piled up is there until the context ends.

        ``progress`` is told after each block that the work goes on.
        """
        bulk_from = org.bulk_from if only is None else AGAIN * org.bulk_from
        creates, updates = (
            Pile(org, self.object, self._key, self._links, updates=updates, bulk_from=bulk_from)
            for updates in (False, True)
        )
        found = Survey(creates, updates)
        seen: list[pl.DataFrame] = []
        finder = Finder(org, self.object, self._key, (), 0)
        try:
            for block in self.file.blocks(lookups, only):
                if not finder.paths:
                    finder.expected = self.file.expected(block.source) if only is None else len(only)
                    finder.paths = sorted({ID, *self._paths(block).values()})
                found.rows += block.frame.height
                found.told.append(line(refused(block)))
                self._decide(block, self._sound(block, seen, found), finder, found)
                if progress is not None:
                    progress(0)
            creates.settle()
            updates.settle()
            self.file.check()
            yield found
        finally:
            finder.close()
            creates.close()
            updates.close()

    def _decide(self, block: "MappedBlock", sound: pl.DataFrame, finder: Finder, found: Survey) -> None:
        """Pile up what the sound rows of a block change, and tell of the others."""
        asked = sound.select(KEY, pl.col(_ASKED).alias("value"))
        differences = compare(sound, finder.find(asked), self._paths(block))
        if self._creates:
            found.creates.add(Rows(differences.new))
        else:
            missing = no_record(self.object)
            found.told.append(
                line(differences.new, bucket=Bucket.NOT_FOUND, reason=missing, code=missing.code)
            )
        found.updates.add(Rows(differences.differing, differences.changed, differences.before))
        found.blanks += differences.blanks
        found.told.append(line(differences.same, bucket=Bucket.UNCHANGED))

    def _sound(self, block: "MappedBlock", seen: list[pl.DataFrame], found: Survey) -> pl.DataFrame:
        """The rows to compare: ``row``, ``key`` (and as it is asked for), the other fields; others are told of."""
        keys = block.key if block.key is not None else pl.Series([None], dtype=pl.String)
        frame = as_json(block.frame).rename({self._key: _ASKED})
        frame = frame.insert_column(
            1, (keys if len(keys) == frame.height else keys.new_from_index(0, frame.height)).alias(KEY)
        )
        out = frame[ROW].is_in(block.stopped[ROW].implode())
        keyless = (frame[KEY] == "").fill_null(value=True) & ~out
        if keyless.any():
            found.told.append(
                line(
                    frame.filter(keyless).with_columns(pl.lit(None, pl.String).alias(KEY)),
                    bucket=Bucket.INVALID,
                    reason=NO_KEY,
                    code=NO_KEY.code,
                )
            )
        frame = frame.filter(~(out | keyless))
        if not self._repeats:
            return frame
        repeated = _repeated(frame.select(ROW, KEY), seen)
        if repeated.height:
            others = pl.col("row_first").cast(pl.String)
            reason = pl.format(str(same_key("{}")), "row_first")
            lines = repeated.with_columns(reason.alias("reason"), others.alias("others"))
            found.told.append(line(lines, bucket=Bucket.DUPLICATE, code=same_key("").code))
            frame = frame.join(repeated, on=ROW, how="anti", maintain_order="left")
        return frame

    def _paths(self, block: "MappedBlock") -> dict[str, str]:
        """Field → what to ask for to compare it: a parent linked by its key is ``Order.Sfsync_Key__c``."""
        names = [name for name in block.frame.columns if name not in {ROW, self._key}]
        return {name: f"{name}.{self._links[name]}" if name in self._links else name for name in names}


def _repeated(own: pl.DataFrame, seen: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows whose key an earlier row has (``row_first``); ``seen`` holds the rows of the blocks before.

    Hashes tell first: of most blocks no key has to be looked at again.
    """
    hashes = own[KEY].hash()
    alike = ~hashes.is_first_distinct()
    for earlier in seen:
        alike |= hashes.is_in(earlier["hash"].implode())
    seen.append(own.with_columns(hashes.alias("hash")))
    suspects = own.filter(alike)
    known = pl.concat(seen) if suspects.height else seen[-1].clear()
    first = known.filter(pl.col(KEY).is_in(suspects[KEY].implode())).unique(
        KEY, keep="first", maintain_order=True
    )
    found = suspects.join(first.drop("hash"), on=KEY, how="left", maintain_order="left", suffix="_first")
    return found.filter(pl.col(ROW) != pl.col("row_first"))


def _as_json(values: pl.Series) -> pl.Series:
    return as_json(values.to_frame("value"))["value"]


def run_table(
    step: TableImport,
    org: Org,
    *,
    clock: "Clock",
    guards: Guards,
    override: frozenset[str],
    meter: Meter,
    progress: Progress | None,
) -> tuple[StepResult, pl.DataFrame]:
    """Import a file; LEDGER has one line for each row, in file order. Raises GuardRefused before the first write."""
    started, calls = clock.monotonic(), meter.spent()
    if reason := spent_up(guards, calls, override=override):
        raise BudgetSpent(f"{step.name} was not begun: {reason}.")
    lookups = step.look_up(org)
    lines: list[pl.DataFrame] = []
    rows = 0
    again: pl.DataFrame | None = None
    pause = PAUSE
    for turn in range(PASSES):
        with step.survey(org, lookups, None if again is None else again[ROW], progress) as found:
            told = found.ledger
            if again is None:
                rows = found.rows
                _guard(step, found, guards, override, meter)
            else:
                told = looked_at(told, again)
            lines.append(told)
            last = turn == PASSES - 1 or (turn and spent_up(guards, meter.spent(), override=override))
            if last:  # a last look; nothing more is sent
                lines.append(unsettled(found.waiting(), again))
                break
            again, known = settled(found.waiting(), _write(found.piles, progress))
        lines += known
        if again.is_empty():
            break
        clock.sleep(pause)
        pause *= 2
    ledger = accounted(lines, rows)
    seconds = clock.monotonic() - started
    return StepResult(step.name, rows, buckets(ledger), meter.spent() - calls, seconds), ledger


def plan_table(step: TableImport, org: Org, *, guards: Guards, meter: Meter) -> StepPlan:
    """What ``run_table`` would do; reads only."""
    calls = meter.spent()
    lookups = step.look_up(org)
    with step.survey(org, lookups) as found:
        cost = found.cost
        waiting = line(found.waiting(), bucket=Bucket.APPLIED)
        ledger = pl.concat([found.ledger, waiting])
        result = StepResult(step.name, found.rows, buckets(ledger), meter.spent() - calls + cost)
        piles = {("create", step.object): found.creates, ("update", step.object): found.updates}
        shown = [
            part for pile in found.piles for key, change in pile.samples for part in samples_of(key, change)
        ]
        return StepPlan(
            result,
            step.about,
            {what: pile.rows for what, pile in piles.items() if pile.rows},
            shown,
            reasons(ledger),
            list(
                judge(
                    guards, found.counts, Calls(cost, meter.spent(), meter.remaining()), override=frozenset()
                ).values()
            ),
            cost,
        )


def _write(piles: Sequence[Pile], progress: Progress | None) -> pl.DataFrame:
    """Write the piles in turn. Trouble with the first is raised; later it makes outcomes "not sent"."""
    outcomes = [OUTCOMES.to_frame()]
    for pile in piles:
        try:
            outcomes.append(pile.write(progress))
        except (LoginFailed, OrgError) as error:
            if len(outcomes) == 1:
                raise
            outcomes.append(frame_of(dict.fromkeys(pile.numbers, not_sent(error))))
    return pl.concat(outcomes)


def _guard(step: TableImport, found: Survey, guards: Guards, override: frozenset[str], meter: Meter) -> None:
    calls = Calls(found.cost, meter.spent(), meter.remaining())
    refusals = judge(guards, found.counts, calls, override=override)
    if refusals:
        kind = BudgetSpent if BUDGET.issuperset(refusals) else GuardRefused
        raise kind(f"{step.name} was refused before its first write: {'; '.join(refusals.values())}.")
