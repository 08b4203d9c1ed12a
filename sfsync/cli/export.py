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
@click.option("--override", multiple=True, type=OVERRIDES, help="Go ahead in spite of this guard.")
@figures.option
@common_options
def command(
    options: Options,
    name: str,
    again: bool,
    batch: str | None,
    override: tuple[str, ...],
    metrics: Path | None,
) -> int:
    """Make the file of partner file NAME (`allocation`, `activation`) and send it on its way."""
    from sfsync.cli.work import show, watch
    from sfsync.engine.operation import export_file
    from sfsync.project import open_project

    with figures.measured(options, "export", name, metrics) as now:
        now.project = project = open_project(options.project, org=options.org)
        partner_file = project.content.partner_file(name)
        if partner_file.give is None:
            raise click.UsageError(f"{name} files are only taken, not made.")
        flow = project.content.flow(partner_file.family)
        with watch(options) as watcher:
            ports = project.ports(watcher, override)
            now.result = result = export_file(
                ports, flow, partner_file.give({"again": again, "batch": batch})
            )
    show(result, options)
    return result.exit_code
