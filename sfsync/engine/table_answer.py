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
_SENT = {Bucket.APPLIED.value, Bucket.FAILED.value}


def record(
    journal: "Journal", run_id: str, step: str, ledger: pl.DataFrame, file: TableFile, object_name: str
) -> None:
    """Keep where every row ended: those that went well in packs where they are many, all others one by one."""
    lines = _evidence(ledger)
    well = pl.col("bucket").is_in(_WELL) & (pl.col("reason") == "")
    many = lines.filter(well)
    if many.height < PACK_FROM:
        many = many.clear()
    else:
        lines = lines.filter(~well)
    journal.record_rows(run_id, step, _records(lines, file, object_name))
    if many.height:
        journal.record_pack(run_id, step, RowPack(file.name, object_name, many.select(RowPack.COLUMNS)))


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


def _records(lines: pl.DataFrame, file: TableFile, object_name: str) -> Iterator[RowRecord]:
    for row, key, bucket, reason, record_id, fields, via in lines.iter_rows():
        yield RowRecord(
            key=key,
            bucket=Bucket(bucket),
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


class Answers(Mapping[int, "Answer"]):
    """The lines of a ledger as answers by row number, each made when it is asked for."""

    def __init__(self, ledger: pl.DataFrame, file: TableFile, catalogue: Catalogue) -> None:
        self._lines = ledger.select(ROW, "bucket", "reason", "field", "code", "others")
        self._same: dict[str, Answer] = {}
        self._file, self._catalogue = file, catalogue
        rules = [f"rule:{word}" for word in ABOUT_WORDS]
        asked = ledger.filter(pl.col("code").is_in(rules)).select(ROW, "field")
        self._hints = nearest_words(file, dict(asked.iter_rows()))

    def plain(self, rows: pl.Series) -> pl.Series:
        """The bucket of each of these rows, null where there is a reason to tell or no answer."""
        said = pl.DataFrame({ROW: rows}).join(
            self._lines.filter(pl.col("code") == "").select(ROW, "bucket"),
            on=ROW,
            how="left",
            maintain_order="left",
        )
        return said["bucket"]

    def __getitem__(self, row: int) -> "Answer":
        from sfsync.tabular.answer_cells import Answer

        place = self._places[row]
        if not self._codes[place]:
            return self._same.setdefault(self._buckets[place], Answer(self._buckets[place]))
        _, bucket, reason, field, code, others = self._lines.row(place)
        why = reason_of(self._file, row, field, code, reason, others)
        said, remedy = self._catalogue.say(why)
        hint, _ = self._catalogue.say(self._hints.get(row, ""))
        heading = self._file.bound.heading(field) or field if field else ""
        return Answer(bucket, said, heading, hint or remedy)

    def __contains__(self, row: object) -> bool:
        return row in self._places

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def _places(self) -> dict[int, int]:
        """Where the line of each row is; only for those who ask row by row."""
        return {row: place for place, row in enumerate(self._lines[ROW])}

    @cached_property
    def _buckets(self) -> list[str]:
        return self._lines["bucket"].to_list()

    @cached_property
    def _codes(self) -> list[str]:
        return self._lines["code"].to_list()


def reason_of(file: TableFile, row: int, field: str, code: str, text: str, others: str) -> str:
    """A line's reason as a value that can be said in other languages (columns as in LEDGER)."""
    kind, _, name = code.partition(":")
    if kind == "rule":
        return file.bound.reason(RowProblem(row, field, "", name, text, "error", others))
    if kind == "org":
        return refusal(name, text)
    ours = {NO_KEY.code: NO_KEY, "no_record": no_record(file.bound.mapping.object)}
    return same_key(int(others)) if others else ours.get(code) or Reason(code, text)
