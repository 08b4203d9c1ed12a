"""A table file on its way into the org, a block of rows at a time; what `import` of a mapping works on."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import FileRefused
from sfsync.records import Bucket

if TYPE_CHECKING:
    import polars as pl

    from sfsync.mapping.bind import Bound
    from sfsync.mapping.compile import CompiledMapping
    from sfsync.mapping.plan import Lookup
    from sfsync.mapping.rows import MappedBlock
    from sfsync.tabular.model import Table

Lookups = Mapping["Lookup", Mapping[str, Any]]
"""What was found in the org for each lookup of a mapping: value → wanted value."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that was opened and bound to a mapping; its rows are read when they are needed, and may be again."""

    path: Path
    name: str
    table: "Table"
    bound: "Bound"
    stamp: tuple[int, ...]
    """Which file it was when it was opened."""
    digested: Future[str]
    """Made in a thread since then."""

    @property
    def digest(self) -> str:
        """What tells the file's content from any other's; waits until all of it was read."""
        return self.digested.result()

    def blocks(
        self, lookups: Lookups | None = None, only: "pl.Series | None" = None
    ) -> "Iterator[MappedBlock]":
        """The mapped blocks in file order; of ``only`` these rows. Rows that the file itself broke are refused."""
        import polars as pl

        if only is None:
            return self.bound.map(self.table, lookups=lookups, broken=self.table.broken)

        def some() -> "Iterator[pl.DataFrame]":
            return (block.filter(pl.col("row").is_in(only.implode())) for block in self.table.blocks())

        return self.bound.map(some, lookups=lookups, broken=self.table.broken)

    def expected(self, first: "pl.DataFrame") -> int:
        """About how many rows there are, from the ``first`` block as it was read."""
        import polars as pl

        from sfsync.tabular.frames import ROWS

        if self.table.format == "csv":
            texts = first.drop("row")
            read = sum(int(column.str.len_bytes().sum()) for column in texts if column.dtype == pl.String)
            return first.height * self.path.stat().st_size // max(read + texts.width * first.height, 1)
        if first.height < ROWS // 2:  # there is no other block
            return first.height
        return sum(block.height for block in self.table.blocks())

    def check(self) -> None:
        """See that nobody has replaced the file since it was opened; raises FileRefused when somebody has."""
        if stamp(self.path) != self.stamp:
            raise FileRefused(
                self.name,
                "changed",
                "the file was replaced or written to while it was read; nothing more was sent.",
                hint="Import it again when it is complete.",
            )


def stamp(path: Path) -> tuple[int, ...]:
    """Which file it is and how it stands: another after it was replaced or written to; empty when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def open_file(path: Path, mapping: "CompiledMapping") -> TableFile:
    """Open a file by a mapping; raises FileRefused for a file that cannot be what the mapping describes."""
    from sfsync.tabular.answered import partner_columns
    from sfsync.tabular.model import Hints
    from sfsync.tabular.table import digest, open_table

    opened = stamp(path)
    table = open_table(path, Hints(wanted=mapping.wanted))
    bound = mapping.bind(
        partner_columns(table),
        file=table.file,
        sheet=table.sheet,
        header_row=table.header_row,
        date1904=table.date1904,
    )
    thread = ThreadPoolExecutor(1, thread_name_prefix="sfsync-digest")
    digested = thread.submit(digest, path)
    thread.shutdown(wait=False)
    return TableFile(path, path.name, table, bound, opened, digested)


def look_up(file: TableFile, find: Callable[["Lookup", "pl.Series"], Mapping[str, Any]]) -> Lookups | None:
    """Ask for everything that the mapping looks up; ``find`` gets the distinct values of one lookup."""
    import polars as pl

    wanted = file.bound.lookups
    if not wanted:
        return None
    values: dict[Lookup, list[pl.Series]] = {lookup: [] for lookup in wanted}
    for block in file.blocks():
        for lookup, parts in values.items():
            parts.append(block.names[lookup.name].drop_nulls().unique())
    return {lookup: find(lookup, pl.concat(parts).unique().sort()) for lookup, parts in values.items()}


def refused(block: "MappedBlock") -> "pl.DataFrame":
    """The rows that the mapping or the file stopped, with the columns of the import's ledger that say why."""
    import polars as pl

    bucket = (
        pl.when(pl.col("severity") == "duplicate")
        .then(pl.lit(Bucket.DUPLICATE.value))
        .when(pl.col("rule") == "not_found")
        .then(pl.lit(Bucket.NOT_FOUND.value))
        .otherwise(pl.lit(Bucket.INVALID.value))
    )
    return block.stopped.select(
        "row",
        pl.lit(None, pl.String).alias("key") if block.key is None else _keys(block),
        bucket.alias("bucket"),
        pl.col("message").alias("reason"),
        pl.col("name").alias("field"),
        pl.format("rule:{}", "rule").alias("code"),
        pl.col("rows").alias("others"),
    )


def _keys(block: "MappedBlock") -> "pl.Series":
    import polars as pl

    keys = pl.DataFrame({"row": block.frame["row"], "key": block.key})
    return block.stopped.join(keys, on="row", how="left", maintain_order="left")["key"].alias("key")
