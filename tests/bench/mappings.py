"""`mapping apply` on web forms: against reading and writing them unchanged, and against a loop over rows."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.measure import Plan, Row, Work, alternate, side

_FULL = 200_000
_DIFFERENT = 2_000
"""Submissions that are made up; the file repeats them under other keys and e-mail addresses."""
_SHARE_BY_ROW = 10
"""The loop over rows gets a tenth of the rows, and its time counts ten times."""


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    forms, half, part = (plan.scratch / f"{name}.csv" for name in ("forms", "half", "part"))
    for path, share in ((forms, 1), (half, 2), (part, _SHARE_BY_ROW)):
        side(make_forms, path, count // share)()
    whole = plan.scratch / "ours.csv"

    plain = alternate(
        plan.runs(3), side(with_sfsync, forms, whole), side(with_polars, forms, plan.scratch / "plain.csv")
    )
    size = f"{count:,} rows × 21"
    yield Row("mapping apply", "polars read and write, nothing mapped", plain.time, size)
    yield Row("mapping apply, memory", "polars read and write, nothing mapped", plain.memory, size)

    by_row = alternate(
        plan.runs(3),
        side(with_sfsync, forms, whole),
        side(with_a_loop, part, plan.scratch / "loop.csv"),
    )
    yield Row("mapping apply", "a loop over the rows", by_row.time / _SHARE_BY_ROW, size)

    growth = alternate(
        plan.runs(3),
        side(with_sfsync, forms, whole),
        side(with_sfsync, half, plan.scratch / "ours-half.csv"),
    )
    yield Row("mapping apply, memory", "itself with half of the rows", growth.memory, size)


def make_forms(path: str, count: str) -> Work:
    from sfsync.demo.forms import submissions

    def work() -> None:
        forms = [submission.form for submission in submissions(1, min(_DIFFERENT, int(count)))]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(forms[0]))
            writer.writeheader()
            for number in range(int(count)):
                form = forms[number % len(forms)]
                key, email = f"WF-{number:09}", f"{number}.{form['email'] or ''}"
                writer.writerow(form | {"submission_id": key, "email": email})

    return work


def with_sfsync(source: str, target: str) -> Work:
    import phonenumbers  # noqa: F401  both sides have their libraries loaded before the work begins
    import polars  # noqa: F401, ICN001
    import pydantic  # noqa: F401

    from sfsync.cli.mapping import command

    words = ["apply", "web_forms", source, "-o", target, "--rejects", f"{target}.rejects", "-q"]

    def work() -> Any:
        code = command.main(words, standalone_mode=False)
        if code not in (0, 1):
            raise SystemExit(code)
        return code

    return work


def with_polars(source: str, target: str) -> Work:
    import polars as pl

    return lambda: pl.read_csv(source, infer_schema=False).write_csv(target)


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_SPACE = re.compile(r"\s+")
_YES, _NO = {"true", "yes", "1", "on", "ja", "oui"}, {"false", "no", "0", "off", "nee", "non", ""}
_PLANS = {"pay_per_use", "basic", "plus", "business"}


def with_a_loop(source: str, target: str) -> Work:
    """The same fields by hand, a row at a time: what a careful script does without a mapping."""
    import phonenumbers

    seen: set[str] = set()

    def boolean(text: str) -> bool:
        if text.lower() not in _YES | _NO:
            raise ValueError(text)
        return text.lower() in _YES

    def phone(text: str, region: str) -> str:
        try:
            found = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            return ""
        if not phonenumbers.is_valid_number(found):
            return ""
        return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)

    def lead(form: dict[str, str]) -> dict[str, Any]:
        form = {name: _SPACE.sub(" ", text).strip() for name, text in form.items()}
        key, cards = form["submission_id"].upper(), int(form["number_of_cards"])
        company = form["customer_type"] == "company"
        sound = (
            key not in seen
            and form["last_name"]
            and _EMAIL.fullmatch(form["email"])
            and form["subscription_plan"] in _PLANS
            and form["customer_type"] in {"private", "company"}
            and len(form["country"]) == 2
            and 1 <= cards <= 40
            and boolean(form["consent_terms"])
        )
        if not sound:
            raise ValueError(key)
        seen.add(key)
        vat = form["vat_number"].replace(" ", "").replace(".", "").upper()
        person = f"{form['first_name']} {form['last_name']}".strip()
        return {
            "Sfsync_Key__c": key,
            "FirstName": form["first_name"][:40],
            "LastName": form["last_name"],
            "Company": form["company_name"] if company else person,
            "Email": form["email"].lower(),
            "Phone": phone(form["phone"], form["country"]),
            "Street": f"{form['street']} {form['house_number']}".strip(),
            "PostalCode": form["postcode"],
            "City": form["city"][:40],
            "Country": form["country"].upper(),
            "Number_of_Cards__c": cards,
            "Subscription_Plan__c": form["subscription_plan"],
            "Customer_Type__c": form["customer_type"],
            "Registration_Number__c": vat or (f"KVK{form['kvk_number']}" if form["kvk_number"] else ""),
            "Terms_Accepted__c": True,
            "Privacy_Consent__c": boolean(form["consent_privacy"]),
            "Marketing_Consent__c": boolean(form["consent_marketing"]),
            "Language__c": form["language"].lower()[:5],
            "Submitted_At__c": datetime.fromisoformat(form["submitted_at"]).isoformat(),
            "Description": form["message"][:32_000],
            "LeadSource": "Web",
        }

    def work() -> int:
        applied = 0
        with (
            Path(source).open(encoding="utf-8", newline="") as file,
            Path(target).open("w", encoding="utf-8") as out,
        ):
            writer: csv.DictWriter[str] | None = None
            for form in csv.DictReader(file):
                try:
                    made = lead(form)
                except ValueError:
                    continue
                if writer is None:
                    writer = csv.DictWriter(out, list(made))
                    writer.writeheader()
                writer.writerow(made)
                applied += 1
        return applied

    return work
