"""The demo: mock org, web forms, both partners, a tally; then everything once more, which changes nothing."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sfsync.clock import SystemClock, today
from sfsync.demo.forms import Submission, submissions, write_forms
from sfsync.demo.mailbox import Mailbox
from sfsync.demo.partners import activate, allocate
from sfsync.engine.files import read_file
from sfsync.engine.operation import export_file, import_file, run_flow
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody, Ports
from sfsync.errors import ConfigError
from sfsync.mapping.yamlfile import read_yaml
from sfsync.mockorg import MockOrg
from sfsync.project import Project, open_project
from sfsync.records import Bucket
from sfsync.reports.orders import order_outcomes, order_queries
from sfsync.reports.tally import FormOutcome, tally
from sfsync.reports.tally_book import write_tally

Say = Callable[[str], None]
_MARK = ".sfsync-demo"
_LEAD_TO_ORDER = ("convert", "products", "close", "order")
_CALLS_ONE_BY_ONE = 9
"""API calls for a lead without collections: convert; price book; two lines; close; order; two products; activate."""


def run_demo(folder: Path, *, forms: int, seed: int, project: str | None, say: Say) -> dict[str, Any]:
    """Run the demo in ``folder`` and return its figures; ``complete`` says whether everything adds up."""
    started = time.monotonic()
    root = open_project(project).root
    _empty(folder)
    made = submissions(seed, forms)
    write_forms(folder / "web_forms.jsonl", made)
    org = MockOrg(metadata=[root / "config" / "org"])
    org.seed("charge_card", 0)
    with org.serve() as server:
        env = {
            **os.environ,
            "SF_INSTANCE_URL": server.url,
            "SF_ACCESS_TOKEN": server.token,
            "SFSYNC_STATE": str((folder / "state").resolve()),
        }
        story = Demo(open_project(str(root), env=env), org, folder, say).tell(made)
    story["seconds"] = round(time.monotonic() - started, 1)
    say(f"\nIt took {story['seconds']} s. Look into {folder}/:")
    for name, about in _FILES:
        say(f"  {name:<40} {about}")
    return story


_FILES = (
    ("tally.xlsx", "the tally, for the sales manager"),
    ("web_forms.jsonl", "the forms, as people filled them in"),
    ("state/results/*/web_forms-result.xlsx", "every form with its result; the rejects with the reason"),
    ("state/results/*/", "the answers to the partners' files"),
    ("state/outbox/allocation/", "what the allocation partner fetches"),
    ("mailbox/", "the mail to the activation partner, with its workbook"),
)


def _empty(folder: Path) -> None:
    """An empty demo folder; a folder that is not an earlier demo's is left alone."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise ConfigError(f"{folder} exists and is not a demo folder.", hint="Choose another with --dir.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text(
        "Made by `sfsync demo`; the next demo empties this folder.\n", encoding="utf-8"
    )


class Demo:
    """One showing: the project's own flow, operated as cron and operators would."""

    def __init__(self, project: Project, org: MockOrg, folder: Path, say: Say) -> None:
        self._project = project
        self._org = org
        self._folder = folder
        self._partners = folder / "partners"
        self._say = say
        self._flow = project.content.flow("charge_card")
        self._settings = read_yaml(project.root / "config" / "charge_card.yaml").value
        self._deliveries: list[tuple[str, Path]] = []

    def tell(self, made: Sequence[Submission]) -> dict[str, Any]:
        self._partners.mkdir()
        self._say(f"A mock org is up, and {len(made):,} web forms were filled in.\n")
        forms = self._import_forms("forms become qualified leads")
        sold = self._run("leads become accounts, opportunities and orders")
        self._allocate(dirty=True)
        self._run("the allocation partner's answers, with the mistakes partners make")
        self._allocate(dirty=False)
        self._run("the cards that were still missing")
        self._activate()
        self._run("the activation partner's answer")
        story = self._figures(made, forms)
        story["api_calls_lead_to_order"] = sum(s.api_calls for s in sold.steps if s.name in _LEAD_TO_ORDER)
        story["written_when_run_again"] = self._once_more()
        story["complete"] = story["written_when_run_again"] == 0 and story["orders"] == story["good"]
        self._tally(story)
        return story

    def _import_forms(self, about: str) -> RunResult:
        partner_file = self._project.content.partner_file("web_forms")
        rows = read_file(self._folder / "web_forms.jsonl", self._project.content.mapping("web_forms"))
        return self._report(import_file(self._ports(), self._flow, partner_file, rows), about)

    def _run(self, about: str) -> RunResult:
        return self._report(run_flow(self._ports(), self._flow, None), about)

    def _allocate(self, *, dirty: bool) -> None:
        settings = self._settings["allocation"]
        outgoing = self._project.state / "outbox" / "allocation" / settings["file"]
        folder = self._partners / ("first" if dirty else "corrected")
        folder.mkdir()
        reply = allocate(outgoing, folder, columns=settings["columns"], day=self._today, dirty=dirty)
        self._deliver("allocation", reply.files)

    def _activate(self) -> None:
        give = self._project.content.partner_file("activation").give
        assert give  # noqa: S101  a file that is made
        sent = export_file(self._ports(), self._flow, give({}))
        self._report(sent, "the workbook of cards to activate goes out by e-mail")
        workbook = next(Path(path) for path in sent.files if path.endswith(".xlsx"))
        answer = self._partners / f"retour-{workbook.name}"
        reply = activate(workbook, answer, columns=self._settings["activation"]["columns"], day=self._today)
        self._deliver("activation", reply.files)

    def _deliver(self, partner_file: str, paths: Sequence[Path]) -> None:
        """Put files into the inbox, as if they had arrived a minute ago."""
        inbox = self._project.state / "inbox" / partner_file
        inbox.mkdir(parents=True, exist_ok=True)
        for path in paths:
            self._deliveries.append((partner_file, path))
            copy = shutil.copy(path, inbox / path.name)
            os.utime(copy, (time.time() - 60, time.time() - 60))

    def _once_more(self) -> int:
        """Everything again, files and all; returns the records that were written."""
        before = self._org.stats.records_written
        say, self._say = self._say, lambda _: None
        self._import_forms("")
        for partner_file, path in list(self._deliveries):
            self._deliver(partner_file, [path])
            self._run("")
        self._say = say
        return self._org.stats.records_written - before

    def _report(self, result: RunResult, about: str) -> RunResult:
        what = {"import": "import web_forms web_forms.jsonl", "export": "export activation"}
        self._say(f"$ sfsync {what.get(result.command, f'run {result.flow}'):<38} # {about}")
        for step in result.steps:
            counts = [f"{step.buckets[b]:,} {b.value}" for b in Bucket if step.buckets.get(b)]
            if counts:
                self._say(f"    {step.name:<15}{', '.join(counts):<66}{step.api_calls:>3} API calls")
        for message in result.messages:
            self._say(f"    {message}")
        return result

    def _figures(self, made: Sequence[Submission], forms: RunResult) -> dict[str, Any]:
        leads, orders, cards = self._project.org.query_many(order_queries())
        left = {
            str(row.key): row
            for row in self._project.journal.rows(forms.run_id, step="intake")
            if row.bucket is not Bucket.APPLIED
        }
        refused = [
            FormOutcome(
                country=str(submission.form.get("country") or ""),
                plan=str(submission.form.get("subscription_plan") or ""),
                bucket=left[submission.id].bucket.value,
                reason=left[submission.id].reason,
            )
            for submission in made
            if submission.id in left
        ]
        outcomes = [*order_outcomes(leads, orders, cards), *refused]
        write_tally(tally(outcomes), self._folder / "tally.xlsx", title="Charge cards", day=self._today)
        buckets = Counter(outcome.bucket for outcome in outcomes)
        return {
            "forms": len(made),
            "good": buckets[Bucket.APPLIED],
            "rejected": buckets[Bucket.INVALID],
            "duplicates": buckets[Bucket.DUPLICATE],
            "reasons": dict(Counter(o.reason for o in refused if o.bucket == Bucket.INVALID).most_common()),
            "orders": sum(outcome.ordered for outcome in outcomes),
            "completed": sum(order["Status"] == "Completed" for order in orders),
            "revenue": round(sum(outcome.amount for outcome in outcomes), 2),
            "cards": dict(Counter(str(card["Status"]) for card in cards).most_common()),
        }

    def _tally(self, story: dict[str, Any]) -> None:
        good, calls = story["good"], story["api_calls_lead_to_order"]
        cards = ", ".join(f"{count:,} {status.lower()}" for status, count in story["cards"].items())
        lines = [
            ("Web forms", f"{story['forms']:,}"),
            ("  good", f"{good:,}"),
            ("  sent twice", f"{story['duplicates']:,}"),
            ("  rejected", f"{story['rejected']:,}"),
            *((f"    {count:,}", reason) for reason, count in story["reasons"].items()),
            ("Orders", f"{story['orders']:,}, of which {story['completed']:,} completed"),
            ("Cards", cards),
            ("Revenue", f"€ {story['revenue']:,.2f}"),
            (
                "API calls",
                f"{calls} from lead to activated order; {good * _CALLS_ONE_BY_ONE:,} one record at a time",
            ),
            ("Run again", f"{story['written_when_run_again']:,} records written"),
        ]
        self._say("\nThe tally")
        for name, value in lines:
            self._say(f"  {name:<14} {value}")

    def _ports(self) -> Ports:
        return self._project.ports(Nobody(), mail=Mailbox(self._folder / "mailbox", self._project.clock))

    @property
    def _today(self) -> Any:
        return today(SystemClock(), self._project.settings.timezone)
