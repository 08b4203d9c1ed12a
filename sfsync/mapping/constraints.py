"""What a value must be once it is read: length, bounds, pattern, choice, presence; and what fills an empty one."""

from dataclasses import dataclass

import polars as pl

from sfsync.mapping.model import Rule
from sfsync.mapping.readers import Reading
from sfsync.mapping.rules import NUMBERS


@dataclass(frozen=True, slots=True)
class Constraints:
    """The rule of one name or field, made ready for columns. ``default`` and ``one_of`` hold read values."""

    rule: Rule
    dtype: pl.DataType
    default: object = None
    one_of: tuple[object, ...] | None = None

    def apply(self, reading: Reading) -> Reading:
        """Check a column; ``required_if`` comes later, when all names are read (``present``)."""
        rule = self.rule
        values, errors, warnings = reading.values, reading.errors, reading.warnings
        if rule.unusable == "blank" and errors is not None:
            errors, warnings = None, first(errors, warnings)
        values = self._cased(values)
        for name, broken in self._broken(values):
            if name == "too_long" and rule.truncate:
                values = values.str.slice(0, int(rule.max or 0))
                warnings = first(warnings, mark(broken, "truncated"))
            elif rule.unusable == "blank":
                values = values.set(broken, None)
                warnings = first(warnings, mark(broken, name))
            else:
                errors = first(errors, mark(broken, name))
        if self.default is not None:
            empty = values.is_null() if errors is None else values.is_null() & errors.is_null()
            values = values.zip_with(~empty, pl.Series([self.default], dtype=self.dtype))
        if rule.required and values.null_count():
            errors = first(errors, mark(values.is_null(), "missing"))
        if errors is not None and errors.null_count() < len(errors):
            values = values.set(errors.is_not_null(), None)  # never a value that broke a rule
        return Reading(values, errors, warnings)

    def present(self, reading: Reading, where: pl.Series) -> Reading:
        """An empty value is an error where ``where`` holds."""
        missing = reading.values.is_null() & where
        if not missing.any():
            return reading
        return Reading(reading.values, first(reading.errors, mark(missing, "missing")), reading.warnings)

    def _cased(self, values: pl.Series) -> pl.Series:
        match self.rule.case:
            case "upper":
                return values.str.to_uppercase()
            case "lower":
                return values.str.to_lowercase()
            case "title":
                frame = values.to_frame("t")
                text = pl.col("t")
                one_case = (text == text.str.to_uppercase()) | (text == text.str.to_lowercase())
                return frame.select_seq(pl.when(one_case).then(text.str.to_titlecase()).otherwise(text))["t"]
            case _:
                return values

    def _broken(self, values: pl.Series) -> list[tuple[str, pl.Series]]:
        """Each rule that is broken here, in order, with where it is. Empty values break none of these."""
        rule, value = self.rule, pl.col("v")
        tests: dict[str, pl.Expr] = {}
        if self.dtype == pl.String:
            size = value.str.len_chars()
            if rule.length is not None and rule.type != "digits":
                tests["length"] = size != rule.length
            if rule.min is not None:
                tests["too_short"] = size < rule.min
            # The bytes are known, characters must be counted; there are never more of them than of bytes.
            if rule.max is not None and (values.str.len_bytes() > rule.max).any():
                tests["too_long"] = size > rule.max
            if rule.pattern is not None:
                tests["pattern"] = ~value.str.contains(f"^(?:{rule.pattern})$")
        elif self.dtype.is_numeric():
            if rule.min is not None:
                tests["too_small"] = value < rule.min
            if rule.max is not None:
                tests["too_large"] = value > rule.max
        if self.one_of is not None:
            allowed = pl.Series(self.one_of, dtype=self.dtype)
            tests["one_of"] = ~value.is_in(allowed.implode())
        if not tests:
            return []
        found = values.to_frame("v").select_seq(test.alias(n) for n, test in tests.items())
        return [(broken.name, broken.fill_null(value=False)) for broken in found if broken.any()]


def first(left: pl.Series | None, right: pl.Series | None) -> pl.Series | None:
    """Per row the rule number of ``left``, else that of ``right``."""
    if left is None or right is None:
        return right if left is None else left
    return left.zip_with(left.is_not_null(), right)


def mark(where: pl.Series, rule: str) -> pl.Series:
    """The number of ``rule`` where ``where`` is true, null elsewhere."""
    number = pl.Series([NUMBERS[rule]], dtype=pl.UInt8)
    return number.new_from_index(0, len(where)).zip_with(where, pl.Series([None], dtype=pl.UInt8))
