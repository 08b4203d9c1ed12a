"""`mapping apply` on a partner's file of 25 columns: against copying it, and against a careful loop over its rows."""

import csv
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.bench import wide
from tests.bench.measure import Plan, Row, Work, alternate, process, side

_FULL = 1_000_000
_SHARE_BY_ROW = 50
"""The loop over rows gets this part of the rows, and its time counts as many times."""
_SMALL, _LARGE = 200_000, 3_000_000
_FEW = 1_000
_ALLOWED = 0.5
"""Seconds that a whole process may take for few rows beyond those that Python takes to import polars."""


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    file, part = _made(plan, "file", count), _made(plan, "part", count // _SHARE_BY_ROW)
    target = plan.scratch / "ours.csv"
    ours = side(with_sfsync, file, target)
    size = f"{count:,} rows × {wide.COLUMNS}"

    plain = alternate(plan.runs(7), ours, side(with_polars, file, plan.scratch / "plain.csv"))
    yield _judged("mapping apply", "polars read and write, nothing mapped", plain.time, 2.5, size)
    yield Row("mapping apply, memory", "polars read and write, nothing mapped", plain.memory, size)

    copied = alternate(plan.runs(5), ours, side(with_csv, file, plan.scratch / "copy.csv"))
    yield _judged("mapping apply", "csv.reader to csv.writer, nothing mapped", copied.time, 0.5, size)

    by_row = alternate(plan.runs(2), ours, side(with_a_loop, part, plan.scratch / "loop.csv"))
    share = by_row.time / _SHARE_BY_ROW
    yield _judged("mapping apply", "a loop over the rows", share, 0.1, size)

    small, large = plan.rows(_SMALL), plan.rows(_LARGE)
    growth = alternate(
        1,
        side(with_sfsync, _made(plan, "large", large), target),
        side(with_sfsync, _made(plan, "small", small), target),
    )
    detail = f"{large:,} rows against {small:,}"
    yield _judged("mapping apply, memory", "itself with few rows", growth.memory, 1.25, detail)

    yield _few(plan)


def _judged(name: str, compared: str, ratio: float, most: float, detail: str) -> Row:
    return Row(name, compared, ratio, detail, f"≤ {most}", ratio <= most)


def _made(plan: Plan, name: str, count: int) -> Path:
    path = plan.scratch / f"{name}.csv"
    side(make, path, count)()
    return path


def _few(plan: Plan) -> Row:
    """A file of few rows, from the start of the process to its end."""
    words = [sys.executable, "-m", "sfsync", "mapping", "apply", str(wide.MAPPING)]
    words += [str(_made(plan, "few", _FEW)), "-o", str(plan.scratch / "few-ours.csv"), "-q"]
    words += ["--rejects", str(plan.scratch / "few-left.csv")]
    alone = [sys.executable, "-c", "import polars"]
    pair = alternate(plan.runs(9), lambda: process(words, codes=(0, 1)), lambda: process(alone))
    ours, theirs = (median(cost.seconds for cost in costs) for costs in (pair.ours, pair.theirs))
    ratio = (ours - theirs) / _ALLOWED
    detail = f"whole processes; {ours / theirs:.1f} × import polars alone"
    return _judged("mapping apply, 1,000 rows", "half a second more than import polars", ratio, 1, detail)


def make(path: str, count: str) -> Work:
    return lambda: wide.write(path, int(count))


def with_sfsync(source: str, target: str) -> Work:
    import numpy as np  # noqa: F401  both sides have their libraries loaded before the work begins
    import phonenumbers  # noqa: F401
    import polars  # noqa: F401, ICN001
    import pydantic  # noqa: F401

    import sfsync.cli.mapping_csv
    import sfsync.cli.mapping_view
    import sfsync.mapping.load
    import sfsync.tabular.answer  # noqa: F401
    from sfsync.cli import collect_rarely
    from sfsync.cli.mapping import command

    collect_rarely()
    words = ["apply", str(wide.MAPPING), source, "-o", target, "--rejects", f"{target}.rejects", "-q"]

    def work() -> Any:
        code = command.main(words, standalone_mode=False)
        if code not in (0, 1):
            raise SystemExit(code)
        return code

    return work


def with_polars(source: str, target: str) -> Work:
    import polars as pl

    return lambda: pl.read_csv(source, infer_schema=False).write_csv(target)


def with_csv(source: str, target: str) -> Work:
    def work() -> None:
        with (
            Path(source).open(encoding="utf-8", newline="") as file,
            Path(target).open("w", encoding="utf-8", newline="") as out,
        ):
            csv.writer(out).writerows(csv.reader(file))

    return work


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_SPACE = re.compile(r"\s+")
_COUNTRIES = {"nl": "NL", "nederland": "NL", "be": "BE", "de": "DE", "fr": "FR", "duitsland": "DE"}
_PLANS = {"los": "pay_per_use", "basis": "basic", "plus": "plus", "zakelijk": "business"}
_STATES = {"nieuw": "Open", "open": "Open", "in behandeling": "Working", "gesloten": "Closed"}
_BOOLEANS = {"ja": True, "nee": False, "": False}
_ZONE = ZoneInfo("Europe/Amsterdam")


def _phone(text: str, region: str) -> str:
    import phonenumbers

    if not text:
        return ""
    number = phonenumbers.parse(text, region)
    if not phonenumbers.is_possible_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _lead(row: dict[str, str], seen: set[str]) -> dict[str, Any]:
    """The same fields by hand; raises ValueError, KeyError or NumberParseException for a row that is not sound."""
    cells = {name: _SPACE.sub(" ", text).strip() for name, text in row.items() if name != "note"}
    key, country = cells["Klantnummer"].upper(), _COUNTRIES[cells["country"].lower()]
    quantity, card = int(cells["quantity"]), cells["card_id"]
    sound = (
        key not in seen
        and cells["last_name"]
        and _EMAIL.fullmatch(cells["email"])
        and 1 <= quantity <= 40
        and (not card or (len(card) == 18 and card.isdecimal()))
    )
    if not sound:
        raise ValueError(key)
    seen.add(key)
    submitted = datetime.strptime(cells["submitted"], "%d-%m-%Y %H:%M").replace(tzinfo=_ZONE)
    person = f"{cells['first_name']} {cells['last_name']}".strip()
    return {
        "Sfsync_Key__c": key,
        "FirstName": cells["first_name"][:40],
        "LastName": cells["last_name"],
        "Company": cells["company"] or person,
        "Registration_Number__c": cells["vat"].replace(" ", "").replace(".", "").upper(),
        "Email": cells["email"].lower(),
        "Phone": _phone(cells["phone"], country),
        "MobilePhone": _phone(cells["mobile"], "NL"),
        "Street": f"{cells['street']} {cells['house_number']}".strip(),
        "PostalCode": cells["postcode"],
        "City": cells["city"][:40],
        "Country": country,
        "Born__c": datetime.strptime(cells["born"], "%d-%m-%Y").date().isoformat(),  # noqa: DTZ007  a day
        "Ordered__c": datetime.strptime(cells["ordered"], "%d/%m/%Y").date().isoformat(),  # noqa: DTZ007  a day
        "Submitted_At__c": submitted.astimezone(UTC).isoformat(),
        "Number_of_Cards__c": quantity,
        "Amount__c": float(cells["amount"].replace(".", "").replace(",", ".")),
        "Card__c": card,
        "Subscription_Plan__c": _PLANS[cells["plan"].lower()],
        "Status": _STATES[cells["status"].lower()],
        "Terms_Accepted__c": _BOOLEANS[cells["terms"].lower()],
        "Marketing_Consent__c": _BOOLEANS[cells["newsletter"].lower()],
        "Language__c": cells["language"].lower(),
        "Description": row["note"].strip()[:32_000],
        "LeadSource": "Partner",
    }


def with_a_loop(source: str, target: str) -> Work:
    """A row at a time: what a careful script does without a mapping."""
    from phonenumbers import NumberParseException

    def work() -> int:
        applied, seen = 0, set[str]()
        with (
            Path(source).open(encoding="utf-8", newline="") as file,
            Path(target).open("w", encoding="utf-8", newline="") as out,
        ):
            writer: csv.DictWriter[str] | None = None
            for row in csv.DictReader(file):
                try:
                    made = _lead(row, seen)
                except (ValueError, KeyError, NumberParseException):
                    continue
                if writer is None:
                    writer = csv.DictWriter(out, list(made))
                    writer.writeheader()
                writer.writerow(made)
                applied += 1
        return applied

    return work
