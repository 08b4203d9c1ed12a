"""A made-up day's work of the website: web-form submissions with the dirt that people put into forms.

``submissions(seed, n)`` gives the same submissions for the same arguments, each with the truth: what should happen
to it, and why. The shares of dirt are per thousand; a submission carries one kind at most.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sfsync.demo import dirt, people

_ZONE = ZoneInfo("Europe/Amsterdam")
_START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_PLANS = ("pay_per_use", "basic", "plus", "business")
_CARDS_PRIVATE = (1,) * 8 + (2, 2)
_CARDS_COMPANY = (2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 20, 25, 30, 40)
_UNIVERSAL_TIME_SHARE = 0.1


class Fate(StrEnum):
    """What should become of a submission."""

    ORDER = "order"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    """Never an order: a row that the org cannot hold, or a Lead that intake rejects."""
    OPEN = "open"
    """The project's own rules decide, for instance whether a name that is too long is cut."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What should happen to a submission; ``of`` is the submission that a duplicate repeats.

    Submissions with the same ``company`` (a registration number) belong to one account.
    """

    fate: Fate
    kind: str
    of: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """A web form as the website's export gives it, and the truth about it."""

    form: dict[str, Any]
    truth: Truth

    @property
    def id(self) -> str:
        return str(self.form["submission_id"])


def submissions(seed: int, n: int, *, start: datetime = _START) -> list[Submission]:
    """``n`` submissions over about eight months from ``start`` (aware), nearly in the order of arrival."""
    rng = Random(seed)  # noqa: S311  made-up people, not secrets
    again = sum(dirt.count(kind.share, n) for kind in dirt.REPEATS)
    first = _Drafts(rng, n - again, start)
    drafts = [first.draft(number) for number in range(n - again)]
    free = list(range(len(drafts)))
    rng.shuffle(free)
    for kind in dirt.SPOTS:
        for position in _take(free, dirt.count(kind.share, n)):
            kind.soil(rng, drafts[position].form)
            drafts[position].fate, drafts[position].kind = Fate(kind.fate), kind.name
    for group in dirt.GROUPS:
        for _ in range(dirt.count(group.share, n)):
            members = _compatriots(free, drafts, group.size)
            if members:
                group.join(rng, [member.form for member in members])
                for member in members:
                    member.kind = group.name
    for way in dirt.REPEATS:
        drafts.extend(
            first.repeat(drafts[position], way) for position in _take(free, dirt.count(way.share, n))
        )
    return _numbered(rng, drafts, start)


def write_forms(path: Path, forms: Iterable[Submission]) -> None:
    """The forms as JSON lines, UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(each.form, ensure_ascii=False) + "\n" for each in forms)


def truth_table(forms: Sequence[Submission]) -> dict[str, dict[str, str]]:
    """By submission id: fate, kind, of, company. For tests and for a truth file beside the forms."""
    return {
        each.id: {
            "fate": each.truth.fate.value,
            "kind": each.truth.kind,
            "of": each.truth.of,
            "company": each.truth.company,
        }
        for each in forms
    }


@dataclass(slots=True, eq=False)
class _Draft:
    """A submission in the making: it gets its id when all of them are there."""

    form: dict[str, Any]
    at: datetime
    number: int
    country: people.Country
    fate: Fate = Fate.ORDER
    kind: str = ""
    repeats: "_Draft | None" = None
    late: int = 0


class _Drafts:
    """Makes drafts; sees to it that no two of them are one person by accident."""

    def __init__(self, rng: Random, n: int, start: datetime) -> None:
        self._rng = rng
        self._start = start
        self._pace = timedelta(days=240) / max(n, 1)
        self._homes: set[tuple[str, ...]] = set()

    def draft(self, number: int) -> _Draft:
        rng = self._rng
        land = people.country(rng)
        who, home = people.person(rng, number, land), people.address(rng, land)
        while not self._is_new(who, home):
            home = people.address(rng, land)
        commercial = rng.random() < 0.28
        firm = people.company(rng, number, land) if commercial else dirt.NO_COMPANY
        form = {
            "submission_id": "",
            "submitted_at": "",
            "first_name": who["first_name"],
            "last_name": who["last_name"],
            "customer_type": "company" if commercial else "private",
            **firm,
            "email": who["email"],
            "phone": who["phone"],
            **home,
            "country": land.code,
            "number_of_cards": rng.choice(_CARDS_COMPANY if commercial else _CARDS_PRIVATE),
            "subscription_plan": rng.choice(_PLANS[1:] if commercial else _PLANS[:3]),
            "consent_terms": True,
            "consent_privacy": True,
            "consent_marketing": rng.random() < 0.4,
            "language": rng.choice(land.languages),
            "message": rng.choice(land.messages) if rng.random() < 0.35 else "",
        }
        at = self._start + self._pace * (number + rng.random())
        return _Draft(form, at, number, land)

    def _is_new(self, who: dict[str, Any], home: dict[str, Any]) -> bool:
        place = (people.plain(who["last_name"]), home["postcode"].replace(" ", ""), home["house_number"])
        if place in self._homes:
            return False
        self._homes.add(place)
        return True

    def repeat(self, original: _Draft, kind: dirt.Repeat) -> _Draft:
        """The same person again: a changed copy, later by what is usual for the kind."""
        rng = self._rng
        form = dict(original.form)
        kind.change(rng, form, people.phone(rng.choice(original.country.phones), original.number))
        shortest, longest = kind.after
        later = shortest + (longest - shortest) * rng.random()
        return _Draft(
            form,
            original.at + later,
            original.number,
            original.country,
            Fate.DUPLICATE,
            kind.name,
            original,
            late=rng.choice((0, 0, 3, -2)),
        )


def _take(free: list[int], wanted: int) -> list[int]:
    taken = free[:wanted]
    del free[:wanted]
    return taken


def _compatriots(free: list[int], drafts: Sequence[_Draft], size: int) -> list[_Draft]:
    """``size`` drafts of one country, or none where there are not enough left."""
    for first in free:
        alike = [position for position in free if drafts[position].country is drafts[first].country][:size]
        if len(alike) == size:
            for position in alike:
                free.remove(position)
            return [drafts[position] for position in alike]
    return []


def _numbered(rng: Random, drafts: list[_Draft], start: datetime) -> list[Submission]:
    """Give ids in order of time, then put some rows a little out of order, as exports do."""
    _double_hour(drafts, start)
    number = 0
    in_time = sorted(drafts, key=lambda draft: draft.at)
    for draft in in_time:
        number += rng.randint(1, 3)
        draft.form["submission_id"] = f"WF-{start.year}{number:06d}"
        universal = rng.random() < _UNIVERSAL_TIME_SHARE
        draft.form["submitted_at"] = (
            f"{draft.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            if universal
            else draft.at.astimezone(_ZONE).isoformat(timespec="seconds")
        )
    places = {id(draft): place + draft.late * 1.5 for place, draft in enumerate(in_time)}
    ordered = sorted(in_time, key=lambda draft: places[id(draft)])
    return [Submission(draft.form, _truth(draft)) for draft in ordered]


def _truth(draft: _Draft) -> Truth:
    of = draft.repeats.form["submission_id"] if draft.repeats else ""
    number = str(draft.form["kvk_number"] or draft.form["vat_number"]).replace(" ", "").replace(".", "")
    return Truth(draft.fate, draft.kind, of, number)


def _double_hour(drafts: list[_Draft], start: datetime) -> None:
    """Two forms at the same local time on the night the clock goes back: one before, one after."""
    originals = {id(draft.repeats) for draft in drafts}
    plain = [draft for draft in drafts if not draft.kind and id(draft) not in originals][:2]
    if len(plain) < 2:
        return
    last_day = datetime(start.year, 10, 31, 2, 30, tzinfo=_ZONE)
    night = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
    for fold, draft in enumerate(plain):
        draft.at, draft.kind = night.replace(fold=fold), "doubled_hour"
