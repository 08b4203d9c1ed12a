"""A company with dealers, vehicles and after-sales leads, whose nights pass as fast as a test wants."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sfsync.clock import ManualClock
from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.mockorg.clock import MockClock
from sfsync.testing.bound import BoundProject

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 3, 2, 3, tzinfo=UTC)
LEAD = "Aftersales_Lead__c"


class OneClock(ManualClock):
    """The time of sfsync and of the org."""

    def __init__(self, org: MockClock, start: datetime) -> None:
        super().__init__(start)
        self._org = org
        org.set(start)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._org.set(self.now())


class Company(BoundProject):
    """A project bound to an org with dealers; everything invented."""

    def wait(self, **span: float) -> None:
        self.clock.sleep(timedelta(**span).total_seconds())

    def until(self, moment: str) -> None:
        """Until this moment, ISO 8601 with its offset."""
        self.clock.sleep((datetime.fromisoformat(moment) - self.clock.now()).total_seconds())

    def dealer(self, code: str = "D00001", **values: Any) -> str:
        known = self.org.core.find("Account", "Dealer_Code__c", code)
        if known:
            return known[0]
        made = {
            "Name": f"Garage {code}",
            "Dealer_Code__c": code,
            "Dealer_Language__c": "fr",
            "Dealer_Time_Zone__c": "Europe/Paris",
            "Dealer_Email__c": f"{code.lower()}@dealer.example",
            "Phone": "+33144556677",
            **values,
        }
        return self.org.core.insert("Account", made)

    def vehicle(self, vin: str = "VF1AA000055555555", **values: Any) -> str:
        made = {
            "Name": vin,
            "Sfsync_Key__c": vin,
            "Model__c": "Aria 1.2",
            "Dealer__c": self.dealer(),
            "Owner_Name__c": "Ada Berger",
            "Owner_Email__c": "ada@customer.example",
            "Owner_Phone__c": "+33600000001",
            "Owner_Language__c": "de",
            **values,
        }
        return self.org.core.insert("Vehicle__c", made)

    def lead(self, **values: Any) -> str:
        """A new lead, assigned now; returns its number."""
        made = {
            "Status__c": "Assigned to Dealer",
            "Lead_Kind__c": "Customer driven",
            "Source__c": "Web form",
            "Dealer__c": self.dealer(),
            "Date_Assigned_to_Dealer__c": self.text(),
            "Customer_Name__c": "Ada Berger",
            "Customer_Email__c": "ada@customer.example",
            "Customer_Language__c": "de",
            **values,
        }
        return str(self.org.core.read(LEAD, self.org.core.insert(LEAD, made))["Name"])

    def text(self, **span: float) -> str:
        """The present and so much more, as the API writes it."""
        return (self.clock.now() + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def change(self, name: str, **values: Any) -> None:
        """A person in the org changes a lead."""
        self.org.core.update(LEAD, self[name]["Id"], values)

    def __getitem__(self, name: str) -> dict[str, Any]:
        """A lead by its number, all fields."""
        (id_,) = self.org.core.find(LEAD, "Name", name)
        return dict(self.org.core.read(LEAD, id_))

    @property
    def leads(self) -> list[dict[str, Any]]:
        names = self.records(f"SELECT Name FROM {LEAD} ORDER BY Name")
        return [self[found["Name"]] for found in names]

    @property
    def posted(self) -> list[tuple[str, str]]:
        """Who got which kind of mail so far."""
        return [(mail.recipients[0], mail.message_id[1:].partition("-")[0]) for mail in self.mails.sent]


@contextmanager
def company(state: Path, start: datetime = START) -> Iterator[Company]:
    """A company behind the in-process door."""
    org = MockOrg(metadata=[ROOT / "config" / "org"], clock=MockClock(start))
    found = Company(org, state, ROOT, clock=OneClock(org.clock, start))
    with activated(lambda request: org.handle(request), sleep=lambda _: None):  # noqa: PLW0108  tests replace `handle`
        yield found
