"""`sfsync report`: what the org and the journal hold, as a table, JSON or a workbook."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from sfsync import project as project_module
from sfsync.cli.report import command
from sfsync.clock import ManualClock
from sfsync.errors import ConfigError
from sfsync.journal.values import RowRecord
from sfsync.mockorg import MockOrg
from sfsync.records import Bucket

NOW = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)


def lead(key: str, status: str = "Qualified") -> dict[str, Any]:
    return {
        "Sfsync_Key__c": key,
        "Country": "NL",
        "Subscription_Plan__c": "plus",
        "Intake_Status__c": status,
        "Intake_Reason__c": None,
        "IsConverted": status == "Qualified",
    }


@dataclass
class FakeOrg:
    url: str = "http://127.0.0.1:1"
    asked: list[str] = field(default_factory=list)

    def query_many(self, soqls: list[str]) -> list[list[dict[str, Any]]]:
        self.asked += soqls
        order = {
            "Sfsync_Key__c": "A-1",
            "Status": "Card Sent",
            "TotalAmount": 1200.0,
            "Number_of_Cards__c": 2,
        }
        cards = [{"Status": status, "Order__r": {"Sfsync_Key__c": "A-1"}} for status in ("Active", "Shipped")]
        return [[lead("A-1"), lead("A-2", "Duplicate")], [order], cards]


class FakeJournal:
    def runs(self, limit: int, flow: str) -> list[Any]:
        assert flow == "charge_card"
        here = FakeOrg.url
        made = [("r2", "import", "web_forms", here), ("r1", "import", "web_forms", here)]
        made += [("r3", "import", "allocation", here), ("r4", "import", "web_forms", "http://other")]
        return [
            SimpleNamespace(id=i, command=c, arguments={"step": s}, org=o, started_at=NOW)
            for i, c, s, o in made
        ]

    def rows(self, run_id: str, *, step: str, buckets: set[Bucket]) -> Iterator[RowRecord]:
        assert run_id in ("r1", "r2")
        yield RowRecord("A-3", Bucket.INVALID, "no last name")
        yield RowRecord("A-2", Bucket.DUPLICATE, "same person as A-1")
        yield RowRecord(None, Bucket.INVALID, "no submission id", file="forms.jsonl", row_number=7)


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> FakeOrg:
    found = FakeOrg()
    opened = SimpleNamespace(
        org=found,
        journal=FakeJournal(),
        clock=ManualClock(NOW),
        settings=SimpleNamespace(timezone="Europe/Amsterdam"),
        content=project_module.Content(Path(__file__).parents[2]),
    )
    monkeypatch.setattr(project_module, "open_project", lambda *_, **__: opened)
    return found


def invoke(*words: str) -> Result:
    # click keeps a command's help option for good as its first caller had it: as the root command does.
    return CliRunner().invoke(command, words, catch_exceptions=False, help_option_names=["-h", "--help"])


def report(*args: str) -> Result:
    return invoke("charge_card.orders", *args)


def test_json_holds_the_whole_tally(org: FakeOrg):
    body = json.loads(report("--json").stdout)
    assert body["total"] == {
        "submissions": 4,
        "good": 1,
        "duplicates": 1,
        "rejected": 2,
        "failed": 0,
        "waiting": 0,
        "orders": 1,
        "cards": 2,
        "cards_sent": 2,
        "cards_active": 1,
        "revenue": 1200.0,
    }
    assert body["reasons"] == {"no last name": 1, "no submission id": 1}


def test_people_get_tables(org: FakeOrg):
    printed = report().stdout
    assert "By country" in printed
    assert "1,200.00" in printed
    assert "no last name" in printed
    assert "(no lead)" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    assert report("--quiet").stdout == ""


def test_the_workbook_is_dated_in_the_project_zone(org: FakeOrg, tmp_path: Path):
    path = tmp_path / "orders.xlsx"
    printed = report("-o", str(path), "--since", "2026-03-01", "--until", "2026-03-31").stdout
    assert f"Written to {path}" in printed
    summary = openpyxl.load_workbook(path)["Summary"]
    assert summary["A2"].value == "2026-04-01 · forms from 2026-03-01 to 2026-03-31"
    assert "Submitted_At__c >= 2026-03-01" in org.asked[0]


def test_a_period_before_the_runs_leaves_their_rows_out(org: FakeOrg):
    body = json.loads(report("--json", "--until", "2026-03-30").stdout)
    assert body["total"]["rejected"] == 0


def test_a_workbook_ends_in_xlsx(org: FakeOrg):
    with pytest.raises(ConfigError, match=r"orders\.csv: .* must end in \.xlsx"):
        report("-o", "orders.csv")
    assert not org.asked


def test_an_option_of_another_report_is_refused(org: FakeOrg):
    with pytest.raises(ConfigError, match=r"does not take --month or --dealer.* --since, --until"):
        report("--month", "2026-03", "--dealer", "D00001")
    assert not org.asked


def test_the_queries_are_what_an_org_understands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    root = Path(__file__).parents[2]
    org = MockOrg(metadata=[root / "config" / "org"])
    org.seed("charge_card", 5)
    with org.serve() as server:
        monkeypatch.setenv("SF_INSTANCE_URL", server.url)
        monkeypatch.setenv("SF_ACCESS_TOKEN", server.token)
        monkeypatch.setenv("SFSYNC_STATE", str(tmp_path))
        body = json.loads(report("--json", "--project", str(root)).stdout)
        later = json.loads(report("--json", "--project", str(root), "--since", "2999-01-01").stdout)
    assert body["total"]["submissions"] == body["total"]["waiting"] == 5
    assert later["total"]["submissions"] == 0


def test_service_levels_from_an_org(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    root = Path(__file__).parents[2]
    org = MockOrg(metadata=[root / "config" / "org"])
    org.seed("aftersales", 150)
    book, page = tmp_path / "sla.xlsx", tmp_path / "sla.html"
    with org.serve() as server:
        monkeypatch.setenv("SF_INSTANCE_URL", server.url)
        monkeypatch.setenv("SF_ACCESS_TOKEN", server.token)
        monkeypatch.setenv("SFSYNC_STATE", str(tmp_path))
        words = ["aftersales.sla", "--json", "--project", str(root)]
        body = json.loads(invoke(*words, "-o", str(book), "-o", str(page)).stdout)
        one = json.loads(invoke(*words, "--dealer", "D00003").stdout)
        with pytest.raises(ConfigError, match="no dealer with the code 'D99999'"):
            invoke(*words, "--dealer", "D99999")
        leads = org.query("SELECT Customer_Name__c, Customer_Email__c FROM Aftersales_Lead__c")
        assert org.stats.api_calls < 12
    assert list(body) == [
        "report", "as_of", "period", "dealer", "targets", "total", "by_kind", "by_dealer", "by_month",
        "by_month_dealer_kind", "first_contact_times", "leads_outside", "notes", "files",
    ]  # fmt: skip
    assert body["files"] == [str(book), str(page)]
    assert body["notes"]["by_field"] == 6
    assert sum(kind["leads"] for kind in body["by_kind"]) == body["total"]["leads"] == body["notes"]["leads"]
    assert list(body["total"]["first_contact"]) == [
        "share", "on_target", "mean_hours", "n", "met", "open", "unknown", "trend",
    ]  # fmt: skip
    (dealer,) = one["by_dealer"]
    assert dealer == next(each for each in body["by_dealer"] if each["dealer"] == "D00003")
    text = page.read_text(encoding="utf-8") + json.dumps(body, ensure_ascii=False)
    text += "".join(str(c.value) for s in openpyxl.load_workbook(book) for r in s.iter_rows() for c in r)
    for lead in leads:
        assert lead["Customer_Name__c"] not in text
        assert lead["Customer_Email__c"] not in text
