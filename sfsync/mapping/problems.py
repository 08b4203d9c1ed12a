"""The first error of every row, and all warnings, gathered from the columns of rule numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from sfsync.mapping.rows import PROBLEM_SCHEMA

_STEP = 256
"""A problem travels as position of its check times 256, plus rule number: the lowest number is the first problem."""
_WARNING = 2**31
"""What the number of a warning has on top."""


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
    errors = _found(row, [(n, check.errors) for n, check in enumerate(checks)])
    errors = errors.sort("row", "code").unique("row", keep="first", maintain_order=True)
    warnings = _found(row, [(n, check.warnings) for n, check in enumerate(checks)], _WARNING)
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


def _found(row: pl.Series, numbers: Sequence[tuple[int, pl.Series | None]], extra: int = 0) -> pl.DataFrame:
    """Rows and codes of problems, of the positions of checks and what they found."""
    rows, codes = [pl.Series(dtype=pl.UInt32)], [pl.Series(dtype=pl.UInt32)]
    for n, found in numbers:
        if found is not None:
            where = found.is_not_null()
            rows.append(row.filter(where))
            codes.append(found.filter(where).cast(pl.UInt32) + (extra + _STEP * n))
    return pl.DataFrame({"row": pl.concat(rows), "code": pl.concat(codes)})


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
