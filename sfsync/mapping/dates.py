"""One date or date-time as people write it: order of day and month, month names, ISO, Excel serials, zones.

Nothing is guessed: a text that is a date only in another order than the declared one is an error. ISO notation and
month names say their order themselves, so they are read whatever the order.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from sfsync.cells import ZERO_WIDTH, Kind

EXCEL_DAY_ONE = date(1900, 3, 1)
"""Excel's calendar is off before this day: it holds a 29 February 1900 that never was (Microsoft KB 214326)."""

_EPOCH_1900 = date(1899, 12, 30)
_EPOCH_1904 = date(1904, 1, 1)
_LAST_SERIAL = 2958465  # 31 December 9999

_NAMES = """
january januari janvier januar jänner gennaio styczeń stycznia
february februari février februar feber febbraio luty lutego
march maart mars märz marzo marzec marca
april avril aprile kwiecień kwietnia
may mei mai maggio maj maja
june juni juin giugno czerwiec czerwca
july juli juillet luglio lipiec lipca
august augustus août agosto sierpień sierpnia
september septembre settembre wrzesień września
october oktober octobre ottobre październik października
november novembre listopad listopada
december dezember décembre dicembre grudzień grudnia
"""
_SHORT = """
jan janv jän gen sty
feb févr fév febr lut
mar mrt maa mär mrz mars
apr avr kwi
may mei mai mag maj
jun juin giu cze
jul juil lug lip
aug août aou ago sie
sep sept set wrz
oct okt ott paź
nov lis
dec dez déc dic gru
"""


def _plain(word: str) -> str:
    """Without accents and case, for comparing month names (``ń`` and ``ź`` too; ``ł`` is not in any)."""
    return "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))


MONTHS = {
    _plain(word): month
    for names in (_NAMES, _SHORT)
    for month, line in enumerate(names.strip().splitlines(), start=1)
    for word in line.split()
}
"""Month names and their short forms in English, Dutch, French, German, Italian and Polish."""

_ZONES = {"z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "eet": 120, "eest": 180}

_TIME = re.compile(
    r"(?P<h>\d{1,2})(?:[:.h](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?:[.,]\d{1,9})?)?)?\s*(?:uhr|uur)?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?"
    r"\s*(?P<zone>z|utc|gmt|wes?t|ces?t|ees?t|(?:utc|gmt)?[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_CLOCK = re.compile(r"^\d{1,2}(?::\d{2}(?::\d{2})?|[.h]\d{2})(?:\s*[ap]m)?$")
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?=$|[t ])")
_CJK = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})[日号]")
_NUMERIC = re.compile(r"^(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})(?!\d)")
_DAY_NAME = (
    r"^(\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s.-]*(?:de\s+|of\s+)?([^\W\d_]+)\.?,?[\s-]*(\d{4}|\d{2})(?!\d)"
)
_NAME_DAY = r"^([^\W\d_]+)\.?[\s-]*(\d{1,2})(?:st|nd|rd|th)?,?[\s-]+(\d{4})(?!\d)"
_WEEKDAY = re.compile(r"^[^\W\d_]{2,10}\.?,\s+(?=\d)")
_SERIAL = re.compile(r"^-?\d{1,7}(?:\.\d+)?$")
_TEXT_SERIAL = re.compile(r"^[2-9]\d{4}(?:\.\d+)?$")
"""Five digits in a text, from 1954 on: a serial that was stored as text."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, its time when one was written, and the offset from UTC when one was written."""

    day: date
    clock: time | None = None
    offset: int | None = None
    """Minutes east of UTC."""
    warning: str | None = None

    @property
    def wall(self) -> datetime:
        return datetime.combine(self.day, self.clock or time())

    @property
    def instant(self) -> datetime | None:
        """The point in time; None when no zone was written."""
        if self.offset is None:
            return None
        return self.wall.replace(tzinfo=timezone(timedelta(minutes=self.offset)))


@dataclass(frozen=True, slots=True)
class Notation:
    """What a mapping says about dates. ``order`` None: only notations that say their order themselves."""

    order: str | None = None
    formats: tuple[str, ...] = ()
    pivot: int = 50
    date1904: bool = False


def read_moment(text: str, kind: Kind, notation: Notation) -> Moment | str | None:
    """A cell as a Moment, the name of the rule that it breaks, or None for an empty cell."""
    plain = unicodedata.normalize("NFKC", text.translate(dict.fromkeys(map(ord, ZERO_WIDTH))))
    plain = " ".join(plain.split()).casefold()
    if not plain:
        return None
    match kind:
        case Kind.NUMBER:
            return _from_number(plain, notation)
        case Kind.TIME:
            return "time_without_date"
        case Kind.DATE:
            moment = _from_text(plain, notation)
            early = isinstance(moment, Moment) and moment.day < EXCEL_DAY_ONE
            return "date_impossible" if early else moment
        case Kind.TEXT:
            return _from_formats(text, notation) if notation.formats else _from_text(plain, notation)
        case _:
            return "date_unparsed"


def _from_formats(text: str, notation: Notation) -> Moment | str:
    for form in notation.formats:
        try:
            found = datetime.strptime(text.strip(), form)  # noqa: DTZ007  the mapping's zone is applied later
        except ValueError:
            continue
        timed = any(sign in form for sign in ("%H", "%I", "%T", "%X", "%c"))
        offset = found.utcoffset()
        minutes = None if offset is None else int(offset.total_seconds() // 60)
        return Moment(found.date(), found.time() if timed else None, minutes)
    return "date_unparsed"


def _from_number(plain: str, notation: Notation) -> Moment | str:
    """An Excel serial, or a number that spells the day: 20230728."""
    if (found := _COMPACT.match(plain.removesuffix(".0"))) and "1900" <= found[1] <= "2999":
        return _day(*map(int, found.groups()))
    if not _SERIAL.match(plain):
        return "date_unparsed"
    return _serial(float(plain), date1904=notation.date1904)


def _serial(value: float, *, date1904: bool) -> Moment | str:
    if not 0 <= value <= _LAST_SERIAL or (not date1904 and value < 61):
        return "date_impossible"
    seconds = round(value * 86400)
    days, rest = divmod(seconds, 86400)
    day = (_EPOCH_1904 if date1904 else _EPOCH_1900) + timedelta(days=days)
    return Moment(day, time(rest // 3600, rest // 60 % 60, rest % 60) if rest else None)


def _from_text(plain: str, notation: Notation) -> Moment | str:
    if _TEXT_SERIAL.match(plain):
        found = _serial(float(plain), date1904=notation.date1904)
        return (
            found if isinstance(found, str) else Moment(found.day, found.clock, None, "number_stored_as_text")
        )
    if _CLOCK.match(plain):
        return "time_without_date"
    plain = _WEEKDAY.sub("", plain)
    day, rest = _split(plain, notation)
    if isinstance(day, str):
        return day
    rest = rest.strip(" ,").removeprefix("t").strip()
    rest = re.sub(r"^(?:om|à|um|alle|at|o)\s+(?=\d)", "", rest)
    if not rest:
        return Moment(day)
    clock = _TIME.fullmatch(rest)
    if clock is None:
        return "date_unparsed"
    return _timed(day, clock)


def _split(plain: str, notation: Notation) -> tuple[date | str, str]:
    """The day at the beginning of a text, or the rule it breaks; and what follows it."""
    for form in (_ISO, _CJK, _COMPACT):
        if found := form.match(plain):
            return _valid(*map(int, found.groups())), plain[found.end() :]
    for pattern, day_at, month_at in ((_DAY_NAME, 1, 2), (_NAME_DAY, 2, 1)):
        if (found := re.match(pattern, plain)) and (month := MONTHS.get(_plain(found[month_at]))):
            return _valid(_year(found[3], notation.pivot), month, int(found[day_at])), plain[found.end() :]
    if found := _NUMERIC.match(plain):
        return _ordered(found[1], found[3], found[4], notation), plain[found.end() :]
    return "date_unparsed", ""


def _ordered(a: str, b: str, c: str, notation: Notation) -> date | str:
    """Three numbers in the declared order; ``date_order`` when only another order makes them a day."""
    if len(a) > 2 and len(c) > 2:
        return "date_unparsed"
    order = notation.order
    if len(a) > 2:  # a year of four digits in front: the rest follows by size, as in ISO
        order = "ymd" if len(a) == 4 else None
    elif order == "ymd" and len(c) == 4:
        return "date_order"
    if order is None:
        return "date_order" if len(a) <= 2 and len(c) in {2, 4} else "date_unparsed"
    found = _in_order(a, b, c, order, notation.pivot)
    if isinstance(found, str):
        others = {"dmy": ("mdy",), "mdy": ("dmy",), "ymd": ()}[order]
        if any(isinstance(_in_order(a, b, c, other, notation.pivot), date) for other in others):
            return "date_order"
    return found


def _in_order(a: str, b: str, c: str, order: str, pivot: int) -> date | str:
    parts = dict(zip(order, (a, b, c), strict=True))
    if len(parts["y"]) not in {2, 4}:
        return "date_unparsed"
    return _valid(_year(parts["y"], pivot), int(parts["m"]), int(parts["d"]))


def _year(text: str, pivot: int) -> int:
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < pivot else 1900)


def _valid(year: int, month: int, day: int) -> date | str:
    try:
        return date(year, month, day)
    except ValueError:
        return "date_impossible"


def _day(year: int, month: int, day: int) -> Moment | str:
    found = _valid(year, month, day)
    return found if isinstance(found, str) else Moment(found)


def _timed(day: date, clock: re.Match[str]) -> Moment | str:
    hour, minute, second = (int(clock[part] or 0) for part in ("h", "m", "s"))
    if half := clock["half"]:
        if not 1 <= hour <= 12:
            return "time_impossible"
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    elif clock["m"] is None:
        return "date_unparsed"
    try:
        return Moment(day, time(hour, minute, second), _offset(clock["zone"]))
    except ValueError:
        return "time_impossible"


def _offset(zone: str | None) -> int | None:
    """Minutes east of UTC; raises ValueError for an offset that no place on earth has."""
    if zone is None:
        return None
    if zone in _ZONES:
        return _ZONES[zone]
    digits = re.sub(r"[^\d]", "", zone)
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return (hours * 60 + minutes) * (-1 if "-" in zone else 1)
