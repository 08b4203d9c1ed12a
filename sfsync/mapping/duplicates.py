"""What stands twice in one file, over all its blocks.

The first pass reads the unique columns and keeps four bytes per row and name, a short hash of the value, and mostly
one more for the row's number. Only when some hash comes twice, a second pass reads the rows concerned whole and gives
the verdicts, so that memory grows with the trouble and hardly with the file.

A key that comes again with the same row is ``duplicate_exact`` (the later row only); with a different row it is
``duplicate_conflict``, and a value that rows of different keys share is ``used_twice``: both stand on all rows
concerned, for none of them can be trusted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from sfsync.ahead import ahead
from sfsync.mapping.block import as_series_of_text, read_names
from sfsync.mapping.columns import Columns
from sfsync.mapping.readers import Reading
from sfsync.mapping.rows import PROBLEM_SCHEMA
from sfsync.mapping.rules import NUMBERS, RULES, rows_reason
from sfsync.mapping.source import Source
from sfsync.mapping.texts import trimmed

MOST_ROWS_NAMED = 5
"""Rows that a message lists before it says that there are more."""

_SHORT = 2**32 - 1
_SEPARATOR = "\x1f"
_ENOUGH = 8_000
"""Rows that are worth the calls for each column."""


def find_duplicates(columns: Columns, source: Source) -> Callable[[], pl.DataFrame]:
    """Find what stands twice in the file; what is returned makes the second pass.

    That gives the problems (PROBLEM_SCHEMA) of all rows concerned, sorted by row.
    """
    names = tuple(name for name in columns.plan.unique if name in columns.positions)
    return partial(_judged, columns, names, source, *_repeated(columns, names, source))


def _judged(
    columns: Columns,
    names: tuple[str, ...],
    source: Source,
    repeated: Mapping[str, pl.Series],
    rows: pl.Series,
) -> pl.DataFrame:
    if not len(rows):
        return pl.DataFrame(schema=dict(PROBLEM_SCHEMA))
    suspects = list(_suspects(columns, names, repeated, source.pick(rows)))
    if not suspects:
        return pl.DataFrame(schema=dict(PROBLEM_SCHEMA))
    key = columns.plan.key_name if columns.plan.key_name in names else None
    return pl.concat(list(_verdicts(columns, names, key, pl.concat(suspects).sort("row")))).sort("row")


def _repeated(
    columns: Columns, names: tuple[str, ...], source: Source
) -> tuple[Mapping[str, pl.Series], pl.Series]:
    """First pass: the hashes that come more than once, per name; and the rows that have one of them."""
    items = {item.name: item for item in columns.plan.names}
    needed = {*names, *(region for name in names if (region := items[name].rule.region_from))}
    positions = {columns.positions[name] for name in needed if name in columns.positions}
    parts = list(
        ahead(partial(_hashes, columns, names), source.glance(positions), threads=columns.plan.threads)
    )
    found, rows = {}, pl.Series("row", dtype=pl.UInt32)
    for name in names:
        found[name] = _twice([part.hashes[name].drop_nulls() for part in parts])
        if len(found[name]):
            known = found[name].implode()
            rows.extend(pl.concat([part.rows(part.hashes[name].is_in(known)) for part in parts]))
    return found, rows.unique().sort()


def _twice(hashes: Sequence[pl.Series]) -> pl.Series:
    """The hashes that come more than once."""
    together = pl.concat([pl.Series(dtype=pl.UInt32), *hashes]).sort()
    following = together.slice(1)
    return following.filter(following == together.head(len(following))).unique()


@dataclass(frozen=True, slots=True)
class _Part:
    """Short hashes of the unique values of a block, null for nothing; and ``steps``, from each row to the next."""

    hashes: pl.DataFrame
    first: int
    steps: pl.Series

    def rows(self, where: pl.Series) -> pl.Series:
        """The numbers of some rows."""
        return (self.steps.cast(pl.UInt32).cum_sum() + self.first).filter(where)


def _hashes(columns: Columns, names: tuple[str, ...], made: Callable[[], pl.DataFrame]) -> _Part:
    block = made()
    readings = read_names(columns, block, only=frozenset(names))
    hashes = pl.DataFrame({name: _short(_hash_or_null(readings[name].values)) for name in names})
    row = block["row"]
    first = row[0] if len(row) else 0
    return _Part(hashes, first, row.diff().fill_null(0).shrink_dtype())


def _short(hashes: pl.Series) -> pl.Series:
    """What the first pass keeps of hashes; of a million values, some fifty pairs have the same by chance."""
    return (hashes & _SHORT).cast(pl.UInt32)


def _suspects(
    columns: Columns,
    names: tuple[str, ...],
    repeated: Mapping[str, pl.Series],
    blocks: Iterable[pl.DataFrame],
) -> Iterator[pl.DataFrame]:
    """Second pass: row, hash of each unique value, hash of the whole row; of the rows concerned."""
    for block in _together(blocks):
        readings = read_names(columns, block)
        found = pl.DataFrame(
            {
                "row": block["row"],
                "whole": _whole(columns, block, readings),
                **{name: _hash_or_null(readings[name].values) for name in names},
            }
        )
        concerned = [_short(found[name]).is_in(repeated[name].implode()) for name in names]
        yield found.filter(pl.any_horizontal(concerned).fill_null(value=False))


def _together(blocks: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Fewer and larger blocks: of most, a few rows are concerned."""
    held: list[pl.DataFrame] = []
    for block in blocks:
        held.append(block)
        if sum(part.height for part in held) >= _ENOUGH:
            yield pl.concat(held, how="diagonal")
            held = []
    if held:
        yield pl.concat(held, how="diagonal")


def _whole(columns: Columns, rows: pl.DataFrame, readings: Mapping[str, Reading]) -> pl.Series:
    """The hash of all values of a row; an unreadable value counts as it was typed."""
    texts = []
    for name, position in columns.positions.items():
        value = as_series_of_text(readings[name].values).alias(name)
        if str(position) not in rows.columns:
            continue
        typed = trimmed(rows[str(position)])
        texts.append(value.zip_with(value.is_not_null(), typed))
    joined = pl.DataFrame(texts).select_seq(pl.concat_str(pl.all().fill_null(""), separator=_SEPARATOR))
    return _hash(joined.to_series())


def _verdicts(
    columns: Columns, names: tuple[str, ...], key: str | None, suspects: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    taken = pl.Series("row", dtype=pl.UInt32)
    if key is not None:
        again = _grouped(suspects, key, kinds=pl.col("whole").n_unique()).filter(pl.col("count") > 1)
        conflict = again.filter(pl.col("kinds") > 1)
        exact = again.filter((pl.col("kinds") == 1) & (pl.col("row") != pl.col("rows").list.first()))
        yield _problems(columns, key, "duplicate_conflict", conflict)
        yield _problems(columns, key, "duplicate_exact", exact)
        taken = pl.concat([conflict["row"], exact["row"]])
    for name in names:
        if name == key:
            continue
        shared = _grouped(suspects, name, owners=pl.col(key or "row").n_unique())
        twice = shared.filter((pl.col("owners") > 1) & ~pl.col("row").is_in(taken.implode()))
        yield _problems(columns, name, "used_twice", twice)
        taken = pl.concat([taken, twice["row"]])


def _grouped(suspects: pl.DataFrame, name: str, **facts: pl.Expr) -> pl.DataFrame:
    """Rows with the facts of their group: those with the same value of ``name``. Only the first rows are listed."""
    rows = pl.col("row").head(MOST_ROWS_NAMED + 1)
    groups = (
        suspects.drop_nulls(name).group_by(name).agg(rows.alias("rows"), pl.len().alias("count"), **facts)
    )
    return suspects.join(groups, on=name, how="inner", maintain_order="left")


def _problems(columns: Columns, name: str, rule: str, rows: pl.DataFrame) -> pl.DataFrame:
    others = [_others(rule, *cells) for cells in rows.select_seq("row", "rows", "count").iter_rows()]
    return pl.DataFrame(
        {
            "row": rows["row"],
            "name": name,
            "heading": columns.heading(name),
            "rule": rule,
            "message": pl.Series([rows_reason(rule, listed) for listed in others], dtype=pl.String),
            "severity": RULES[NUMBERS[rule]].severity,
            "rows": pl.Series(others, dtype=pl.String),
        },
        schema=dict(PROBLEM_SCHEMA),
    )


def _others(rule: str, row: int, group: list[int], count: int) -> str:
    """The numbers of the rows that have the same value, as a message lists them."""
    if rule == "duplicate_exact":
        return str(group[0])
    others = [str(other) for other in group if other != row][:MOST_ROWS_NAMED]
    return ", ".join(others) + (", …" if count - 1 > len(others) else "")


def _hash(values: pl.Series) -> pl.Series:
    return as_series_of_text(values).hash()


def _hash_or_null(values: pl.Series) -> pl.Series:
    return _hash(values).zip_with(values.is_not_null(), pl.Series([None], dtype=pl.UInt64))
