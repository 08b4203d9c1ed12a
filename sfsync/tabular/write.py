"""Write tables: CSV and .xlsx that no spreadsheet program can be made to run.

Text is text: in a workbook (``sheets``) it is typed as such, so that no value becomes a formula, a link, a number or
a date. In CSV a value that a spreadsheet would take for a formula gets an apostrophe in front (``injection``). A file
appears under its name only when it is complete.
"""

import csv
import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sfsync.errors import SfsyncError
from sfsync.tabular.injection import harmless
from sfsync.tabular.sheets import as_text, write_book

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk, or what somebody may use of it, is full."""


class NotWritten(SfsyncError):
    """A file that cannot be written; an older one of its name is as it was."""

    def __init__(self, path: Path, error: OSError) -> None:
        full = error.errno in _ROOM
        hint = "Free some space, or write it elsewhere." if full else "Name a folder that you may write to."
        super().__init__(f"{path} cannot be written: {error.strerror}.", hint=hint)


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    encoding: str = "utf-8",
    bom: bool = True,
    delimiter: str = ",",
    sheet: str = "Sheet1",
    escape: bool = True,
    choices: Mapping[int, Sequence[str]] | None = None,
) -> int:
    """Write a table and return the number of its rows; a ``path`` ending in .xlsx is a workbook, else text.

    Values are str, int, float, Decimal, bool, date, datetime, time or None; a row may be shorter than ``columns``.
    ``bom`` counts for UTF encodings of text files. ``escape=False`` keeps CSV values exactly as they are, for files
    that only programs read. The file replaces an older one in one step.
    """
    with replacing(path) as target:
        if path.suffix.lower() in WORKBOOKS:
            return write_book(target, columns, rows, sheet, choices=choices or {})
        return _write_csv(
            target, columns, rows, encoding=encoding, bom=bom, delimiter=delimiter, escape=escape
        )


def write_early(out: IO[bytes], pieces: Iterable[bytes]) -> None:
    """Write, and have the system save it now: else it would save all of a large file when that takes its place."""
    start = out.tell()
    out.writelines(pieces)
    if hasattr(os, "posix_fadvise"):  # not on macOS
        os.posix_fadvise(out.fileno(), start, out.tell() - start, os.POSIX_FADV_DONTNEED)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when all went well, and goes away when not.

    Raises NotWritten: at once when the folder is not there or may not be written to, later when the disk is full.
    """
    target = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        target.touch()
        yield target
        target.replace(path)
    except OSError as error:
        if error.errno not in _ROOM and error.filename not in {str(target), target}:
            raise
        raise NotWritten(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            target.unlink()


def mark(encoding: str, *, bom: bool) -> str:
    """What a text file of this encoding begins with."""
    return (
        "\ufeff"
        if bom and encoding.lower().replace("_", "-").startswith(("utf-8", "utf-16", "utf-32"))
        else ""
    )


def _write_csv(
    target: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    encoding: str,
    bom: bool,
    delimiter: str,
    escape: bool,
) -> int:
    def spoken(value: Any) -> str:
        if isinstance(value, str):
            return harmless(value) if escape else value
        return as_text(value)

    number = 0
    with target.open("w", encoding=encoding, newline="") as stream:
        stream.write(mark(encoding, bom=bom))
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow([spoken(column) for column in columns])
        for row in rows:
            writer.writerow([spoken(value) for value in row])
            number += 1
    return number
