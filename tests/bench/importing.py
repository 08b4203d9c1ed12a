"""`import` of a large table, against a loop over the rows with simple-salesforce's Bulk 2.0.

Both talk to a server in a process of its own: first to a mock org, then to one that only answers. With the mock org
a pause between two looks at a job takes a twentieth of what the client asks for, and our client's clock runs as much
faster: the pauses cost no time worth speaking of, and the looks are as many as an org would see that takes twenty
times as long. The org's work is the same for both and a third of the other side's time; what each client spends
itself is its processor time. The server that only answers is done with a job at once, so nobody waits for it between
two looks: there the bar stands.
"""

import csv
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.bench.answering import Answering
from tests.bench.measure import ROOT, Pair, Plan, Row, Work, alternate, side
from tests.bench.mock_org import Served

_FULL = 1_000_000
_FEW = 60_000
_DIFFERENT = 2_000
"""Submissions that are made up; the file repeats them under other keys and e-mail addresses."""
_TWICE = 500
"""Every so many rows one stands twice."""
_FASTER = 20
"""How many times faster than the machine's clock the clients' clocks run with a mock org."""
_AT_ONCE = 1e9
"""The same with the server that only answers: no pause lasts."""
_HEADERS = """    job_title: {type: text, max: 128, truncate: true}
    website: {type: text, max: 255}
    industry: {type: picklist, one_of: [Banking, Energy, Retail, Transportation]}
    annual_revenue: {type: number, min: 0}
"""
_FIELDS = """  Title: job_title
  Website: website
  Industry: industry
  AnnualRevenue: annual_revenue
"""


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    table = plan.scratch / "table.csv"
    side(make_table, table, count)()
    mapping = write_mapping(plan.scratch)
    pair = _pair(table, mapping, plan, "mock")
    size = f"{count:,} rows × 25"
    against = "a loop over the rows, simple-salesforce bulk2"
    waited = [costs[0].value["org"] / costs[0].seconds for costs in (pair.ours, pair.theirs)]
    waiting = f"{size}; waiting for the org: {waited[0]:.0%} of our time, {waited[1]:.0%} of theirs"
    yield Row("import", against, pair.time, waiting)
    client = _ratio(pair, "processor")
    spent = [costs[0].value["processor"] for costs in (pair.ours, pair.theirs)]
    each = ", ".join(f"{seconds / count * 1e6:.0f} µs a row" for seconds in spent)
    yield Row("import, client only", against, client, f"{size}; {each}")
    memory = _ratio(pair, "megabytes")
    peaks = " against ".join(f"{costs[0].value['megabytes']:,.0f} MB" for costs in (pair.ours, pair.theirs))
    yield Row("import, memory", against, memory, f"{size}; {peaks}", "≤ 0.5", memory <= 0.5)
    yield _answered(_pair(table, mapping, plan, "answers"), size, against, count)
    few = plan.scratch / "few.csv"
    side(make_table, few, plan.rows(_FEW))()
    again = side(with_sfsync, few, mapping, plan.scratch / "ours-mock", "mock")()
    calls = again.value["calls"]
    yield Row(
        "API calls, part again",
        "reading all records, 2,000 a call",
        calls / (count / 2_000),
        f"{plan.rows(_FEW):,} rows in an org of {count:,} records: {calls:,} calls, nothing written",
        "≤ 30 calls",
        calls <= 30,
    )


def write_mapping(folder: Path) -> Path:
    """The mapping of web forms, with four columns more, so that there are 25."""
    text = (ROOT / "mappings/charge_card/web_forms.yaml").read_text(encoding="utf-8")
    text = text.replace("\nfields:\n", f"{_HEADERS}\nfields:\n{_FIELDS}")
    mapping = folder / "leads.yaml"
    mapping.write_text(text + "\nguards: {changes: 10000000}\n", encoding="utf-8")
    return mapping


def _pair(table: Path, mapping: Path, plan: Plan, server: str) -> Pair:
    return alternate(
        1,
        side(with_sfsync, table, mapping, plan.scratch / f"ours-{server}", server),
        side(with_simple_salesforce, table, plan.scratch / f"theirs-{server}", server),
    )


def _answered(pair: Pair, size: str, against: str, count: int) -> Row:
    sides = (("ours", pair.ours[0]), ("theirs", pair.theirs[0]))
    told = ", ".join(
        f"{name} {cost.seconds:.1f} s ({cost.value['processor'] / count * 1e6:.1f} µs of processor a row)"
        for name, cost in sides
    )
    return Row("import, only answered", against, pair.time, f"{size}; {told}", "≤ 0.1", pair.time <= 0.1)


def _ratio(pair: Pair, name: str) -> float:
    return float(pair.ours[0].value[name] / pair.theirs[0].value[name])


def make_table(path: str, count: str) -> Work:
    from sfsync.demo.forms import submissions

    def work() -> None:
        forms = [submission.form for submission in submissions(1, min(_DIFFERENT, int(count)))]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            more = ("job_title", "website", "industry", "annual_revenue")
            writer = csv.DictWriter(file, [*forms[0], *more])
            writer.writeheader()
            industries = ("Banking", "Energy", "retail", "Transportation", "")
            for number in range(int(count)):
                form = forms[number % len(forms)]
                own = number if number % _TWICE else max(number - 1, 0)
                row = {"submission_id": f"WF-{own:09}", "email": f"{own}.{form['email'] or ''}"}
                row |= {"job_title": f"Title {own % 300}", "website": f"https://{own % 5000}.example"}
                row |= {"industry": industries[own % 5], "annual_revenue": str(own % 9_999 * 100)}
                writer.writerow(form | row)

    return work


class _Watch:
    """What a client's process spends; ``org`` is the time it waited for answers and between looks."""

    def __init__(self, faster: float) -> None:
        self._faster = faster
        self._started = resource.getrusage(resource.RUSAGE_SELF)
        self._clock = perf_counter()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds / self._faster)

    def told(self, **more: Any) -> dict[str, Any]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        processor = used.ru_utime + used.ru_stime - self._started.ru_utime - self._started.ru_stime
        idle = max(0.0, perf_counter() - self._clock - processor)
        return {"processor": processor, "org": idle, "megabytes": used.ru_maxrss / 1024, **more}


def _served(server: str, place: str) -> Served | Answering:
    return Answering() if server == "answers" else Served(f"{place}.db")


def _faster(server: str) -> float:
    return _AT_ONCE if server == "answers" else _FASTER


def with_sfsync(table: str, mapping: str, place: str, server: str) -> Work:
    import alembic  # noqa: F401  both sides have their libraries loaded before the work begins
    import numpy as np  # noqa: F401
    import phonenumbers  # noqa: F401
    import polars  # noqa: F401, ICN001
    import pydantic  # noqa: F401
    import sqlalchemy  # noqa: F401

    import sfsync.journal.journal
    import sfsync.salesforce.org
    import sfsync.tabular.answer
    import sfsync.tabular.text  # noqa: F401
    from sfsync.clock import SystemClock
    from sfsync.engine.importing import TableImport
    from sfsync.engine.operation import import_table
    from sfsync.engine.running import Nobody
    from sfsync.engine.tables import open_file
    from sfsync.project import open_project
    from sfsync.records import Bucket

    served = _served(server, place)
    env = {
        "SF_INSTANCE_URL": f"http://127.0.0.1:{served.port}",
        "SF_ACCESS_TOKEN": served.token,
        "SFSYNC_STATE": f"{place}.state",
    }

    class Quick(SystemClock):
        def monotonic(self) -> float:
            return super().monotonic() * _FASTER

        def sleep(self, seconds: float) -> None:
            watch.pause(seconds)

    def work() -> Any:
        project = open_project(str(ROOT), env=env, clock=Quick())
        step = TableImport(open_file(Path(table), project.content.mapping(mapping)))
        result = import_table(project.ports(Nobody()), "leads", step)
        buckets = result.steps[0].buckets
        if buckets.get(Bucket.FAILED):
            raise SystemExit(f"{buckets}")
        return watch.told(calls=result.api_calls, applied=buckets.get(Bucket.APPLIED, 0))

    watch = _Watch(_faster(server))
    return work


def with_simple_salesforce(table: str, place: str, server: str) -> Work:
    """What a careful script does: rows to records by hand, all of them to bulk2, the results read back by key."""
    import simple_salesforce
    from simple_salesforce import bulk2

    from tests.bench.naive import leads

    served = _served(server, place)
    host = f"127.0.0.1:{served.port}"
    salesforce = simple_salesforce.Salesforce(instance=host, session_id=served.token)
    salesforce.bulk2_url = salesforce.bulk2_url.replace("https://", "http://")

    def work() -> Any:
        with Path(table).open(encoding="utf-8", newline="") as file:
            records = list(leads(csv.DictReader(file)))
        jobs = salesforce.bulk2.Lead.upsert(records=records, external_id_field="Sfsync_Key__c", wait=0)
        outcomes: dict[str, tuple[str, str]] = {}
        for job in jobs:
            found = salesforce.bulk2.Lead.get_all_ingest_records(job["job_id"])
            for record in found["successfulRecords"]:
                outcomes[record["Sfsync_Key__c"]] = ("applied", record["sf__Id"])
            for record in found["failedRecords"]:
                outcomes[record["Sfsync_Key__c"]] = ("failed", record["sf__Error"])
        if len(outcomes) != len(records):
            raise SystemExit(f"{len(records)} records, {len(outcomes)} outcomes")
        applied = sum(bucket == "applied" for bucket, _ in outcomes.values())
        return watch.told(applied=applied)

    watch = _Watch(_faster(server))
    bulk2.sleep = watch.pause
    return work
