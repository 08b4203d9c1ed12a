"""`sfsync plan FLOW[.STEP]`: what a run would do and cost."""

import click

from sfsync.cli.common import Options, common_options


@click.command(name="plan")
@click.argument("flow")
@common_options
def command(options: Options, flow: str) -> int:
    """Show what `run FLOW` would create, change and reject, and its API calls. Writes nothing."""
    from sfsync.cli.work import Quiet, show, show_plan
    from sfsync.engine.operation import plan
    from sfsync.project import open_project

    project = open_project(options.project, org=options.org)
    family, _, step = flow.partition(".")
    result, plans = plan(project.ports(Quiet()), project.content.flow(family), step or None)
    show(result, options)
    show_plan(plans, options)
    return result.exit_code if result.status == "refused" else 0
