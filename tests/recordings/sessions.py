"""Our own sessions with an org, as functions: run against the mock org to record them, and against the recordings.

`python -m tests.recordings.sessions` records them anew. What a session returns must be the same both times.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfsync.demo.forms import submissions, write_forms
from sfsync.errors import OrgError
from sfsync.mockorg import MockOrg
from sfsync.mockorg.recorder import Recorder
from sfsync.mockorg.recording import Recording
from sfsync.records import Bucket, Create, Update
from sfsync.salesforce.logins import AccessToken
from sfsync.salesforce.org import Org
from sfsync.salesforce.session import Session
from sfsync.testing.bound import URL, BoundProject, QuickClock

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FORMS = 12


@dataclass(frozen=True)
class Recorded:
    """A session: what the org holds before, what is done, in a word what it is about."""

    about: str
    act: Callable[[BoundProject], Any]
    prepare: Callable[[BoundProject], Any] = lambda _: None
    leads: int = 0
    keep: tuple[str, ...] = ()


def counts(result: Any) -> dict[str, dict[str, int]]:
    return {
        step.name: {bucket.value: step.buckets[bucket] for bucket in Bucket if step.buckets.get(bucket)}
        for step in result.steps
    }


def intake(project: BoundProject) -> Any:
    project.state.mkdir(exist_ok=True)
    path = project.state / "web_forms.jsonl"
    write_forms(path, submissions(7, FORMS))
    return counts(project.take("web_forms", path))


def sell(project: BoundProject) -> Any:
    return [counts(project.run(f"charge_card.{step}")) for step in ("products", "close", "order")]


def until_convert(project: BoundProject) -> None:
    project.run("charge_card.intake")


def until_sell(project: BoundProject) -> None:
    until_convert(project)
    project.run("charge_card.convert")


def client(project: BoundProject, **options: Any) -> Org:
    session = Session(AccessToken(URL, project.org.token), clock=QuickClock())
    return Org(session, clock=session.clock, **options)


def bulk_load(project: BoundProject) -> Any:
    rows = [
        Create(
            "Account",
            f"ACC-{number:04d}",
            {"Name": f"Company “{number}”, Ltd.", "BillingStreet": "Line 1\nLine 2"},
        )
        for number in range(30)
    ]
    rows[7] = Create("Account", "ACC-0007", {"Name": "x" * 300})
    return [(each.state.value, each.code) for each in client(project, bulk_from=10).write(rows)]


def errors(project: BoundProject) -> Any:
    org = client(project)
    (account,) = org.write([Create("Account", "ACC-1", {"Name": "Jansen Installaties"})])
    refused = org.write([
        Create("Lead", "WF-1", {"LastName": "Jansen", "Company": "Jansen Installaties", "Status": "No such status"}),
        Create("Lead", "WF-2", {"LastName": "Jansen"}),
        Create("Lead", "WF-3", {"LastName": "Jansen", "Company": "J", "Email": "not an address"}),
        Update("Account", str(account.id), {"Name": "y" * 256}),
        Update("Account", str(account.id)[:10] + "zzzzzzzz", {"Name": "Nobody"}),
    ])  # fmt: skip
    found = [each.code for each in refused]
    wrong = ("SELECT Nothing__c FROM Account", "SELECT Id FROM Nothing__c", "SELECT Id FROM Account WHERE")
    found += [code_of(lambda soql=soql: list(org.query(soql))) for soql in wrong]
    found.append(code_of(lambda: org.describe("Nothing__c")))
    found.append(code_of(lambda: org.session.request("GET", "sobjects/Account/001000000000001AAA")))
    found.append(code_of(lambda: org.session.request("POST", "sobjects/Account", json={})))
    return found


def code_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except OrgError as error:
        return error.code
    return "no error"


SESSIONS = {
    "intake": Recorded("Twelve web forms become leads.", intake),
    "convert": Recorded(
        "Four qualified leads are converted.",
        lambda project: counts(project.run("charge_card.convert")),
        until_convert,
        leads=4,
        keep=("Sfsync_Key__c",),
    ),
    "order": Recorded(
        "Four opportunities get their products, are closed, and become activated orders.",
        sell,
        until_sell,
        leads=4,
        keep=("Sfsync_Key__c",),
    ),
    "bulk_load": Recorded(
        "Thirty accounts by Bulk API 2.0, one of them refused.", bulk_load, keep=("Sfsync_Key__c",)
    ),
    "errors": Recorded("Requests and rows that an org refuses.", errors),
}


def new_org(leads: int = 0) -> MockOrg:
    org = MockOrg(metadata=[ROOT / "config" / "org"], sleep=lambda _: None)
    org.seed("charge_card", leads)
    return org


def make(name: str, state: Path) -> tuple[Recording, Any]:
    """Record a session against a mock org; also what it returned."""
    recorded = SESSIONS[name]
    org = new_org(recorded.leads)
    project = BoundProject(org, state, ROOT)
    with org.activate():
        recorded.prepare(project)
    recorder = Recorder(URL, schema=org.core.schema, keep=recorded.keep, forward=org.handle)
    with recorder.activate():
        result = recorded.act(project)
    return recorder.recording(recorded.about), result


def main() -> None:
    for name in SESSIONS:
        with tempfile.TemporaryDirectory() as folder:
            recording, _ = make(name, Path(folder) / "state")
        recording.save(HERE / f"{name}.yaml")


if __name__ == "__main__":
    main()
