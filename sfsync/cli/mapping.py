"""`sfsync mapping`: check mappings, try them on a file, turn a file into CSV for another tool, print the schema."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfsync.cli.common import Options, OutputFile, common_options
from sfsync.cli.mapping_convert import convert
from sfsync.errors import ConfigError, Problem

if TYPE_CHECKING:
    from sfsync.mapping.bind import Bound
    from sfsync.mapping.compile import CompiledMapping
    from sfsync.mapping.transforms import Function
    from sfsync.tabular.model import Table

_MAPPING = click.argument("mapping")
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group(name="mapping")
def command() -> None:
    """Check, preview and apply mappings."""


@command.command()
@click.argument("mappings", nargs=-1, metavar="[NAME|FILE]…")
@click.option(
    "--describe",
    type=click.Path(path_type=Path),
    help="Compare with a describe saved as JSON, offline; with --org tell what changed since it was saved.",
)
@common_options
@click.pass_context
def check(context: click.Context, options: Options, mappings: tuple[str, ...], describe: Path | None) -> None:
    """Find mistakes in mappings: all of the project's, or those named; with --org also against the org.

    With --org it also tells what changed in the fields that a mapping uses since it last looked.
    """
    from sfsync.cli.describes import NoObject, changes, describer, no_object
    from sfsync.mapping.usage import unused_names

    checked = []
    ask = describer(options, describe)
    for path in [_path(name, options) for name in mappings] or _all(options):
        problems: Sequence[Problem] = ()
        changed: list[str] = []
        unused: list[str] = []
        try:
            compiled = _compiled(path, options)
        except ConfigError as error:
            problems = error.problems or (Problem(str(path), 1, error.message, error.hint),)
        else:
            unused = unused_names(compiled.mapping)
            try:
                described = ask(compiled.mapping.object) or {}
            except NoObject as error:
                problems, described = [no_object(compiled, error)], {}
            if described and (mappings or described.get("name") == compiled.mapping.object):
                problems = compiled.check_against(described)
                if options.org is not None:
                    changed = changes(options, compiled, described, describe)
        checked.append((path, problems, changed, unused))
        for problem in problems:
            options.say(str(problem))
        for text in changed:
            options.say(f"{path}: changed in the org: {text}")
        if unused and options.verbosity > 0:
            options.say(f"{path}: read, but used by no field: {', '.join(unused)}.")
    wrong = sum(len(problems) for _, problems, *_ in checked)
    if checked:
        options.say(f"{len(checked)} checked: {f'{wrong} to correct.' if wrong else 'all well.'}")
    else:
        options.say("The project has no mappings: no .yaml file can be read in its mappings/ folder.")
    options.result(
        {
            "mappings": [
                {
                    "file": str(path),
                    "problems": [_problem(problem) for problem in problems],
                    "changed": changed,
                    "unused": unused,
                }
                for path, problems, changed, unused in checked
            ],
            "problems": wrong,
        }
    )
    context.exit(ConfigError.exit_code if wrong else 0)


@command.command()
@_MAPPING
@_FILE
@click.option("--rows", default=3, show_default=True, type=click.IntRange(min=0), help="Show so many rows.")
@click.option("--sheet", help="The sheet to read; also a hidden one.")
@common_options
def preview(options: Options, mapping: str, file: Path, rows: int, sheet: str | None) -> None:
    """Show what MAPPING makes of FILE: some rows before and after, and the rows it would not take."""
    from sfsync.cli import mapping_view as view

    table, bound = _open(mapping, file, options, sheet)
    tally = view.Tally()
    taken: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for block in bound.map(table, broken=table.broken):
        tally.add(block.frame.height, block.stopped)
        if len(taken) < rows or len(rejects) < rows:
            view.sample(block, bound, rows, taken, rejects)
    body = view.preview_json(bound, taken, rejects) | tally.to_json()
    options.result(body)
    if not options.json and options.verbosity >= 0:
        from sfsync.cli.mapping_show import show_preview

        show_preview(body)


@command.command()
@_MAPPING
@_FILE
@click.option("-o", "--output", required=True, type=OutputFile(), help="CSV of the rows taken.")
@click.option("--rejects", type=OutputFile(), help="CSV of the rows not taken, with the reason.")
@click.option("--raw", is_flag=True, help="Keep texts that a spreadsheet would run as formulas as they are.")
@click.option("--sheet", help="The sheet to read; also a hidden one.")
@common_options
@click.pass_context
def apply(
    context: click.Context,
    options: Options,
    mapping: str,
    file: Path,
    output: Path,
    rejects: Path | None,
    raw: bool,
    sheet: str | None,
) -> None:
    """Turn FILE into a CSV of API fields, without an org; exit code 1 when some rows were not taken.

    Texts that a spreadsheet would run as a formula get an apostrophe in front, unless --raw says that only
    programs will read the file.
    """
    from sfsync.cli.mapping_csv import Rejects, headings, writer
    from sfsync.cli.mapping_view import Tally
    from sfsync.tabular.write import replacing, write_early

    table, bound = _open(mapping, file, options, sheet)
    tally = Tally()
    with ExitStack() as stack:
        out = stack.enter_context(stack.enter_context(replacing(output)).open("wb"))
        other = stack.enter_context(stack.enter_context(replacing(rejects)).open("wb")) if rejects else None
        left = Rejects(bound, other) if other else None
        out.write(headings(bound))
        work = writer(bound, rejects=left is not None, raw=raw)
        for written in bound.each(table, work, broken=table.broken):
            tally.add(written.rows, written.stopped)
            write_early(out, written.applied)
            if left is not None and written.left is not None:
                left.add(written.left)
        if left is not None:
            left.finish()
    options.result(tally.to_json())
    options.say(tally.text())
    if tally.left and rejects:
        options.say(f"The rows that were not taken, with the reasons: {rejects}")
    for reason, count in tally.reasons.most_common(8):
        options.say(f"  {count:,} × {reason}")
    context.exit(1 if tally.left else 0)


@command.command()
@click.option("-o", "--output", type=OutputFile(), help="Write it there instead of printing it.")
@click.option("--exports", is_flag=True, help="The schema of export files instead.")
@common_options
def schema(options: Options, output: Path | None, exports: bool) -> None:
    """Print the JSON Schema of mapping files, for completion in editors."""
    from sfsync.engine.export_model import export_schema
    from sfsync.mapping.schema import mapping_schema
    from sfsync.tabular.write import replacing

    text = export_schema() if exports else mapping_schema()
    if output is None:
        click.echo(text, nl=False)
        return
    with replacing(output) as target:
        target.write_text(text, encoding="utf-8")
    options.result({"file": str(output)})
    options.say(f"Written to {output}.")


command.add_command(convert)


def _path(name: str, options: Options) -> Path:
    """A mapping by path, or by name in the project."""
    if name.endswith((".yaml", ".yml")) or Path(name).is_file():
        return Path(name)
    from sfsync.project import Content, find_root

    return Content(find_root(options.project, os.environ, Path.cwd())).mapping_path(name)


def _all(options: Options) -> list[Path]:
    from sfsync.project import find_root

    root = find_root(options.project, os.environ, Path.cwd())
    return sorted((root / "mappings").rglob("*.yaml"))


def _compiled(path: Path, options: Options) -> "CompiledMapping":
    """The mapping, ready to work; the transforms are those of the project."""
    from sfsync.mapping.compile import compile_mapping
    from sfsync.mapping.load import load_mapping

    def functions() -> "Mapping[str, Function]":
        from sfsync.project import Content, find_root

        return Content(find_root(options.project, os.environ, Path.cwd())).functions

    return compile_mapping(load_mapping(path), functions)


def _open(name: str, file: Path, options: Options, sheet: str | None) -> "tuple[Table, Bound]":
    from sfsync.tabular.answered import partner_columns
    from sfsync.tabular.model import Hints
    from sfsync.tabular.table import open_table

    compiled = _compiled(_path(name, options), options)
    table = open_table(file, Hints(wanted=compiled.wanted, sheet=sheet))
    bound = compiled.bind(
        partner_columns(table),
        file=table.file,
        sheet=table.sheet,
        header_row=table.header_row,
        date1904=table.date1904,
    )
    if compiled.lookups:
        names = ", ".join(f"{lookup.object}.{lookup.field}" for lookup in compiled.lookups)
        options.note(f"Fields that are looked up in the org ({names}) are left out.")
    return table, bound


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }
