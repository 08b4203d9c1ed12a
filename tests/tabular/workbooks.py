"""Small workbooks for tests, and ways to spoil them."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl


def workbook(
    path: Path, *sheets: tuple[str, list[list[Any]]], change: Callable[[Any], None] | None = None
) -> Path:
    """An .xlsx with these sheets; ``change`` gets the book before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    if change:
        change(book)
    book.save(path)
    return path


def edited(source: Path, target: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a workbook with one part of the zip changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return target
