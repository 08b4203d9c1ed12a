"""`sfsync report NAME`: figures for managers, as tables, as JSON, or as files. Content in ``flows/`` names them."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, OutputFile, common_options
from sfsync.errors import ConfigError

if TYPE_CHECKING:
    from sfsync.reports.report import Asked, Findings, Report

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_MONTH = click.DateTime(formats=["%Y-%m"])


@click.command(name="report")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    "outputs",
    type=OutputFile(),
    multiple=True,
    help="Write a workbook (.xlsx) or, where the report has one, a page (.html); may be repeated.",
)
@click.option("--since", type=_DAY, metavar="DATE", help="From this day on, such as 2026-01-31.")
@click.option("--until", type=_DAY, metavar="DATE", help="Up to and on this day.")
@click.option("--month", type=_MONTH, metavar="YYYY-MM", help="One calendar month.")
@click.option("--dealer", metavar="CODE", help="One dealer.")
@common_options
def command(
    options: Options,
    name: str,
    outputs: tuple[Path, ...],
    since: datetime | None,
    until: datetime | None,
    month: datetime | None,
    dealer: str | None,
) -> None:
    """Figures for managers; NAME is a report such as charge_card.orders or aftersales.sla.

    charge_card.orders: submissions, orders, cards and revenue by country and plan, and why submissions were
    rejected; --since and --until limit it (days in UTC).

    aftersales.sla: how many leads are contacted, managed and closed in time, by dealer, lead kind and month; of the
    last days, or of one --month; of all dealers, or of one --dealer.
    """
    from sfsync.project import open_project
    from sfsync.reports.report import Asked, Sources

    project = open_project(options.project, org=options.org)
    report = project.content.report(name)
    first, last, whole = (moment and moment.date() for moment in (since, until, month))
    asked = Asked(first, last, whole, dealer)
    _check(report, asked, outputs)
    sources = Sources(project.org, lambda: project.journal, project.clock, project.settings.timezone)
    findings = report.make(sources, asked)
    for path in outputs:
        findings.writers[path.suffix.lower()](path)
    options.result({"report": name, **findings.json, "files": [str(path) for path in outputs]})
    if not options.json and options.verbosity >= 0:
        _show(findings)
    for path in outputs:
        options.say(f"Written to {path}.")


def _check(report: "Report", asked: "Asked", outputs: tuple[Path, ...]) -> None:
    """Refuse what the report does not understand, before it reads anything."""
    foreign = [f"--{name}" for name in asked.given if name not in report.options]
    if foreign:
        known = ", ".join(f"--{name}" for name in sorted(report.options)) or "no such options"
        raise ConfigError(f"{report.name} does not take {' or '.join(foreign)}.", hint=f"It takes {known}.")
    for path in outputs:
        if path.suffix.lower() not in report.formats:
            ends = " or ".join(report.formats)
            raise ConfigError(f"{path.name}: the name of a file of {report.name} must end in {ends}.")


def _show(findings: "Findings") -> None:
    from rich.console import Console

    from sfsync.cli.tables import show_table

    console = Console(highlight=False)
    if findings.heading:
        console.print(findings.heading, style="bold", markup=False)
        console.print()
    for table in findings.tables:
        show_table(console, table)
        console.print()
    for remark in findings.remarks:
        console.print(remark, style="dim", markup=False)
    if findings.remarks:
        console.print()
