"""Open any table file: the one door of this room.

A file is taken for what it holds, not for what it is called: CSV text named .xlsx is read as CSV.
"""

from pathlib import Path

from sfsync.tabular.digest import digest
from sfsync.tabular.extent import Extent
from sfsync.tabular.guards import Form, recognise_form
from sfsync.tabular.model import Hints, Table

__all__ = ["Hints", "Table", "digest", "open_table"]


def open_table(path: Path, hints: Hints | None = None) -> Table:
    """Open a table file and find its headings; the rows are read by ``Table.blocks``.

    Raises FileRefused with the kinds missing_file, empty_file, encrypted, truncated, zip_bomb, external_entity,
    not_a_table, bad_encoding, open_quote, no_header, unreadable_columns, ambiguous_sheet, too_large and others of
    the readers; the message names the file, never its folder.
    """
    hints = hints or Hints()
    extents: dict[str, Extent] = {}
    form = recognise_form(path, extents)
    if form is Form.TEXT:
        from sfsync.tabular.text import open_text

        return open_text(path, hints)
    if form is Form.JSON:
        from sfsync.tabular.jsonl import open_json

        return open_json(path, hints)
    if form is Form.HTML:
        from sfsync.tabular.html_table import open_html

        return open_html(path, hints)
    from sfsync.tabular.workbook import open_workbook

    return open_workbook(path, form, hints, extents)
