"""`sfsync import NAME FILE`: take a partner's file, or any table through a mapping, into the org."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli import metrics as figures
from sfsync.cli.common import Options, common_options
from sfsync.cli.run import OVERRIDES
from sfsync.errors import ConfigError, OrgError

if TYPE_CHECKING:
    from sfsync.engine.flow import PartnerFile
    from sfsync.engine.importing import TableImport
    from sfsync.project import Content, Project


@click.command(name="import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--override", multiple=True, type=OVERRIDES, help="Go ahead in spite of this guard.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be written; write nothing.")
@figures.option
@common_options
def command(
    options: Options,
    name: str,
    file: Path,
    override: tuple[str, ...],
    metrics: Path | None,
    only_plan: bool,
) -> int:
    """Take FILE into the org. NAME is a partner file (`allocation`) or a mapping.

    Every row ends in one bucket; the partner's file comes back with a result and a reason for each row. The same
    file taken again changes nothing.
    """
    from sfsync.cli.work import show, watch
    from sfsync.engine.files import held, read_file
    from sfsync.engine.operation import import_file, import_table
    from sfsync.project import open_project

    if only_plan:
        if override:
            raise click.UsageError("A plan writes nothing, so there is nothing to --override.")
        return _show_plan(options, name, file)
    with figures.measured(options, "import", name, metrics) as now:
        now.project = project = open_project(options.project, org=options.org)
        content = project.content
        if name not in content.partner_file_names:
            step = _table(content, name, file)
            with watch(options) as watcher, _fitting(project, name):
                now.result = result = import_table(project.ports(watcher, override), Path(name).stem, step)
        else:
            partner_file = _taken(content, name)
            flow = content.flow(partner_file.family)
            with held(file) as own, watch(options) as watcher:
                rows = read_file(own, content.mapping(str(partner_file.mapping)))
                now.result = result = import_file(project.ports(watcher, override), flow, partner_file, rows)
    show(result, options)
    return result.exit_code


def _show_plan(options: Options, name: str, file: Path) -> int:
    from sfsync.cli.work import Quiet, show, show_plan
    from sfsync.engine.files import read_file
    from sfsync.engine.operation import plan_file, plan_import
    from sfsync.project import open_project

    project = open_project(options.project, org=options.org)
    content, ports = project.content, project.ports(Quiet())
    if name not in content.partner_file_names:
        step = _table(content, name, file)
        with _fitting(project, name):
            result, plans = plan_import(ports, Path(name).stem, step)
    else:
        partner_file = _taken(content, name)
        rows = read_file(file, content.mapping(str(partner_file.mapping)))
        result, plans = plan_file(ports, content.flow(partner_file.family), partner_file, rows)
    show(result, options)
    show_plan(plans, options)
    return result.exit_code if result.status == "refused" else 0


@contextmanager
def _fitting(project: "Project", name: str) -> Iterator[None]:
    """Where the org does not know an object or a field: what in the mapping does not fit it, with its lines."""
    try:
        yield
    except OrgError as error:
        if error.code not in {"INVALID_TYPE", "INVALID_FIELD"}:
            raise
        from sfsync.cli.describes import against

        problems = against(project.org, project.content.mapping(name))
        if not problems:
            raise
        raise ConfigError(f"The mapping {name} does not fit the org.", problems=problems) from error


def _taken(content: "Content", name: str) -> "PartnerFile":
    partner_file = content.partner_file(name)
    if partner_file.take is None or partner_file.mapping is None:
        raise click.UsageError(f"{name} files are only sent, not taken.")
    return partner_file


def _table(content: "Content", name: str, file: Path) -> "TableImport":
    from sfsync.engine.importing import TableImport
    from sfsync.engine.tables import open_file

    return TableImport(open_file(file, content.mapping(name)))
