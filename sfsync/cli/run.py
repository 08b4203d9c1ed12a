"""`sfsync run FLOW[.STEP]`: run a flow, a group of its steps, or one step."""

from pathlib import Path

import click

from sfsync.cli import metrics as figures
from sfsync.cli.common import Options, common_options

OVERRIDES = click.Choice(["changes", "rejects", "blanks", "api_floor", "api_calls"])


@click.command(name="run")
@click.argument("flow")
@click.option("--override", multiple=True, type=OVERRIDES, help="Go ahead in spite of this guard.")
@figures.option
@common_options
def command(options: Options, flow: str, override: tuple[str, ...], metrics: Path | None) -> int:
    """Run FLOW (`charge_card`), a group of its steps (`aftersales.nightly`) or one step (`charge_card.convert`).

    Safe to run again at any time: every step selects what is left to do from the org itself.
    """
    from sfsync.cli.work import show, watch
    from sfsync.engine.operation import run_flow
    from sfsync.project import open_project

    with figures.measured(options, "run", flow, metrics) as now:
        now.project = project = open_project(options.project, org=options.org)
        family, _, step = flow.partition(".")
        found = project.content.flow(family)
        with watch(options) as watcher:
            now.result = result = run_flow(project.ports(watcher, override), found, step or None)
    show(result, options)
    return result.exit_code
