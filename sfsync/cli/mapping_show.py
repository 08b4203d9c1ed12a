"""How `sfsync mapping preview` looks: before and after side by side, and the rows that are not taken."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 160
"""Columns of the output where no terminal says its own."""
_ALWAYS = "(always)"
_LONGEST = 60


def show_preview(body: dict[str, Any]) -> None:
    """Print a preview for a person."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDE)
    for row in body["rows"]:
        console.print(_before_after(row, body["sources"]))
        console.print()
    if body["rejects"]:
        console.print(_rejects(body["rejects"]))
        console.print()
    if body["absent"]:
        console.print(f"Not in the file: {', '.join(body['absent'])}.")
    if body["unused"]:
        console.print(f"Columns that the mapping does not use: {', '.join(body['unused'])}.")
    counts = f"{body['applied']:,} applied, {body['invalid']:,} invalid, {body['duplicate']:,} duplicate."
    console.print(f"{body['rows_read']:,} rows read: {counts}")


def _table(title: str, *headings: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, header_style="dim", pad_edge=False
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _before_after(row: dict[str, Any], sources: dict[str, list[str]]) -> Table:
    """One row: each column of the file beside the fields that its value goes to; what was changed is bold."""
    notes = {warning["column"]: warning["message"] for warning in row["warnings"]}
    noted = bool(notes) or any(len(columns) > 1 for columns in sources.values())
    table = _table(f"row {row['row']}", "column", "before", "", "field", "after", "note" if noted else "")
    shown: set[str] = set()
    for heading, before in row["before"].items():
        fields = [
            name for name, columns in sources.items() if columns[:1] == [heading] and name in row["after"]
        ]
        shown.update(fields)
        left = heading, _shown(before)
        for n, name in enumerate(fields):
            after = _shown(row["after"][name])
            style = "bold" if after != _shown(before) else ""
            note = notes.get(heading, "") if n == 0 else ""
            more = sources[name][1:]
            note = note or (f"with {', '.join(more)}" if more else "")
            table.add_row(*(left if n == 0 else ("", "")), "→", name, Text(after, style), note)
        if not fields:
            table.add_row(*left, "", "", "", notes.get(heading, ""))
    for name in row["after"]:
        if name not in shown:
            table.add_row(_ALWAYS, "", "→", name, Text(_shown(row["after"][name]), "bold"), "")
    return table


def _rejects(rejects: list[dict[str, Any]]) -> Table:
    table = _table("not taken", "row", "column", "before", "reason")
    for reject in rejects:
        problem = reject["problem"]
        column = problem["column"] or problem["name"]
        cell = _shown(reject["before"][column]) if column in reject["before"] else ""
        table.add_row(str(reject["row"]), column, cell, problem["message"])
    return table


def _shown(value: Any) -> str:
    """A value on one line, without characters that steer a terminal."""
    if value is None:
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    line = "".join(one if one.isprintable() else " " for one in str(value).replace("\n", "⏎"))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
