"""Two months, day by day: nights, campaigns, new leads, dealers' files; the model is told the same."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.aftersales import LEAD
from tests.traffic import checks, dealers
from tests.traffic.dealers import DealerFile
from tests.traffic.model import ASSIGNED, BOOKED, Lead, Model, Vehicle
from tests.traffic.world import World

START = datetime(2024, 3, 4, 3, tzinfo=UTC)
"""Daylight saving time begins within the two months, in America first and then in Europe."""
ZONE = ZoneInfo("Europe/Amsterdam")
"""Of the project's business day."""
CAMPAIGN = "SERVICE"


@dataclass(frozen=True)
class Size:
    """How much traffic."""

    leads: int = 300
    dealers: int = 12
    days: int = 15
    every: int = 4
    """Days between two files of a dealer, on average."""
    seed: int = 1


@dataclass
class Report:
    """What happened, and what was found to be wrong."""

    problems: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)


class Traffic:
    """One simulation."""

    def __init__(self, size: Size, folder: Path) -> None:
        self.size = size
        self.dice = Random(size.seed)
        self.world = World(folder / "state", START, Random(size.seed + 1))
        self.dealers = [dealers.dealer(number) for number in range(size.dealers)]
        self.model = Model({each.code: each.zone for each in self.dealers}, self._park())
        self.report = Report()
        self._writer = dealers.Writer()
        self._files = folder / "files"
        self._files.mkdir()
        self._late: list[DealerFile] = []
        self._of_dealer: dict[str, list[Lead]] = {each.code: [] for each in self.dealers}
        self._accounts: dict[str, str] = {}
        self._vehicle_ids: dict[str, str] = {}
        self._fill()

    # --- what there is at the beginning ----------------------------------------------------------------------------

    def _park(self) -> Iterator[Vehicle]:
        """Two vehicles for each lead to come; services spread over half a year."""
        dice = Random(self.size.seed + 2)
        for number in range(2 * self.size.leads):
            due = START.date() + timedelta(days=dice.randint(-60, 400))
            yield Vehicle(dealers.vin(number), dice.choice(self.dealers).code, due, dice.random() < 0.6)

    def _fill(self) -> None:
        """Dealers, vehicles, and half of the leads: assigned within the two months before."""
        core = self.world.org.core
        with core.transaction():
            for each in self.dealers:
                self._accounts[each.code] = core.insert(
                    "Account",
                    {
                        "Name": f"Garage {each.code}",
                        "Dealer_Code__c": each.code,
                        "Dealer_Language__c": each.language,
                        "Dealer_Time_Zone__c": each.zone,
                        "Dealer_Email__c": f"{each.code.lower()}@dealer.example",
                    },
                )
            for vehicle in self.model.vehicles.values():
                self._vehicle_ids[vehicle.vin] = core.insert(
                    "Vehicle__c",
                    {
                        "Name": vehicle.vin,
                        "Sfsync_Key__c": vehicle.vin,
                        "Model__c": f"Model {vehicle.vin[-1]}",
                        "Next_Service_Due__c": vehicle.due.isoformat(),
                        "Dealer__c": self._accounts[vehicle.dealer],
                        "Owner_Name__c": f"Owner {vehicle.vin[-4:]}",
                        "Owner_Email__c": f"{vehicle.vin.lower()}@customer.example",
                        "Consent_Email__c": vehicle.consent,
                    },
                )
            for _ in range(self.size.leads // 2):
                minutes = self.dice.randint(60, 60 * 24 * 60 - 60)
                assigned = START - timedelta(minutes=minutes, seconds=self.dice.randint(0, 59))
                self._new_lead(assigned, booked=minutes > 60 * 48 and self.dice.random() < 0.2)

    def _new_lead(self, assigned: datetime, *, booked: bool = False) -> None:
        """A customer's lead, made by a web form or a person; perhaps with an appointment two days later."""
        dealer = self.dice.choice(self.dealers)
        reached = self.dice.random() < 0.9
        values: dict[str, Any] = {
            "Status__c": ASSIGNED,
            "Lead_Kind__c": "Customer driven",
            "Source__c": "Web form",
            "Dealer__c": self._accounts[dealer.code],
            "Date_Assigned_to_Dealer__c": _text(assigned),
            "Customer_Name__c": "Somebody",
            "Customer_Email__c": "somebody@customer.example" if reached else None,
            "Customer_Language__c": dealer.language[:2],
        }
        told: dict[str, Any] = {}
        if booked:
            told["attempt_1"] = (assigned + timedelta(hours=2)).replace(second=0)
            told["appointment"] = (assigned + timedelta(days=2)).replace(minute=30, second=0)
            values |= {
                "Status__c": BOOKED,
                "Contact_Attempt_1__c": _text(told["attempt_1"]),
                "First_Contact_On__c": _text(told["attempt_1"]),
                "First_Contact_SLA_Met__c": True,
                "Appointment_At__c": _text(told["appointment"]),
            }
        if self.dice.random() < 0.3:
            told["vin"] = values["VIN__c"] = dealers.vin(self.dice.randrange(2 * self.size.leads))
        core = self.world.org.core
        name = str(core.read(LEAD, core.insert(LEAD, values), ["Name"])["Name"])
        status = str(values["Status__c"])
        self._add(Lead(name, dealer.code, dealer.zone, assigned, status, told=told, reached=reached))

    def _add(self, lead: Lead) -> None:
        self.model.add(lead)
        self._of_dealer[lead.dealer].append(lead)

    # --- a day ------------------------------------------------------------------------------------------------------

    def run(self, say: Callable[[str], None] = lambda _: None) -> Report:
        """All days; the report, with everything that is not as it should be."""
        for number in range(self.size.days):
            day = (START + timedelta(days=number)).date()
            last = number == self.size.days - 1
            with self.world.storm():
                if last or self.dice.random() > 0.1:
                    self._night(day)
                if self.dice.random() > 0.1:
                    self._campaigns(day)
            self._customers(day)
            with self.world.storm():
                self._dealers_day(day)
            say(self._line(number))
        self._end(START.date() + timedelta(days=self.size.days))
        return self.report

    def _at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """Wait until then; what takes longer makes the next thing late."""
        moment = datetime.combine(day, time(hour, minute), UTC)
        self.world.clock.sleep(max(0.0, (moment - self.world.clock.now()).total_seconds()))
        return self.world.clock.now()

    def _night(self, day: date) -> None:
        now = self._at(day, 3)
        made = self.model.night(now, now.astimezone(ZONE).date())
        self.world.run("nightly")
        self._named(made, now)
        self.report.counts["nights"] += 1

    def _campaigns(self, day: date) -> None:
        now = self._at(day, 5)
        made = self.model.campaign(CAMPAIGN, now, now.astimezone(ZONE).date())
        self.world.run("campaigns")
        self._named(made, now)

    def _named(self, made: list[Lead], since: datetime) -> None:
        """Give the model's new leads the numbers that the org gave them; both must have made the same ones."""
        found = {
            lead["Sfsync_Key__c"]: lead
            for lead in self.world.org.query(
                f"SELECT Name, Sfsync_Key__c, Date_Assigned_to_Dealer__c FROM {LEAD} WHERE Sfsync_Key__c != null "
                f"AND CreatedDate >= {since.strftime('%Y-%m-%dT%H:%M:%SZ')}"
            )
        }
        keys = {str(lead.key) for lead in made}
        for key in sorted(keys ^ found.keys()):
            self.report.problems.append(
                f"{key}: made {'only by the model' if key in keys else 'only in the org'}"
            )
        for lead in made:
            if record := found.get(lead.key):
                lead.name = record["Name"]
                lead.assigned = checks.moment(
                    record["Date_Assigned_to_Dealer__c"]
                )  # the moment of the run's clock
                self._add(lead)
                self.report.counts["recontact leads" if lead.parent else "campaign leads"] += 1

    def _customers(self, day: date) -> None:
        self._at(day, 12)
        with self.world.org.core.transaction():
            for _ in range(self.size.leads // 2 // self.size.days):
                minutes = self.dice.randint(60, 8 * 60)
                self._new_lead(self.world.clock.now() - timedelta(minutes=minutes))

    def _dealers_day(self, day: date) -> None:
        self._at(day, 16)
        files = self._made_today(day)
        files.sort(key=lambda file: (file.made, file.name))
        now = self._at(day, 17, 30)
        expected: Counter[str] = Counter()
        for file in files:
            path = self._files / file.name
            if not path.exists():
                self._writer.write(file, path, self.dice)
            self.world.deliver(file.name, path, file.made)
            found = self.model.take(file.rows, file.made, now)
            expected += found
            self.report.counts["files"] += 1
            self.report.counts["rows"] += len(file.rows)
        self.model.confirm(now)
        found, trouble = self.world.run("")
        self.report.counts += expected
        if not trouble and _told(expected) != _told(found):
            self.report.problems.append(f"{day}: the model counted {dict(expected)}, sfsync {dict(found)}")

    def _made_today(self, day: date) -> list[DealerFile]:
        """New files of some dealers, yesterday's that come late, and some that come once more."""
        files, self._late = self._late, []
        for each in self.dealers:
            if self.dice.random() >= 1 / self.size.every:
                continue
            made = self.world.clock.now().replace(second=0, microsecond=0) - timedelta(
                minutes=self.dice.randint(0, 59)
            )
            others = [other.code for other in self.dealers if other is not each]
            rows = list(dealers.rows(self.dice, self._of_dealer[each.code], made, others))
            ending = "xlsx" if self.dice.random() < 0.05 else "csv"
            file = DealerFile(f"{each.code}-{day}.{ending}", each, made, rows)
            if not rows:
                continue
            if self.dice.random() < 0.03:
                self._late.append(file)
                continue
            files.append(file)
            if self.dice.random() < 0.05:
                self._late.append(file)  # taken today, and tomorrow once more
        return files

    # --- the end ----------------------------------------------------------------------------------------------------

    def _end(self, day: date) -> None:
        """Late files come in, a last night passes without trouble, and everything is looked at."""
        self._at(day, 1)
        now = self._at(day, 3)
        made = self.model.night(now, now.astimezone(ZONE).date())
        self.world.run("nightly")
        self._named(made, now)
        self.report.trouble = self.world.trouble.happened
        self.report.counts["runs"], self.report.counts["API calls"] = self.world.runs, self.world.calls
        self.report.counts["mails"] = self.world.mailbox.mails.total()
        self.report.counts["leads"] = len(self.model.leads)
        self.report.counts["final leads"] = sum(lead.final for lead in self.model.leads.values())
        self.report.statuses = Counter(lead.status for lead in self.model.leads.values())
        self.report.problems += checks.same_leads(self.model, self.world.org)
        self.report.problems += checks.same_mails(self.model, self.world.mailbox.mails)
        self.report.problems += checks.broken_rules(self.world.org, now)

    def _line(self, number: int) -> str:
        counts = self.report.counts
        return (
            f"day {number + 1}: {len(self.model.leads):,} leads, {counts['files']:,} files, {counts['rows']:,} rows, "
            f"{self.world.mailbox.mails.total():,} mails, {self.world.calls:,} API calls, "
            f"{self.world.trouble.happened.total():,} troubles, {len(self.report.problems)} problems"
        )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _told(counts: Counter[str]) -> Counter[str]:
    """Rows of unknown leads may be called not_found or, for their unknown notation, invalid."""
    rejected = counts["not_found"] + counts["invalid"]
    return +Counter({**counts, "not_found": 0, "invalid": rejected})
