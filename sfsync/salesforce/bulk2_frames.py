"""Bulk API 2.0 ingest of frames: the parts that ``bulk_frames`` wrote, an outcome for every row as a frame.

The same life of a job as for single rows (``bulk2_jobs``); the result files are read a column at a time, and row by
row only where a file is torn or rows were refused.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import IO, BinaryIO

import polars as pl

from sfsync.clock import Clock
from sfsync.records import Outcome, Progress, State
from sfsync.salesforce import bulk2_results as results
from sfsync.salesforce import csv_rows
from sfsync.salesforce.bulk2_jobs import READ_AT_ONCE, End, Follower, Gaps, Load, Sender
from sfsync.salesforce.bulk_frames import PLACE, FramePart, FrameParts
from sfsync.salesforce.bulk_job import PATIENCE, OnJob, Patience
from sfsync.salesforce.faults import is_passing
from sfsync.salesforce.session import Session

OUTCOMES = pl.Schema(
    {
        PLACE: pl.UInt32(),
        "state": pl.Enum([state.value for state in State]),
        "id": pl.String(),
        "code": pl.String(),
        "reason": pl.String(),
        "locked": pl.Boolean(),
        "via": pl.Categorical(),
    }
)
"""Columns of the outcomes. Where it is done ``code`` and ``reason`` are empty; ``locked`` may be sent again;
``via`` is that of an Outcome."""

Told = Callable[[Outcome, Mapping[str, str]], str]
"""The reason to keep of a refusal, from its outcome and the row as it was sent (column → cell)."""


_UNKNOWN = Outcome(State.UNKNOWN)


def ingest_frames(
    session: Session,
    object: str,  # noqa: A002  the word that callers use
    parts: FrameParts,
    *,
    clock: Clock,
    told: Told,
    on_job: OnJob | None = None,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> pl.DataFrame:
    """Write all parts, upserts on ``parts.key`` or updates by ``Id``, and return OUTCOMES of every row.

    Everything else is as for ``bulk2.ingest``. A file of ``parts`` is closed as soon as its job has ended; the
    results are read while the next one goes up.
    """
    operation, key_field = ("update", None) if parts.key == "Id" else ("upsert", parts.key)
    follower = Follower(session, clock, on_job, progress, patience)
    sender = Sender(session, object, operation, key_field, follower)
    loads = [_Loading(part, parts, told) for part in parts.parts]
    with ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="sfsync-results") as reader:
        load = Load(sender, reader if len(loads) > 1 else None)
        for one in loads:
            load.take(one)
            one.file.close()
        load.finish()
    return pl.concat([frame_of(parts.refused), *(frame for one in loads for frame in one.outcomes())])


def frame_of(outcomes: Mapping[int, Outcome]) -> pl.DataFrame:
    """Outcomes of single rows as a frame."""
    cells = [
        (place, one.state.value, one.id, one.code, _reason(one), False, one.via)
        for place, one in outcomes.items()
    ]
    return pl.DataFrame(cells, schema=OUTCOMES, orient="row")


def _reason(outcome: Outcome) -> str:
    return "" if outcome.state is State.DONE else outcome.reason


@dataclass(slots=True)
class _Loading:
    """One part on its way through ``Load``."""

    part: FramePart
    parts: FrameParts
    told: Told
    refused: int = 0
    """Refused rows were never in a file and are told with the whole."""
    _found: pl.DataFrame = field(default_factory=OUTCOMES.to_frame)
    _left: Outcome = _UNKNOWN

    @property
    def file(self) -> IO[bytes]:
        return self.part.file

    @property
    def rows(self) -> int:
        return self.part.rows

    def note(self, outcome: Outcome) -> None:
        self._left = outcome

    def read(self, follower: Follower, end: End) -> Gaps:
        self._left = replace(results.leftover(end.job.state, end.processed, end.error), via=end.job.id)
        keys = pl.concat(self.part.keys)
        told = [self._found]
        strangers = 0
        try:
            for name in results.SETS:
                with follower.result(end.job, name) as file:
                    for frame in self._set(name, file, end):
                        known = frame.join(keys, on="key", how="left", maintain_order="left")
                        strangers += known[PLACE].null_count()
                        told.append(known.drop_nulls(PLACE).select(list(OUTCOMES)))
        finally:  # what one file told counts, although the next could not be read
            self._found = _once(pl.concat(told))
        missing = self.part.rows - self._found.height
        return Gaps(missing if self._left.state is State.UNKNOWN else 0, strangers)

    def outcomes(self) -> Iterator[pl.DataFrame]:
        """The outcomes of all rows of the part; those without a result share one."""
        yield self._found
        if self._found.height == self.part.rows:
            return
        keys = pl.concat([keys.select(PLACE) for keys in self.part.keys])
        yield _same(keys.join(self._found, on=PLACE, how="anti"), self._left)

    def _set(self, name: str, file: BinaryIO, end: End) -> Iterator[pl.DataFrame]:
        """One result file as frames with ``key`` and the columns of OUTCOMES but for the place."""
        if name == "failedResults":
            yield self._refusals(file, end.job.id)
            return
        frame = _plainly_read(file, self.parts.key)
        if frame is None:
            pairs = list(results.read_set(name, file, self.parts.key, str))
            frame = pl.DataFrame(
                {"key": [key for key, _ in pairs], "id": [one.id for _, one in pairs]},
                schema={"key": pl.String, "id": pl.String},
            )
        outcome = Outcome(State.DONE)
        if name == "unprocessedrecords":
            ended_early = end.job.state in {"Failed", "Aborted"}
            outcome = (
                results.not_processed(end.job.state, end.error) if ended_early else Outcome(State.UNKNOWN)
            )
        outcome = replace(outcome, via=end.job.id)
        yield _same(frame.with_columns(self.parts.comparable(pl.col("key"))), outcome)

    def _refusals(self, file: BinaryIO, job_id: str) -> pl.DataFrame:
        """The failed rows one by one: what the org says may quote what was sent."""
        key_name = self.parts.key.casefold()
        lines: list[tuple[str, str, str | None, str, str, bool, str]] = []
        for row in csv_rows.read_dicts(file):
            sent = {column: cell for column, cell in row.items() if not column.startswith("sf__")}
            key = next((cell for column, cell in sent.items() if column.casefold() == key_name), None)
            if key is not None:
                outcome = results.refusal(row.get("sf__Error", ""), row.get("sf__Id") or None)
                locked = is_passing(outcome.code, outcome.message)
                lines.append(
                    (
                        key,
                        outcome.state.value,
                        outcome.id,
                        outcome.code,
                        self.told(outcome, sent),
                        locked,
                        job_id,
                    )
                )
        schema = {"key": pl.String(), **{name: OUTCOMES[name] for name in list(OUTCOMES)[1:]}}
        frame = pl.DataFrame(lines, schema=schema, orient="row")
        return frame.with_columns(self.parts.comparable(pl.col("key")))


def _once(told: pl.DataFrame) -> pl.DataFrame:
    """A row counts once, whatever an org says."""
    if told[PLACE].n_unique() == told.height:
        return told
    return told.unique(PLACE, keep="first", maintain_order=True)


def _same(frame: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """A frame with the columns of OUTCOMES that it lacks; all its rows have the same outcome."""
    common = {
        "state": outcome.state.value,
        "id": outcome.id,
        "code": outcome.code,
        "reason": _reason(outcome),
        "locked": False,
        "via": outcome.via,
    }
    return frame.with_columns(
        pl.lit(value, OUTCOMES[name]).alias(name)
        for name, value in common.items()
        if name not in frame.columns
    ).select([name for name in ("key", *OUTCOMES) if name in {*frame.columns, *common}])


def _plainly_read(file: BinaryIO, key: str) -> pl.DataFrame | None:
    """Key and id of all rows of a result file; None when it looks torn or odd: then it is read row by row."""
    if not csv_rows.ends_whole(file):
        return None
    try:
        header = next(csv_rows.read(file), [])
        names = {column.casefold(): column for column in header}
        if key.casefold() not in names or len(names) != len(header):
            return None
        wanted = [pl.col(names[key.casefold()]).alias("key")]
        wanted.append(
            pl.col(names["sf__id"]).alias("id") if "sf__id" in names else pl.lit(None, pl.String).alias("id")
        )
        last = (
            pl.col(header[-1]).is_null().alias("short")
        )  # an empty cell is quoted: null means that there is none
        frame = pl.scan_csv(file.name, infer_schema=False).select(*wanted, last).collect()
    except pl.exceptions.PolarsError:
        return None
    finally:
        file.seek(0)
    return None if frame["short"].any() else frame.select("key", "id")
