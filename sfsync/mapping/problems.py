"""The first error of every row, and all warnings, gathered from the columns of rule numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from sfsync.mapping.rows import PROBLEM_SCHEMA

_STEP = 256
"""A problem travels as position of its check times 256, plus rule number: the lowest number is the first problem."""


@dataclass(frozen=True, slots=True)
class Check:
    """What one name, field or rejection found. ``message`` gives rule and sentence of a rule number."""

    name: str
    heading: str
    errors: pl.Series | None
    warnings: pl.Series | None
    message: Callable[[int], tuple[str, str]]


def gather(row: pl.Series, checks: Sequence[Check], doubles: pl.DataFrame | None) -> pl.DataFrame:
    """The problems of a block (PROBLEM_SCHEMA), in file order: a row's error before its warnings.

    ``doubles`` are problems of rows that stand twice; they count only for rows without an error of their own.
    """
    codes = [
        (check.errors.cast(pl.UInt32) + _STEP * n).alias(str(n))
        for n, check in enumerate(checks)
        if check.errors is not None
    ]
    parts = []
    if codes:
        first = pl.DataFrame(codes).select(pl.min_horizontal(pl.all())).to_series()
        parts.append(_told(row, first, checks, warn=False))
    if doubles is not None and doubles.height:
        mine = doubles.join(row.alias("row").to_frame(), on="row", how="semi")
        parts.append(mine.join(parts[0], on="row", how="anti") if parts else mine)
    parts += [
        _told(row, check.warnings.cast(pl.UInt32) + _STEP * n, checks, warn=True)
        for n, check in enumerate(checks)
        if check.warnings is not None
    ]
    if not parts:
        return pl.DataFrame(schema=dict(PROBLEM_SCHEMA))
    return pl.concat(parts).sort("row", maintain_order=True)


def _told(row: pl.Series, codes: pl.Series, checks: Sequence[Check], *, warn: bool) -> pl.DataFrame:
    """Rows with a code, and what the code means."""
    coded = pl.DataFrame({"row": row, "code": codes}).drop_nulls("code")
    meanings = []
    for code in coded["code"].unique().to_list():
        check, number = checks[code // _STEP], code % _STEP
        rule, message = check.message(number)
        meanings.append((code, check.name, check.heading, rule, message, "warn" if warn else "error", ""))
    schema = {"code": pl.UInt32, **{name: kind for name, kind in PROBLEM_SCHEMA.items() if name != "row"}}
    table = pl.DataFrame(meanings, schema=schema, orient="row")
    return coded.join(table, on="code", how="left", maintain_order="left").drop("code")
