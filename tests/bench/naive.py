"""Rows to Leads by hand, one after the other: what a careful script does without a mapping."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_SPACE = re.compile(r"\s+")
_YES, _NO = {"true", "yes", "1", "on", "ja", "oui"}, {"false", "no", "0", "off", "nee", "non", ""}
_PLANS = {"pay_per_use", "basic", "plus", "business"}
_INDUSTRIES = {
    "banking": "Banking",
    "energy": "Energy",
    "retail": "Retail",
    "transportation": "Transportation",
}


def leads(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """The Leads of rows of web forms with four columns more; rows that are not sound are left out."""
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

    for row in rows:
        try:
            made = lead(row)
        except ValueError:
            continue
        made["Title"] = row["job_title"][:128]
        made["Website"] = row["website"]
        made["Industry"] = _INDUSTRIES.get(row["industry"].lower(), "")
        made["AnnualRevenue"] = float(row["annual_revenue"])
        yield made
