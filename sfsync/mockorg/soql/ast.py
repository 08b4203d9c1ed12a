"""The syntax tree of a SOQL query: frozen values. Positions serve error messages and do not count for equality."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Path:
    """A field, maybe of a parent: ``Account.Owner.Name``."""

    names: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function: ``COUNT(Id)``, ``CALENDAR_YEAR(CreatedDate)``, ``FIELDS(ALL)``."""

    name: str
    arguments: "tuple[Path | Call, ...]"
    at: int = field(default=0, compare=False)


Expression = Path | Call


@dataclass(frozen=True, slots=True)
class Text:
    r"""``'text'``, its escapes resolved except those of LIKE's wildcards (``\_`` and ``\%``)."""

    value: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, as written."""

    value: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Boolean:
    """``true`` or ``false``."""

    value: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Null:
    """``null``."""

    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Day:
    """``2024-01-31``."""

    value: date
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """``2024-01-31T10:00:00Z``, as stored: UTC with milliseconds and ``+0000``."""

    value: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class DateWord:
    """``TODAY`` or ``LAST_N_DAYS:7``, in upper case."""

    name: str
    count: int | None = None
    at: int = field(default=0, compare=False)


Literal = Text | Number | Boolean | Null | Day | Moment | DateWord


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field = value``; ``operator`` is one of = != < <= > >= LIKE."""

    left: Expression
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """``field [NOT] IN (values)``."""

    left: Expression
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AmongQuery:
    """``field [NOT] IN (SELECT …)``: a semi-join or anti-join."""

    left: Expression
    query: "Query"
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Includes:
    """``field INCLUDES|EXCLUDES ('A;B', 'C')``."""

    left: Expression
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """``NOT condition``."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by one word, ``AND`` or ``OR``; mixing the two takes parentheses."""

    word: str
    conditions: "tuple[Condition, ...]"


Condition = Comparison | Among | AmongQuery | Includes | Not | Joined


@dataclass(frozen=True, slots=True)
class Selected:
    """A field or function of the SELECT list with its alias."""

    expression: Expression
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class TypeOf:
    """``TYPEOF Who WHEN Lead THEN Company, Name ELSE Name END``: fields by the object a polymorphic parent is."""

    parent: Path
    cases: tuple[tuple[Path, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordering:
    """One item of ORDER BY; ``nulls_first`` is None when not said."""

    expression: Expression
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT statement."""

    select: "tuple[Selected | TypeOf | Query, ...]"
    object: str
    alias: str | None = None
    scope: str | None = None
    where: Condition | None = None
    group_by: tuple[Expression, ...] = ()
    having: Condition | None = None
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int | None = None
    at: int = field(default=0, compare=False)
