"""What is told of an imported table afterwards: evidence for the journal, the partner's own file with the results."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from sfsync.engine.apply import refusal
from sfsync.engine.differences import ID, KEY, ROW
from sfsync.engine.files import answer_name
from sfsync.engine.hints import ABOUT_WORDS, nearest_words
from sfsync.engine.importing import NO_KEY, no_record, same_key
from sfsync.engine.tables import TableFile
from sfsync.journal.values import RowPack, RowRecord
from sfsync.languages.catalogue import Catalogue
from sfsync.languages.reason import Reason
from sfsync.mapping.rows import RowProblem
from sfsync.records import Bucket

if TYPE_CHECKING:
    from sfsync.journal.journal import Journal
    from sfsync.tabular.answer_cells import Answer

PACK_FROM = 5_000
"""Rows that went well from which the journal keeps them in packs."""

_DOUBTFUL = [Bucket.INVALID.value, Bucket.NOT_FOUND.value]
_WELL = [Bucket.APPLIED.value, Bucket.UNCHANGED.value]
_BUCKETS = {bucket.value: bucket for bucket in Bucket}
_SENT = {Bucket.APPLIED.value, Bucket.FAILED.value}


def record(
    journal: "Journal", run_id: str, step: str, ledger: pl.DataFrame, file: TableFile, object_name: str
) -> None:
    """Keep where every row ended: those that went well in packs where they are many, all others one by one."""
    well = pl.col("bucket").is_in(_WELL) & (pl.col("reason") == "")
    many = ledger.filter(well)
    if many.height < PACK_FROM:
        many = many.clear()
    else:
        ledger = ledger.filter(~well)
    journal.record_rows(run_id, step, _records(_evidence(ledger), file, object_name))
    if many.height:
        journal.record_pack(run_id, step, RowPack(file.name, object_name, _packed(many)))


def _evidence(ledger: pl.DataFrame) -> pl.DataFrame:
    """The ledger in the journal's words. Keys in doubt are kept only where they look like keys of ours."""
    key = pl.col(KEY)
    ours = key.str.contains(r"\d") & key.str.contains(r"^[\w:./-]{1,64}$") & ~key.str.contains(r"^\d{8,}$")
    known = key.is_not_null() & (~pl.col("bucket").is_in(_DOUBTFUL) | ours)
    blamed = pl.format("{}: {}", "field", "reason")
    return ledger.select(
        pl.col(ROW).alias("row_number"),
        pl.when(known).then(key).otherwise(pl.format("row {}", ROW)).alias("key"),
        pl.col("bucket").cast(pl.String),
        pl.when(pl.col("field") != "").then(blamed).otherwise("reason").alias("reason"),
        pl.col(ID).alias("record_id"),
        "fields",
        "via",
    )


def _packed(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows that went well in the journal's words."""
    named = ledger.rename({ROW: "row_number", KEY: "key", ID: "record_id"})
    return named.select(RowPack.COLUMNS).with_columns(pl.col("bucket").cast(pl.String))


def _records(lines: pl.DataFrame, file: TableFile, object_name: str) -> Iterator[RowRecord]:
    for row, key, bucket, reason, record_id, fields, via in lines.iter_rows():
        yield RowRecord(
            key=key,
            bucket=_BUCKETS[bucket],
            reason=reason,
            file=file.name,
            row_number=row,
            record_id=record_id,
            object=object_name if bucket in _SENT else None,
            fields=tuple(fields.split(",")) if fields else (),
            via=via,
        )


def answer(
    file: TableFile, ledger: pl.DataFrame, catalogue: Catalogue
) -> tuple[str, Callable[[Path], object]]:
    """The answer's name, and what writes it in the catalogue's language."""
    from sfsync.tabular.answer import write_answer

    def write(out: Path) -> None:
        wanted = file.bound.columns.plan.headings
        answers = Answers(ledger, file, catalogue)
        write_answer(file.path, file.table, answers, out, head=catalogue.head, wanted=wanted)

    return answer_name(file), write


_TOLD = ["bucket", "reason", "field", "code", "others"]


class Answers(Mapping[int, "Answer"]):
    """The lines of a ledger, in order of their rows, as answers by row number; what many rows share is made once."""

    def __init__(self, ledger: pl.DataFrame, file: TableFile, catalogue: Catalogue) -> None:
        from sfsync.tabular.answer_cells import Answer

        self._file, self._catalogue = file, catalogue
        told = ledger.filter(pl.col("code") != "").select(ROW, *_TOLD)
        rules = [f"rule:{word}" for word in ABOUT_WORDS]
        asked = told.filter(pl.col("code").is_in(rules)).select(ROW, "field")
        hints = nearest_words(file, dict(asked.iter_rows()))
        words = [catalogue.say(hint)[0] for hint in hints.values()]
        near = pl.DataFrame({ROW: list(hints), "hint": words}, schema={ROW: pl.UInt32, "hint": pl.String})
        told = told.join(near, on=ROW, how="left", maintain_order="left")
        differ = told.drop(ROW).unique(maintain_order=True)
        self.said = [Answer(bucket.value) for bucket in Bucket] + [
            self._answer(*cells) for cells in differ.iter_rows()
        ]
        """The answers that differ; first those with nothing but their bucket."""
        differ = differ.with_row_index("number", offset=len(Bucket))
        found = told.join(differ, on=differ.columns[1:], how="left", nulls_equal=True)
        self._lines = (
            ledger.select(ROW, pl.col("bucket").to_physical().cast(pl.UInt32).alias("number"))
            .join(found.select(ROW, pl.col("number").alias("own")), on=ROW, how="left", maintain_order="left")
            .select(ROW, pl.coalesce("own", "number").alias("number"))
        )
        last = int(ledger[ROW][-1]) if ledger.height else 0
        nothing = pl.Series([None], dtype=pl.UInt32).new_from_index(0, last + 1)
        self._by_row = nothing.scatter(self._lines[ROW], self._lines["number"])

    def numbers(self, rows: pl.Series) -> pl.Series:
        """The place in ``said`` of the answer of each of these rows, which follow each other; null without one."""
        if not len(rows):
            return pl.Series(dtype=pl.UInt32)
        found = self._by_row[rows[0] : rows[0] + len(rows)]
        return found.extend_constant(None, len(rows) - len(found))

    def _answer(
        self, bucket: str, text: str, field: str, code: str, others: str, hint: str | None
    ) -> "Answer":
        from sfsync.tabular.answer_cells import Answer

        said, remedy = self._catalogue.say(reason_of(self._file, field, code, text, others))
        heading = self._file.bound.heading(field) or field if field else ""
        return Answer(bucket, said, heading, hint or remedy)

    def __getitem__(self, row: int) -> "Answer":
        return self.said[self._places[row]]

    def __contains__(self, row: object) -> bool:
        return row in self._places

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return self._lines.height

    @cached_property
    def _places(self) -> dict[int, int]:
        """Which answer each row has; only for those who ask row by row."""
        return dict(self._lines.iter_rows())


def reason_of(file: TableFile, field: str, code: str, text: str, others: str) -> str:
    """A line's reason as a value that can be said in other languages (columns as in LEDGER)."""
    kind, _, name = code.partition(":")
    if kind == "rule":
        return file.bound.reason(RowProblem(0, field, "", name, text, "error", others))
    if kind == "org":
        return refusal(name, text)
    ours = {NO_KEY.code: NO_KEY, "no_record": no_record(file.bound.mapping.object)}
    return same_key(int(others)) if others else ours.get(code) or Reason(code, text)
