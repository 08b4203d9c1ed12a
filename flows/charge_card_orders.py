"""The report of charge-card sales: submissions, orders, cards and revenue by country and plan, and why submissions
were rejected.

It reads leads, orders and cards from the org, and from the journal the submissions that never became a lead. Days
are in UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date
from typing import TYPE_CHECKING

from sfsync.clock import today
from sfsync.project import Content
from sfsync.records import KEY_FIELD, Bucket
from sfsync.reports.orders import order_outcomes, order_queries, refused_outcomes
from sfsync.reports.report import Asked, Cell, Column, Findings, Report, Sources, TextTable

if TYPE_CHECKING:
    import pandas as pd

TITLE = "Charge card: from web form to active card"
_SHORT = {"submissions": "forms", "cards_active": "active"}
_RUNS_READ = 100_000


def report(content: Content) -> Report:
    """What `sfsync report charge_card.orders` makes."""
    del content
    return Report("charge_card.orders", TITLE, frozenset({"since", "until"}), (".xlsx",), _make)


def _make(sources: Sources, asked: Asked) -> Findings:
    from sfsync.reports.tally import tally
    from sfsync.reports.tally_book import write_tally

    leads, orders, cards = sources.org.query_many(order_queries(asked.since, asked.until))
    refused = refused_outcomes(_refused(sources, asked), {lead[KEY_FIELD] for lead in leads})
    made = tally([*order_outcomes(leads, orders, cards), *refused])
    day, note = today(sources.clock, sources.zone), _period(asked.since, asked.until)
    shown = (
        ("", made.funnel),
        ("By country", made.countries),
        ("By plan", made.plans),
        ("Why submissions were rejected", made.reasons),
    )
    return Findings(
        made.as_json(),
        [_table(title, table) for title, table in shown if len(table)],
        {".xlsx": lambda path: write_tally(made, path, title=TITLE, day=day, note=note)},
    )


def _refused(sources: Sources, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """(key, bucket, reason) of submissions in files that intake did not take, by the journal, oldest first."""
    journal = sources.open_journal()
    for run in reversed(journal.runs(_RUNS_READ, "charge_card")):
        day = run.started_at.astimezone(UTC).date()
        of_forms = run.command == "import" and run.arguments.get("step") == "web_forms"
        if not of_forms or run.org != sources.org.url:
            continue
        if (asked.since and day < asked.since) or (asked.until and day > asked.until):
            continue
        for row in journal.rows(run.id, step="intake", buckets={Bucket.INVALID, Bucket.DUPLICATE}):
            yield row.key or f"{row.file}:{row.row_number}", row.bucket.value, row.reason


def _period(since: date | None, until: date | None) -> str:
    if since and until:
        return f"forms from {since} to {until}"
    if since or until:
        return f"forms from {since} on" if since else f"forms up to {until}"
    return "all forms"


def _table(title: str, table: "pd.DataFrame") -> TextTable:
    rare = [name for name in ("failed", "waiting") if name in table and not table[name].any()]
    # 80 columns; the workbook has all
    table = table.drop(columns=[*rare, "good", "cards_sent"], errors="ignore")
    columns = [Column(str(table.index.name), right=False)]
    columns += [Column(_SHORT.get(str(heading), str(heading))) for heading in table.columns]
    rows = [
        [Cell(str(name)), *(Cell(_figure(str(heading), value)) for heading, value in row.items())]
        for name, row in table.iterrows()
    ]
    return TextTable(title, columns, rows)


def _figure(heading: str, value: float) -> str:
    if heading == "share":
        return f"{value:.1%}"
    return f"{value:,.2f}" if heading == "revenue" else f"{value:,.0f}"
