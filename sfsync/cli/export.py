"""`sfsync export NAME`: make a partner's file from the org."""

from pathlib import Path

import click

from sfsync.cli import metrics as figures
from sfsync.cli.common import Options, common_options
from sfsync.cli.run import OVERRIDES


@click.command(name="export")
@click.argument("name")
@click.option("--again", is_flag=True, help="Send what was sent before and is not answered yet, too.")
@click.option("--batch", metavar="NAME", help="Send one batch that may or may not have gone out.")
@click.option("--view", help="Which view of NAME, as in NAME.VIEW.")
@click.option(
    "--dealer", "dealers", metavar="CODE", multiple=True, help="A list of this dealer; may be repeated."
)
@click.option("--each-dealer", is_flag=True, help="A list for every dealer that has leads in the view.")
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
    override: tuple[str, ...],
    metrics: Path | None,
) -> int:
    """Make the file of partner file NAME (`allocation`, `activation`) and send it on its way.

    Where NAME has several views, one of them is made: `aftersales.in_progress`.
    """
    from sfsync.cli.work import show, watch
    from sfsync.engine.operation import export_file
    from sfsync.project import open_project

    with figures.measured(options, "export", name, metrics) as now:
        now.project = project = open_project(options.project, org=options.org)
        name, _, named = name.partition(".")
        partner_file = project.content.partner_file(name)
        if partner_file.give is None:
            raise click.UsageError(f"{name} files are only taken, not made.")
        chosen = (view or named).replace("-", "_")
        if chosen not in (partner_file.views or ("",)):
            views = ", ".join(f"{name}.{each}" for each in partner_file.views)
            raise click.UsageError(
                f"{name} has no view {chosen!r}." if not views else f"Say which view of {name}: {views}."
            )
        flow = project.content.flow(partner_file.family)
        with watch(options) as watcher:
            ports = project.ports(watcher, override)
            given = {
                "again": again,
                "batch": batch,
                "view": chosen,
                "dealers": dealers,
                "each_dealer": each_dealer,
            }
            now.result = result = export_file(ports, flow, partner_file.give(given))
    show(result, options)
    return result.exit_code
