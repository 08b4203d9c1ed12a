"""Dealers at work: what they tell of their leads, mostly by the rules, sometimes not; and how they write it down."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sfsync.mapping.yamlfile import read_yaml
from tests.traffic.model import AGAIN, ASSIGNED, BOOKED, LOST, NO_SALE, REASONS, SALE, TOLD, Lead, Row

ROOT = Path(__file__).resolve().parents[2]
PROFILES = (
    ("fr", "Europe/Paris", "%d/%m/%Y"),
    ("it", "Europe/Rome", "%d/%m/%Y"),
    ("de", "Europe/Berlin", "%d.%m.%Y"),
    ("en", "Europe/London", "%d/%m/%Y"),
    ("nl", "Europe/Amsterdam", "%d-%m-%Y"),
    ("zh", "Asia/Shanghai", "%Y-%m-%d"),
    ("en-US", "America/New_York", "%m/%d/%Y"),
)
"""Language, time zone and notation of dates of dealers, in turn."""
NOTES = (
    "Rappelé, très intéressé.",
    'Sagt: "später"; ruft zurück',
    "Came in\nfor the service",
    "=SUM(A1)",
    "+39 ok",
)
DIRT = 0.08
"""Share of rows that something is wrong with."""


@dataclass(frozen=True)
class Dealer:
    """A dealer and how its system writes."""

    code: str
    language: str
    zone: str
    dates: str


@dataclass(frozen=True)
class DealerFile:
    """A file that a dealer's system made, and what stands in it."""

    name: str
    dealer: Dealer
    made: datetime
    rows: list[Row]


def vin(number: int) -> str:
    """The VIN of a vehicle of the park, by its number."""
    return f"VF1TR{number:012d}"


def dealer(number: int) -> Dealer:
    language, zone, dates = PROFILES[number % len(PROFILES)]
    return Dealer(f"D{number + 1:05d}", language, zone, dates)


# --- what they tell -----------------------------------------------------------------------------------------------


def rows(dice: Random, leads: Sequence[Lead], made: datetime, others: Sequence[str]) -> Iterator[Row]:
    """What a dealer tells of some of its leads; ``others`` are codes of other dealers."""
    for lead in leads:
        if lead.assigned > made - timedelta(hours=1):
            continue
        told = _action(dice, lead, made)
        if told is None:
            continue
        if dice.random() < DIRT:
            yield from _dirty(dice, lead, told, made, others)
            continue
        row = Row(lead.name, lead.dealer, _snapshot(lead, told))
        yield row
        if dice.random() < 0.003:
            yield row


def _snapshot(lead: Lead, told: Mapping[str, Any]) -> dict[str, Any]:
    """A lead as the dealer's system shows it once that was entered."""
    return {
        name: value
        for name in TOLD
        if (value := {"status": lead.status, **lead.told, **told}.get(name)) is not None
    }


def _action(dice: Random, lead: Lead, made: datetime) -> dict[str, Any] | None:
    """What the dealer did with a lead since its last file; None: nothing."""
    if lead.status == ASSIGNED and not lead.final:
        attempt = _attempt(dice, lead, made)
        if attempt is None or dice.random() < 0.25:
            return None
        what = dice.random()
        if what < 0.4:
            return attempt
        if what < 0.75:
            return {
                **attempt,
                "status": BOOKED,
                "appointment": _appointment(dice, made),
                "emails": dice.random() < 0.6,
            }
        return {**attempt, **_closing(dice, lead, made)}
    if lead.status == BOOKED and not lead.final:
        if dice.random() < 0.12:
            return {"appointment": _appointment(dice, made)}
        if lead.told["appointment"] < made and dice.random() < 0.6:
            return _closing(dice, lead, made)
        return {} if dice.random() < 0.1 else None
    if lead.told.get("reason") == AGAIN and dice.random() < 0.08:
        return {"recontact_date": (made + timedelta(days=dice.randint(2, 30))).date()}
    return {} if dice.random() < 0.02 else None


def _attempt(dice: Random, lead: Lead, made: datetime) -> dict[str, Any] | None:
    """The next contact attempt, to the minute, between the last one and now."""
    given = [attempt for attempt in lead.attempts if attempt]
    earliest = max([lead.assigned, *given]) + timedelta(minutes=20)
    if len(given) == 5 or earliest >= made:
        return None
    earliest = max(earliest, made - timedelta(days=4))
    moment = earliest + (made - earliest) * dice.random()
    return {f"attempt_{len(given) + 1}": (moment + timedelta(minutes=1)).replace(second=0, microsecond=0)}


def _appointment(dice: Random, made: datetime) -> datetime:
    """Some day in the next two weeks, on the half hour."""
    day = made + timedelta(days=dice.randint(1, 14))
    return day.replace(hour=dice.randint(7, 15), minute=dice.choice((0, 30)), second=0, microsecond=0)


def _closing(dice: Random, lead: Lead, made: datetime) -> dict[str, Any]:
    if dice.random() < 0.45:
        typed = (
            vin(dice.randrange(1_000))
            if dice.random() < 0.9
            else f"VF1UNKNWN{dice.randint(0, 99_999_999):08d}"
        )
        return {
            "status": SALE,
            "vin": lead.told.get("vin") or lead.vehicle or typed,
            "notes": lead.told.get("notes") or dice.choice(NOTES),
        }
    reason = dice.choice([*REASONS, AGAIN, AGAIN])
    values: dict[str, Any] = {"status": NO_SALE, "reason": reason}
    match REASONS[reason]:
        case "ownership_end":
            values["ownership_end"] = (made - timedelta(days=dice.randint(1, 300))).date()
        case "notes":
            values["notes"] = dice.choice(NOTES)
        case "recontact_date":
            values["recontact_date"] = (made + timedelta(days=dice.choice((2, 3, 5, 8, 13, 21, 34)))).date()
    return values


def _dirty(
    dice: Random, lead: Lead, told: dict[str, Any], made: datetime, others: Sequence[str]
) -> Iterator[Row]:
    """The row, with something wrong in it. Whether it breaks a rule is the model's business."""
    full = _snapshot(lead, told)
    after = timedelta(days=dice.randint(2, 9))
    minute = made.replace(second=0, microsecond=0)
    given = [name for name in full if name.startswith("attempt_")]
    what = dice.randrange(13)
    if what == 0:
        yield Row(lead.name, dice.choice(others), full)
    elif what == 1:
        yield Row(f"ASL-{dice.randint(900_000, 999_999)}", lead.dealer, full)
    elif what == 2:
        yield Row(lead.name, lead.dealer, {**full, "attempt_1": "32/13/2024"}, broken=True)
    elif what == 3:
        yield Row(lead.name, lead.dealer, {**full, "vin": "VF1OOO000I5555555"}, broken=True)
    elif what == 4 and given:
        yield Row(lead.name, lead.dealer, {**full, given[-1]: minute + after})
    elif what == 5 and given:
        yield Row(
            lead.name,
            lead.dealer,
            {**full, given[-1]: lead.assigned.replace(second=0, microsecond=0) - after},
        )
    elif what == 6:
        yield Row(lead.name, lead.dealer, {**full, "attempt_5": minute - timedelta(minutes=3)})
    elif what == 7:
        yield Row(lead.name, lead.dealer, {**full, "status": LOST})
    elif what == 8:
        yield Row(lead.name, lead.dealer, {**full, "status": ASSIGNED})
    elif what == 9:
        yield Row(
            lead.name, lead.dealer, {**full, "status": BOOKED, "appointment": minute - timedelta(days=90)}
        )
    elif what == 10:
        yield Row(
            lead.name,
            lead.dealer,
            {n: v for n, v in full.items() if n not in {"vin", "notes", "appointment"}} | {"status": SALE},
        )
    elif what == 11:
        yield Row(
            lead.name,
            lead.dealer,
            {n: v for n, v in full.items() if n not in {"notes", "ownership_end", "recontact_date"}}
            | {"status": NO_SALE},
        )
    else:
        yield Row(lead.name, lead.dealer, {**full, "reason": dice.choice(list(REASONS))})


# --- how they write it --------------------------------------------------------------------------------------------

_COLUMNS = {
    "lead": "lead_ref",
    "dealer": "dealer_code",
    "emails": "appointment_emails",
    "reason": "no_sale_reason",
}
"""Our column → its name in the mapping, where that is another one."""
_YES_NO = {
    "fr": ("oui", "non"),
    "it": ("sì", "no"),
    "de": ("ja", "nein"),
    "nl": ("ja", "nee"),
    "zh": ("是", "否"),
}


class Writer:
    """Writes files in the words that the project says dealers use: any of them, not only the first."""

    def __init__(self) -> None:
        mapping = read_yaml(ROOT / "mappings" / "aftersales" / "dealer_updates.yaml").value
        self._headers = mapping["file"]["headers"]
        self._reasons = read_yaml(ROOT / "config" / "aftersales.yaml").value["no_sale_reasons"]

    def write(self, file: DealerFile, path: Path, dice: Random) -> None:
        """As CSV or a workbook, in the words and notation of the dealer's country."""
        language = file.dealer.language.partition("-")[0]
        columns = ["lead", "dealer", *TOLD]
        fixed, free = columns[:2], columns[2:]
        dice.shuffle(free)
        columns = [*fixed, *free]
        heading = {name: dice.choice(self._headings(name, language)) for name in columns}
        book = path.suffix == ".xlsx"
        table = [
            [self._cell(file.dealer, row, name, language, dice, book=book) for name in columns]
            for row in file.rows
        ]
        head = [heading[name] for name in columns]
        if book:
            _workbook(path, head, table)
            return
        out = io.StringIO()
        text = csv.writer(out, delimiter=dice.choice(";,\t"), lineterminator=dice.choice(("\n", "\r\n")))
        text.writerows([head, *table])
        path.write_text(out.getvalue(), encoding=dice.choice(("utf-8", "utf-8-sig")), newline="")

    def _headings(self, name: str, language: str) -> list[str]:
        return [str(heading) for heading in self._headers[_COLUMNS.get(name, name)]["headings"][language]]

    def _cell(self, dealer: Dealer, row: Row, name: str, language: str, dice: Random, *, book: bool) -> Any:
        if name in {"lead", "dealer"}:
            return getattr(row, name)
        value = row.told.get(name)
        if name == "status" and value:
            return dice.choice(self._headers["status"]["map"][value][language])
        if name == "reason" and value:
            return dice.choice(self._reasons[value]["words"][language])
        if isinstance(value, bool):
            return _YES_NO.get(language, ("yes", "no"))[not value]
        if isinstance(value, datetime):
            wall = value.astimezone(ZoneInfo(dealer.zone)).replace(tzinfo=None)
            return wall if book else wall.strftime(f"{dealer.dates} %H:%M")
        if isinstance(value, date):
            return value if book else value.strftime(dealer.dates)
        return "" if value is None else value


def _workbook(path: Path, head: list[str], table: list[list[Any]]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    for line in (head, *table):
        cells = [WriteOnlyCell(sheet, value=value) for value in line]
        for cell, value in zip(cells, line, strict=True):
            if isinstance(value, str):
                cell.data_type = "s"  # text stays text, whatever it begins with
        sheet.append(cells)
    book.save(path)
