"""The first error of every row, and all warnings, gathered from the columns of rule numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from sfsync.mapping.rows import PROBLEM_SCHEMA

_STEP = 256
"""A problem travels as position of its check times 256, plus rule number: the lowest number is the first problem."""
_WARNING = 2**31
"""What the number of a warning has on top."""
_CODED = {"row": pl.UInt32, "code": pl.UInt32}


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

    ``doubles`` are problems of rows that stand twice, sorted by row; a row's own error comes before them.
    """
    errors = _first(row, [(n, check.errors) for n, check in enumerate(checks) if check.errors is not None])
    warnings = _all(
        row, [(n, check.warnings) for n, check in enumerate(checks) if check.warnings is not None]
    )
    parts = [_told(pl.concat([errors, warnings]), checks)]
    mine = None if doubles is None else _between(doubles, row)
    if mine is not None and mine.height:
        parts.insert(0, mine.join(errors, on="row", how="anti"))
    return pl.concat(parts).sort("row", maintain_order=True)


def _between(doubles: pl.DataFrame, row: pl.Series) -> pl.DataFrame:
    """Those of a block's rows, of the sorted ones of the file."""
    if row.is_empty():
        return doubles.clear()
    numbers = doubles["row"]
    return doubles[int(numbers.search_sorted(row[0])) : int(numbers.search_sorted(row[-1], side="right"))]


def _first(row: pl.Series, numbers: Sequence[tuple[int, pl.Series]]) -> pl.DataFrame:
    """Rows and codes of their first errors, of the positions of checks and what they found."""
    if not numbers:
        return pl.DataFrame(schema=_CODED)
    found = pl.DataFrame([series.alias(str(n)) for n, series in numbers])
    codes = [pl.col(str(n)).cast(pl.UInt32) + _STEP * n for n, _ in numbers]
    code = found.select_seq(pl.min_horizontal(codes).alias("code")).to_series()
    where = code.is_not_null()
    return pl.DataFrame({"row": row.filter(where), "code": code.filter(where)})


def _all(row: pl.Series, numbers: Sequence[tuple[int, pl.Series]]) -> pl.DataFrame:
    """Rows and codes of all warnings."""
    parts = [pl.DataFrame(schema=_CODED)]
    for n, found in numbers:
        where = found.is_not_null()
        codes = found.filter(where).cast(pl.UInt32) + (_WARNING + _STEP * n)
        parts.append(pl.DataFrame({"row": row.filter(where), "code": codes}))
    return pl.concat(parts)


def _told(coded: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """Rows with a code, and what the code means."""
    if coded.is_empty():
        return pl.DataFrame(schema=dict(PROBLEM_SCHEMA))
    meanings = []
    for code in coded["code"].unique().to_list():
        check, number = checks[code % _WARNING // _STEP], code % _STEP
        rule, message = check.message(number)
        severity = "warn" if code >= _WARNING else "error"
        meanings.append((code, check.name, check.heading, rule, message, severity, ""))
    schema = {"code": pl.UInt32, **{name: kind for name, kind in PROBLEM_SCHEMA.items() if name != "row"}}
    table = pl.DataFrame(meanings, schema=schema, orient="row")
    return coded.join(table, on="code", how="left", maintain_order="left").drop("code")
