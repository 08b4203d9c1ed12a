"""What a table's rows would change in the org: columns compared as ``records.changed`` compares values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

ROW, KEY, ID = "row", "key", "Id"
_WAS = "was "
"""In front of a field's name: the column of what the org holds."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Rows (``row``, ``key``, ``Id``, then the fields as wanted) by what is to be done about them, in file order.

    ``changed`` has a Boolean column for each field of ``differing``, row by row; ``before`` what the org holds.
    """

    new: pl.DataFrame
    same: pl.DataFrame
    differing: pl.DataFrame
    changed: pl.DataFrame
    before: pl.DataFrame

    @property
    def blanks(self) -> int:
        """Filled fields that would be emptied."""
        counts = [(self.changed[name] & empty(self.differing[name])).sum() for name in self.changed.columns]
        return sum(map(int, counts))


def compare(wanted: pl.DataFrame, found: pl.DataFrame, paths: Mapping[str, str]) -> Differences:
    """Compare rows with the records that have their keys.

    ``wanted`` has ``row``, ``key`` and the fields as JSON has them; ``found`` has ``key``, ``Id`` and, for each field
    of ``paths``, what the org holds in the column that ``paths`` names.
    """
    plain = [ROW, KEY, ID, *paths]
    if found.is_empty():
        new = wanted.with_columns(pl.lit(None, pl.String).alias(ID)).select(plain)
        changed = pl.DataFrame(schema=dict.fromkeys(paths, pl.Boolean))
        return Differences(
            new, new.clear().select(ROW, KEY, ID), new.clear(), changed, new.clear().select(*paths)
        )
    held = found.select(KEY, ID, *[pl.col(path).alias(_WAS + name) for name, path in paths.items()])
    both = wanted.join(held, on=KEY, how="left", maintain_order="left")
    missing = both[ID].is_null()
    known = both.filter(~missing)
    masks = [differs(known[name], known[_WAS + name]).alias(name) for name in paths]
    changed = pl.DataFrame(masks) if masks else pl.DataFrame(height=known.height)
    any_changed = (
        changed.select(pl.any_horizontal(pl.all()).alias("any"))["any"]
        if masks
        else pl.repeat(value=False, n=known.height, dtype=pl.Boolean, eager=True)
    )
    differing = known.filter(any_changed)
    return Differences(
        both.filter(missing).select(plain),
        known.filter(~any_changed).select(ROW, KEY, ID),
        differing.select(plain),
        changed.filter(any_changed),
        differing.select([pl.col(_WAS + name).alias(name) for name in paths]),
    )


def empty(values: pl.Series) -> pl.Series:
    """True where there is nothing: null, or an empty text."""
    return values.is_null() | (values == "") if values.dtype == pl.String else values.is_null()


def differs(wanted: pl.Series, held: pl.Series) -> pl.Series:
    """Where two columns mean different things to an org; never null.

    As ``records.same``, and where one side has numbers and the other texts they are compared as numbers.
    """
    if wanted.dtype == pl.Boolean and held.dtype == pl.Boolean:
        return wanted.ne_missing(held)
    if wanted.dtype.is_numeric() or held.dtype.is_numeric():
        numbers = [side.cast(pl.Float64, strict=False) for side in (wanted, held)]
        unread = [
            empty(side) != number.is_null() for side, number in zip((wanted, held), numbers, strict=True)
        ]
        return numbers[0].ne_missing(numbers[1]) | unread[0] | unread[1]
    texts = [side.cast(pl.String).fill_null("") for side in (wanted, held)]
    different = texts[0] != texts[1]
    moments = different & (texts[0].str.slice(10, 1) == "T") & (texts[1].str.slice(10, 1) == "T")
    if moments.any():
        instants = [_instant(text) for text in texts]
        different &= ~(moments & (instants[0] == instants[1]).fill_null(value=False))
    return different


def _instant(text: pl.Series) -> pl.Series:
    return text.str.replace("Z$", "+00:00").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_zone="UTC"
    )
