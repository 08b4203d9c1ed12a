"""A project's own functions in the reading of a column: ``transform: name`` in a mapping.

The function gets the text of a cell and gives what the type of the name then reads. It is called once for each
distinct text, and never for empty cells, so that a slow one stays quick enough on a million rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from inspect import isfunction
from types import ModuleType

import polars as pl

from sfsync.cells import Kind
from sfsync.errors import ConfigError
from sfsync.languages.reason import Reason
from sfsync.mapping.readers import MAX_REMEMBERED, Reader, Reading, without_broken
from sfsync.mapping.texts import trimmed

Result = str | int | float | Decimal | bool | date | None
Function = Callable[[str], Result]
Functions = Callable[[], Mapping[str, Function]]
"""Gives a project's functions by name; only called where a mapping uses one."""

FIRST = 200
"""The number of a transform's first reason; below are the rules that all mappings share."""
_MOST = 255 - FIRST

_Told = tuple[str | None, int, int | None]
"""What a function made of a text: a text, its kind, the number of a reason."""


@dataclass(slots=True)
class TransformedReader(Reader):
    """Reads what ``function`` makes of each text with ``base``. A ValueError is the reason to refuse the row."""

    name: str = ""
    function: Function = str
    base: Reader = field(default_factory=lambda: Reader(pl.String()))
    reasons: list[Reason] = field(default_factory=list)
    _made: dict[str, _Told] = field(default_factory=dict)

    def read(self, text: pl.Series, kinds: pl.Series | None = None) -> Reading:
        broken = None
        if kinds is not None:
            text, broken, _ = without_broken(text, kinds)
        frame = pl.DataFrame({"t": trimmed(text)})
        distinct = frame.drop_nulls().unique()
        if len(self._made) > MAX_REMEMBERED:
            self._made.clear()
        told = [self._call(one) for one in distinct["t"].to_list()]
        distinct = distinct.with_columns_seq(
            pl.Series("text", [one[0] for one in told], dtype=pl.String),
            pl.Series("kind", [one[1] for one in told], dtype=pl.UInt8),
            pl.Series("error", [one[2] for one in told], dtype=pl.UInt8),
        )
        made = frame.join(distinct, on="t", how="left", maintain_order="left")
        kind = made["kind"].fill_null(int(Kind.TEXT))
        reading = self.base.read(made["text"], kind if (kind != Kind.TEXT).any() else None)
        errors = _first(_first(broken, made["error"]), reading.errors)
        return Reading(
            reading.values, errors if errors is not None and errors.count() else None, reading.warnings
        )

    def reason(self, number: int) -> Reason | None:
        return self.reasons[number - FIRST] if number >= FIRST else None

    def _call(self, text: str) -> _Told:
        if text not in self._made:
            try:
                self._made[text] = _told(self.function(text))
            except ValueError as error:
                self._made[text] = (None, Kind.TEXT, self._number(error))
            except Exception as error:  # a mistake in somebody's function, of whatever kind
                raise ConfigError(
                    f"The transform {self.name} stopped with {type(error).__name__} ({_place(error)}).",
                    hint="Mend the function. To refuse a value, let it raise ValueError with the reason.",
                ) from error
        return self._made[text]

    def _number(self, error: ValueError) -> int:
        said = error.args[0] if error.args else ""
        own = f"transform_{self.name}"  # a project may say it in other languages by this code
        reason = said if isinstance(said, Reason) else Reason(own, str(said) or f"{self.name} refuses it.")
        if reason not in self.reasons:
            if len(self.reasons) >= _MOST:  # the reasons quote values, and values are endless
                self.reasons[_MOST - 1 :] = [
                    Reason("transform_refused", "{name} refuses it.", name=self.name)
                ]
                return FIRST + _MOST - 1
            self.reasons.append(reason)
        return FIRST + self.reasons.index(reason)


def own_reason(reader: Reader | None, message: str) -> Reason | None:
    """The reason of a transform that was printed as ``message``."""
    reasons = reader.reasons if isinstance(reader, TransformedReader) else ()
    return next((reason for reason in reasons if reason == message), None)


def public_functions(module: ModuleType) -> dict[str, Function]:
    """The functions that a file of ``transforms/`` defines itself; names that begin with _ are its own affair."""
    return {
        name: found
        for name, found in vars(module).items()
        if isfunction(found) and found.__module__ == module.__name__ and not name.startswith("_")
    }


def _first(left: pl.Series | None, right: pl.Series | None) -> pl.Series | None:
    if left is None or right is None:
        return right if left is None else left
    return left.zip_with(left.is_not_null(), right)


def _told(made: object) -> _Told:
    match made:
        case None | "":
            return None, Kind.TEXT, None
        case bool():
            return ("true" if made else "false"), Kind.BOOLEAN, None
        case int() | float() | Decimal():
            return format(Decimal(str(made)), "f"), Kind.NUMBER, None
        case datetime() | date():
            return made.isoformat(), Kind.DATE, None
        case str():
            return made, Kind.TEXT, None
        case _:
            raise TypeError(f"a text, number, date, boolean or None is expected, not {type(made).__name__}")


def _place(error: BaseException) -> str:
    """The line of the function where it stopped; never the value that it had."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "before its first line"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}, line {trace.tb_lineno}"
