"""Conditions over our names, as in ``required_if``, ``when`` and ``reject_if``: YAML to one expression."""

from collections.abc import Mapping

import polars as pl

from sfsync.mapping.model import Check, Plain, When
from sfsync.mapping.stamps import DAY, INSTANT


def holds(when: When, types: Mapping[str, pl.DataType]) -> pl.Expr:
    """True where any of the alternatives holds; never null. ``types`` are those of our names' columns."""
    alternatives = [
        pl.all_horizontal([_check(name, check, types[name]) for name, check in alternative.items()])
        for alternative in when
    ]
    return pl.any_horizontal(alternatives)


def _check(name: str, check: Check, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    parts = []
    if check.equals is not None:
        parts.append(_equals(column, check.equals, dtype))
    if check.one_of is not None:
        parts.append(pl.any_horizontal([_equals(column, value, dtype) for value in check.one_of]))
    if check.matches is not None:
        parts.append(as_text(column, dtype).str.contains(f"(?i){check.matches}"))
    if check.empty is not None:
        parts.append(column.is_null() if check.empty else column.is_not_null())
    if check.not_ is not None:
        parts.append(~_check(name, check.not_, dtype))
    return pl.all_horizontal([part.fill_null(value=False) for part in parts])


def _equals(column: pl.Expr, value: Plain, dtype: pl.DataType) -> pl.Expr:
    if comparable(value, dtype) and (dtype == pl.Boolean or dtype.is_numeric()):
        return column == value
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return as_text(column, dtype).str.to_lowercase() == text.lower()


def comparable(value: Plain, dtype: pl.DataType) -> bool:
    """Whether a value of a condition can ever equal a column of ``dtype``."""
    if dtype == pl.Boolean:
        return isinstance(value, bool)
    if dtype.is_numeric():
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) or dtype == pl.String


def as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A column as text: dates ISO 8601, instants in UTC with Z, whole numbers without a point, true and false."""
    if dtype == pl.String:
        return column
    if dtype == pl.Date:
        return column.dt.strftime(DAY)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(INSTANT)
    if dtype == pl.Float64:
        return column.cast(pl.String).str.strip_suffix(".0")
    return column.cast(pl.String)
