"""The ledger of an imported table: a line for each row, gathered from what was refused, unchanged and written."""

from collections.abc import Iterator

import polars as pl

from sfsync.engine.differences import ID, KEY, ROW
from sfsync.engine.run import LedgerError
from sfsync.records import Bucket, Outcome, State
from sfsync.salesforce.bulk_frames import PLACE

LEDGER = pl.Schema(
    {
        ROW: pl.UInt32(),
        KEY: pl.String(),
        "bucket": pl.Enum([bucket.value for bucket in Bucket]),
        "reason": pl.String(),
        "field": pl.String(),
        ID: pl.String(),
        "fields": pl.String(),
        "code": pl.String(),
        "others": pl.String(),
        "via": pl.Categorical(),  # the request or bulk job that carried it
    }
)
"""Where each row of the file ended. ``field``: our name of what is to blame; ``fields``: what an update changed;
``code``: ``rule:…`` of the mapping, ``org:…`` of the org, or one of ours; ``others``: rows that the reason names."""

UNKNOWN = "outcome_unknown"
"""The code of an outcome that nobody knows."""


def line(
    rows: pl.DataFrame, *, bucket: Bucket | None = None, reason: str = "", code: str = ""
) -> pl.DataFrame:
    """Rows as lines of the ledger; what a frame does not have is empty, or the same for all of its rows."""
    common = {
        "bucket": None if bucket is None else bucket.value,
        "reason": str(reason),
        "field": "",
        ID: None,
        "fields": "",
        "code": code,
        "others": "",
        "via": "",
    }
    columns = [pl.lit(value).alias(name) for name, value in common.items() if name not in rows.columns]
    return rows.with_columns(columns).select(pl.col(name).cast(dtype) for name, dtype in LEDGER.items())


def looked_at(told: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """The lines of rows whose outcome was unknown: what needs nothing now had been written."""
    unknown = again.filter(pl.col("state") != State.REFUSED.value)[ROW]
    written = (pl.col("bucket") == Bucket.UNCHANGED.value) & pl.col(ROW).is_in(unknown.implode())
    bucket = pl.when(written).then(pl.lit(Bucket.APPLIED.value)).otherwise(pl.col("bucket").cast(pl.String))
    return told.with_columns(bucket.cast(LEDGER["bucket"]).alias("bucket"))


def unsettled(rows: pl.DataFrame, again: pl.DataFrame | None) -> pl.DataFrame:
    """Lines of rows that stay so: the org's last word, or that nobody knows."""
    unknown = line(rows, bucket=Bucket.FAILED, reason=Outcome(State.UNKNOWN).reason, code=UNKNOWN)
    if again is None:
        return unknown
    said = again.filter(pl.col("state") == State.REFUSED.value).join(rows, on=ROW, how="semi")
    return pl.concat([unknown.join(said, on=ROW, how="anti"), *_settled(said)])


def settled(waiting: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """What became of the rows that were written: those to look at or send again, and the lines of all others.

    ``waiting`` has ``row``, ``key`` and ``fields``; the first frame has the columns of ``outcomes`` as well.
    """
    found = waiting.join(outcomes.rename({PLACE: ROW}), on=ROW, how="left", maintain_order="left")
    open_ = (pl.col("state") == State.UNKNOWN.value).fill_null(value=True) | pl.col("locked")
    again, known = _parted(found, open_)
    return again, list(_settled(known))


def _settled(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Lines of the rows whose outcome is known."""
    done, refused = _parted(rows.rename({"id": ID}), pl.col("state") == State.DONE.value)
    yield line(done.drop("reason", "code"), bucket=Bucket.APPLIED)
    yield line(refused.with_columns(pl.format("org:{}", "code").alias("code")), bucket=Bucket.FAILED)


def _parted(frame: pl.DataFrame, condition: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that meet a condition, and the others; nothing is copied where all are of one kind."""
    mask = frame.select(condition.fill_null(value=False).alias("mask"))["mask"]
    if not mask.any():
        return frame.clear(), frame
    return (frame, frame.clear()) if mask.all() else (frame.filter(mask), frame.filter(~mask))


def accounted(lines: list[pl.DataFrame], rows: int) -> pl.DataFrame:
    """The ledger in order of the rows; raises LedgerError unless each of ``rows`` rows has one line."""
    ledger = pl.concat(lines).sort(ROW)
    if ledger.height != rows or ledger[ROW].n_unique() != rows:
        raise LedgerError(f"{rows:,} rows were read, {ledger.height:,} are accounted for.")
    return ledger


def buckets(ledger: pl.DataFrame) -> dict[Bucket, int]:
    return {Bucket(name): count for name, count in ledger["bucket"].value_counts().iter_rows()}


def reasons(ledger: pl.DataFrame) -> dict[str, int]:
    text = pl.format("{}: {}", pl.col("bucket").cast(pl.String), "reason").alias("told")
    kept = pl.col("bucket").is_in([Bucket.APPLIED.value, Bucket.UNCHANGED.value])
    return dict(ledger.filter(~kept).select(text)["told"].value_counts(sort=True).iter_rows())
