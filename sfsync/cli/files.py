"""`sfsync files`: see a table file as sfsync sees it, and learn which partner file it is."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, common_options

if TYPE_CHECKING:
    from sfsync.project import Content
    from sfsync.tabular.inspect import Inspection
    from sfsync.tabular.model import Hints
    from sfsync.tabular.recognise import Match

_FILE = click.argument("file", type=click.Path(path_type=Path))
_WIDEST = 32


_FEW = 3
"""Missing columns that are named; the first ones tell enough."""


@click.group(name="files")
def command() -> None:
    """See a file as sfsync sees it."""


@command.command()
@_FILE
@click.option("--rows", type=click.IntRange(min=0), help="Show so many rows (default: 10; with --json all).")
@click.option("--sheet", help="The sheet to read; also a hidden one.")
@click.option(
    "--header-row", type=click.IntRange(min=1), help="The row of the headings, if the guess is wrong."
)
@click.option("--encoding", help="The encoding of a text file, such as windows-1252.")
@click.option("--delimiter", help="The character between the fields of a text file.")
@common_options
def inspect(
    options: Options,
    file: Path,
    rows: int | None,
    sheet: str | None,
    header_row: int | None,
    encoding: str | None,
    delimiter: str | None,
) -> None:
    """Show what sfsync reads out of FILE: format, encoding, headings, rows, and what is odd about them."""
    from sfsync.tabular.inspect import inspect as inspect_file
    from sfsync.tabular.model import Hints

    if delimiter is not None and len(delimiter.replace("\\t", "\t")) != 1:
        raise click.UsageError("--delimiter is one character (\\t for a tab).")
    hints = Hints(
        encoding=encoding,
        delimiter=delimiter and delimiter.replace("\\t", "\t"),
        sheet=sheet,
        header_row=header_row,
    )
    shown = rows if rows is not None else None if options.json else 10
    found = inspect_file(file, hints, rows=shown)
    options.result(found.as_json())
    if not options.json:
        _show(options, found)


def _show(options: Options, found: "Inspection") -> None:
    table = found.table
    facts = [("Format", table.format), ("Encoding", table.encoding), ("Sheet", table.sheet)]
    if table.delimiter:
        facts.append(
            ("Delimiter", {"\t": "tab", ",": "comma", ";": "semicolon"}.get(table.delimiter, table.delimiter))
        )
    facts.append(("Header", f"row {table.header_row}" if table.header_row else "none (keys)"))
    facts.append(("Rows", f"{found.rows_total:,}"))
    options.say(click.style(table.file, bold=True))
    for name, value in facts:
        if value:
            options.say(f"  {name:<10}{value}")
    if found.rows:
        options.say()
        _grid(options, found)
    hidden = found.rows_total - len(found.rows)
    if hidden and found.rows:
        options.say(f"  … and {hidden:,} more rows (--rows {found.rows_total})")
    if not found.rows:
        options.say("\n  " + " · ".join(found.names))
    if found.skipped:
        options.say(
            "\nSkipped: " + ", ".join(f"row {skipped.row} ({skipped.why})" for skipped in found.skipped[:20])
        )
    if found.problems:
        options.say(f"\nProblems ({len(found.problems)}):")
        for problem in found.problems[:20]:
            where = f"row {problem.row}"
            where += f", {found.names[problem.column]}" if problem.column is not None else ""
            options.say(f"  {where}: {problem.message}")


def _grid(options: Options, found: "Inspection") -> None:
    from rich.cells import cell_len, set_cell_size

    head = ["row", *(_short(name) for name in found.names)]
    lines = [[str(number), *(_short(value) for value in row.values())] for number, row in found.rows]
    widths = [min(_WIDEST, max(cell_len(line[n]) for line in [head, *lines])) for n in range(len(head))]
    for number, line in enumerate([head, *lines]):
        text = "  " + "  ".join(
            set_cell_size(value, width) for value, width in zip(line, widths, strict=True)
        )
        options.say(click.style(text.rstrip(), underline=True) if number == 0 else text.rstrip())


def _short(text: str) -> str:
    """One line without control characters: a file must not be able to steer the terminal."""
    line = "".join(character if character.isprintable() else " " for character in text.strip())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


@command.command()
@_FILE
@common_options
def recognise(options: Options, file: Path) -> int:
    """Tell which of the project's partner files FILE is, and why it is none of the others."""
    from sfsync.project import open_project
    from sfsync.tabular.answered import partner_columns
    from sfsync.tabular.recognise import certain
    from sfsync.tabular.recognise import recognise as rank
    from sfsync.tabular.table import open_table

    candidates, required = _candidates(open_project(options.project, org=options.org).content)
    table = open_table(file, _hints(candidates))
    matches = rank(
        partner_columns(table),
        candidates,
        {name: set(columns) - required[name] for name, columns in candidates.items()},
    )
    chosen = certain(matches)
    options.result(
        {
            "file": table.file,
            "partner_file": chosen.name if chosen else None,
            "columns": list(table.columns),
            "candidates": [
                {
                    "name": match.name,
                    "fits": match.fits,
                    "matched": dict(match.matched),
                    "missing": list(match.missing),
                    "unknown": list(match.unknown),
                }
                for match in matches
            ],
        }
    )
    for line in _told(table.file, matches, chosen, candidates):
        options.say(line)
    return 0 if chosen else 1


def _candidates(content: "Content") -> tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, set[str]]]:
    """Partner files that come in: our names with partners' headings; the names that must be there."""
    candidates: dict[str, dict[str, tuple[str, ...]]] = {}
    required: dict[str, set[str]] = {}
    for name in content.partner_file_names:
        mapping = content.partner_file(name).mapping
        if mapping is not None:
            plan = content.mapping(mapping).plan()
            headers = plan.mapping.file.headers
            candidates[name] = {ours: (*header.headings, ours) for ours, header in headers.items()}
            required[name] = set(plan.required)
    return candidates, required


def _hints(candidates: dict[str, dict[str, tuple[str, ...]]]) -> "Hints":
    from sfsync.tabular.model import Hints

    return Hints.wanting(
        *(alias for columns in candidates.values() for words in columns.values() for alias in words)
    )


def _told(
    file: str,
    matches: "list[Match]",
    chosen: "Match | None",
    candidates: dict[str, dict[str, tuple[str, ...]]],
) -> list[str]:
    lines = []
    if chosen:
        found = ", ".join(f"{heading} → {ours}" for ours, heading in chosen.matched.items())
        lines += [f"{file} is a file of kind {chosen.name}: {found}."]
        if chosen.unknown:
            lines.append(f"Not used: {', '.join(chosen.unknown)}.")
    elif matches and matches[0].fits:
        names = " and ".join(match.name for match in matches if match.rank == matches[0].rank)
        lines.append(f"{file} could be {names}: their columns are all there.")
    else:
        lines.append(f"{file} is none of this project's partner files.")
    for match in matches:
        if match is chosen or match.fits:
            continue
        wanted = "; ".join(
            f"{ours} (headed {candidates[match.name][ours][0]!r}, for one)" for ours in match.missing[:_FEW]
        )
        more = len(match.missing) - _FEW
        lines.append(f"Not {match.name}: no column for {wanted}{f', and {more} more' if more > 0 else ''}.")
    if not any(match.fits for match in matches):
        lines.append("A heading that we do not know yet goes into the mapping, under file.headers.")
    return lines
