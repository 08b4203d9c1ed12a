"""`sfsync report NAME`: figures for managers, as a table, as JSON, or as a workbook."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, OutputFile, common_options

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from sfsync.project import Project
    from sfsync.reports.tally import Tally

REPORTS = {"charge_card.orders": "Charge card: from web form to active card"}
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_SHORT = {"submissions": "forms", "cards_active": "active"}
_RUNS_READ = 100_000


@click.command(name="report")
@click.argument("name", type=click.Choice(list(REPORTS)))
@click.option("-o", "--output", type=OutputFile(), help="Write a workbook (.xlsx).")
@click.option("--since", type=_DAY, metavar="DATE", help="Forms sent from this day on, such as 2026-01-31.")
@click.option("--until", type=_DAY, metavar="DATE", help="Forms sent up to and on this day.")
@common_options
def command(
    options: Options, name: str, output: Path | None, since: datetime | None, until: datetime | None
) -> None:
    """Submissions, orders, cards and revenue by country and plan, and why submissions were rejected.

    charge_card.orders reads leads, orders and cards from the org, and from the journal the submissions that never
    became a lead. Days are in UTC.
    """
    from sfsync.clock import today
    from sfsync.project import open_project

    if output and output.suffix.lower() != ".xlsx":
        raise click.BadParameter("the workbook's name must end in .xlsx", param_hint="--output")
    project = open_project(options.project, org=options.org)
    first, last = since and since.date(), until and until.date()
    tally = _orders(project, first, last)
    options.result({"report": name, **tally.as_json(), "files": [str(output)] if output else []})
    if not options.json:
        _show(tally, options)
    if output:
        from sfsync.reports.tally_book import write_tally

        day = today(project.clock, project.settings.timezone)
        write_tally(tally, output, title=REPORTS[name], day=day, note=_period(first, last))
        options.say(f"\nWritten to {output}.")


def _orders(project: "Project", since: date | None, until: date | None) -> "Tally":
    from sfsync.records import KEY_FIELD
    from sfsync.reports.orders import order_outcomes, order_queries, refused_outcomes
    from sfsync.reports.tally import tally

    leads, orders, cards = project.org.query_many(order_queries(since, until))
    refused = refused_outcomes(_refused(project, since, until), {lead[KEY_FIELD] for lead in leads})
    return tally([*order_outcomes(leads, orders, cards), *refused])


def _refused(project: "Project", since: date | None, until: date | None) -> Iterator[tuple[str, str, str]]:
    """(key, bucket, reason) of submissions in files that intake did not take, by the journal, oldest first."""
    from sfsync.records import Bucket

    for run in reversed(project.journal.runs(_RUNS_READ, "charge_card")):
        day = run.started_at.astimezone(UTC).date()
        of_forms = run.command == "import" and run.arguments.get("step") == "web_forms"
        if not of_forms or run.org != project.org.url or (since and day < since) or (until and day > until):
            continue
        for row in project.journal.rows(run.id, step="intake", buckets={Bucket.INVALID, Bucket.DUPLICATE}):
            yield row.key or f"{row.file}:{row.row_number}", row.bucket.value, row.reason


def _period(since: date | None, until: date | None) -> str:
    if since and until:
        return f"forms from {since} to {until}"
    if since or until:
        return f"forms from {since} on" if since else f"forms up to {until}"
    return "all forms"


def _show(tally: "Tally", options: Options) -> None:
    if options.verbosity < 0:
        return
    from rich.console import Console

    console = Console(highlight=False)
    for title, table in (
        ("", tally.funnel),
        ("By country", tally.countries),
        ("By plan", tally.plans),
        ("Why submissions were rejected", tally.reasons),
    ):
        if len(table):
            _print(console, title, table)


def _print(console: "Console", title: str, table: "pd.DataFrame") -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    grid.add_column(str(table.index.name), no_wrap=len(table.columns) > 2, min_width=11)
    rare = [name for name in ("failed", "waiting") if name in table and not table[name].any()]
    table = table.drop(
        columns=[*rare, "good", "cards_sent"], errors="ignore"
    )  # 80 columns; the workbook has all
    for heading in table.columns:
        grid.add_column(_SHORT.get(str(heading), str(heading)), justify="right", no_wrap=True)
    for name, row in table.iterrows():
        cells = [_cell(str(heading), value) for heading, value in row.items()]
        grid.add_row(Text(str(name)), *cells)
    console.print(grid)
    console.print()


def _cell(heading: str, value: float) -> str:
    if heading == "share":
        return f"{value:.1%}"
    return f"{value:,.2f}" if heading == "revenue" else f"{value:,.0f}"
