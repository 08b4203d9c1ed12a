"""Limits and targets of the three SLAs, and the days that a report is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

FIRST_CONTACT, MANAGEMENT, FULLY_MANAGED = "first_contact", "management", "fully_managed"
SLAS = (FIRST_CONTACT, MANAGEMENT, FULLY_MANAGED)


def _share(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}(\.\d+)?\s?%", value.strip()):
        value = float(value.strip().rstrip("% ")) / 100
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"expected a percentage such as 70%, found {value!r}")
    return float(value)


Share = Annotated[float, BeforeValidator(_share)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(_Section):
    """A span of time that a lead may take, in hours or in days, and the share of leads that must keep it.

    Hours are hours that pass, whatever the clocks do. Days are calendar days: the same time of day so many days
    later, in the dealer's zone, be the days between 23, 24 or 25 hours long.
    """

    hours: float | None = Field(None, gt=0)
    days: float | None = Field(None, gt=0)
    target: Share

    @model_validator(mode="after")
    def _one_of_both(self) -> "Limit":
        if (self.hours is None) == (self.days is None):
            raise ValueError("give either hours or days")
        return self

    @property
    def span(self) -> timedelta:
        return timedelta(hours=self.hours or 0, days=self.days or 0)

    @property
    def by_calendar(self) -> bool:
        return self.days is not None

    def __str__(self) -> str:
        number, unit = (self.days, "day") if self.days is not None else (self.hours, "hour")
        return f"{number:g} {unit}{'' if number == 1 else 's'}"


class Window(_Section):
    """Leads assigned within so many calendar days, and the share of them that must be closed."""

    window_days: int = Field(60, ge=1)
    target: Share


class Ranking(_Section):
    """How many dealers the ranking shows at each end, and the leads that one needs to be ranked."""

    dealers: int = Field(10, ge=1)
    leads: int = Field(5, ge=1)


class SlaSettings(_Section):
    """``config/sla.yaml``."""

    default_zone: str = "Europe/Paris"
    first_contact: Limit
    management: Limit
    fully_managed: Window
    months: int = Field(6, ge=1, le=36)
    first_contact_steps: tuple[float, ...] = (1, 2, 4, 8, 24, 48, 168)
    ranking: Ranking = Ranking()

    @field_validator("default_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if not is_zone(value):
            raise ValueError(f"{value!r} is not a time zone; expected a name such as Europe/Paris")
        return value

    @field_validator("first_contact_steps")
    @classmethod
    def _steps(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or list(value) != sorted(set(value)) or value[0] <= 0:
            raise ValueError("expected hours from small to large, such as [1, 4, 24]")
        return value

    @property
    def contact_steps(self) -> list[float]:
        """The steps in hours, the limit of the first contact among them."""
        return sorted({*self.first_contact_steps, self.first_contact.span.total_seconds() / 3600})

    @property
    def targets(self) -> Mapping[str, float]:
        return {name: getattr(self, name).target for name in SLAS}


def is_zone(name: str) -> bool:
    """Whether ``name`` is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days of assignment, both included. ``last`` of a period that lasts until now is None: a dealer in
    the east may have a later day than we.
    """

    first: date
    last: date | None
    label: str

    @classmethod
    def month(cls, day: date) -> "Period":
        """The calendar month that ``day`` is in."""
        first = day.replace(day=1)
        return cls(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), f"{first:%Y-%m}")

    @classmethod
    def up_to(cls, today: date, days: int) -> "Period":
        """Today and the days before, ``days`` in all."""
        return cls(today - timedelta(days=days - 1), None, f"last {days} days")


def before(period: Period, days: int) -> Period:
    """What a period is compared with: the month before a month, the same number of ``days`` before the last days."""
    last = period.first - timedelta(days=1)
    if period.last is not None:
        return Period.month(last)
    return Period(last - timedelta(days=days - 1), last, f"{days} days before")


def months_up_to(day: date, count: int) -> list[Period]:
    """The month of ``day`` and those before it, ``count`` in all, oldest first."""
    found = [Period.month(day)]
    while len(found) < count:
        found.insert(0, Period.month(found[0].first - timedelta(days=1)))
    return found
