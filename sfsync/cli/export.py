"""`sfsync export NAME`: make a partner's file from the org, or a file of records as ``exports/NAME.yaml`` says."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfsync.cli import metrics as figures
from sfsync.cli.common import Options, OutputFile, common_options
from sfsync.cli.run import OVERRIDES

if TYPE_CHECKING:
    from sfsync.engine.flow import PartnerFile, Step
    from sfsync.project import Content


@click.command(name="export")
@click.argument("name")
@click.option("--again", is_flag=True, help="Send what was sent before and is not answered yet, too.")
@click.option("--batch", metavar="NAME", help="Send one batch that may or may not have gone out.")
@click.option("--view", help="Which view of NAME, as in NAME.VIEW.")
@click.option(
    "--dealer", "dealers", metavar="CODE", multiple=True, help="A list of this dealer; may be repeated."
)
@click.option("--each-dealer", is_flag=True, help="A list for every dealer that has leads in the view.")
@click.option("-o", "--output", type=OutputFile(), help="Write this file instead.")
@click.option("--full", is_flag=True, help="All records, whatever an incremental export told of before.")
@click.option("--override", multiple=True, type=OVERRIDES, help="Go ahead in spite of this guard.")
@figures.option
@common_options
def command(
    options: Options,
    name: str,
    again: bool,
    batch: str | None,
    view: str | None,
    dealers: tuple[str, ...],
    each_dealer: bool,
    output: Path | None,
    full: bool,
    override: tuple[str, ...],
    metrics: Path | None,
) -> int:
    """Make a file from the org and send it on its way.

    NAME is a partner file (`allocation`, `activation`) or an export of the project's exports/NAME.yaml. Where NAME
    has several views, one of them is made: `aftersales.in_progress`.
    """
    from sfsync.cli.work import show, watch
    from sfsync.engine.export import export_records
    from sfsync.engine.operation import export_file
    from sfsync.project import open_project

    given = {"again": again, "batch": batch, "view": view, "dealers": dealers, "each_dealer": each_dealer}
    with figures.measured(options, "export", name, metrics) as now:
        now.project = project = open_project(options.project, org=options.org)
        content = project.content
        if name in content.export_names:
            _refuse(given, "partner files")
            with watch(options) as watcher:
                ports = project.ports(watcher, override)
                now.result = result = export_records(ports, content.export(name), output=output, full=full)
        else:
            _refuse({"full": full}, "exports of the project's exports/")
            partner_file, step = _partner_file(content, name, given)
            if output is not None:
                _one_copy(partner_file, dealers, output, each_dealer=each_dealer)
            with watch(options) as watcher:
                flow = content.flow(partner_file.family)
                ports = project.ports(watcher, override)
                now.result = result = export_file(ports, flow, step, output)
    show(result, options)
    return result.exit_code


def _refuse(given: dict[str, Any], meant: str) -> None:
    """Options that mean nothing for this kind of export are not passed over in silence."""
    for option, value in given.items():
        if value:
            raise click.UsageError(f"--{option.replace('_', '-')} is for {meant}.")


def _one_copy(
    partner_file: "PartnerFile", dealers: tuple[str, ...], output: Path, *, each_dealer: bool
) -> None:
    """Whether one file may be written where somebody wants it."""
    if not partner_file.reads_only:
        raise click.UsageError(
            f"--output is not for {partner_file.name}: its records are marked as sent, so the file goes to the "
            "partner. A copy of it stays in the outbox of the state folder."
        )
    if each_dealer or len(dealers) > 1:
        raise click.UsageError("--output names one file, and these are several: name one dealer.")
    if output.suffix.lower() not in {".xlsx", ".csv"}:
        raise click.UsageError(f"{output.name}: name it .xlsx or .csv.")


def _partner_file(content: "Content", name: str, given: dict[str, Any]) -> "tuple[PartnerFile, Step[Any]]":
    """A partner file, and the step that makes it."""
    name, _, named = name.partition(".")
    if name not in content.partner_file_names:
        content.export(name)  # says what there is
    partner_file = content.partner_file(name)
    if partner_file.give is None:
        raise click.UsageError(f"{name} files are only taken, not made.")
    chosen = (given["view"] or named).replace("-", "_")
    if chosen not in (partner_file.views or ("",)):
        views = ", ".join(f"{name}.{each}" for each in partner_file.views)
        raise click.UsageError(
            f"{name} has no view {chosen!r}." if not views else f"Say which view of {name}: {views}."
        )
    return partner_file, partner_file.give({**given, "view": chosen})
