"""What a file really is, by its first bytes, and limits that hold before anything is expanded or parsed.

A partner's file comes from outside. Nothing in it may make sfsync use unbounded memory, open another file or run
anything; each refusal says so in a sentence.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, MutableMapping
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree as ET

from sfsync.errors import FileRefused
from sfsync.tabular.extent import Extent, between_tags

MEGABYTE = 1 << 20
EXPANDED_LIMIT = 1024 * MEGABYTE
"""A workbook may not expand to more than this."""
RATIO_LIMIT = 100
RATIO_FROM = 20 * MEGABYTE
"""A part that expands to more than this may not do so by more than ``RATIO_LIMIT``; real sheets reach about 30."""
PARTS_LIMIT = 20_000
COLUMNS_LIMIT = 1_000
DENSE_LIMIT = 50_000_000
"""Cells of a sheet from A1 to its last row and column, empty ones included."""
JSON_LIMIT = 256 * MEGABYTE
HTML_LIMIT = 64 * MEGABYTE

_SHEETS = "xl/worksheets/sheet"
"""How the parts of sheets are called by all programs that anybody uses."""
_DTD = re.compile(rb"<!(DOCTYPE|ENTITY)")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MARKS = ("~$", ".~lock.")
"""How the names begin of the small files that lie beside a workbook while it is open."""
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class Form(Enum):
    """What a file is by its content; its name may say otherwise."""

    TEXT = "csv"
    JSON = "json"
    HTML = "html"
    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    XLS = "xls"


def recognise_form(path: Path, extents: MutableMapping[str, Extent] | None = None) -> Form:
    """What the file is, judged by content; ``extents`` is filled for the sheets of an .xlsx, by part of the zip.

    Raises FileRefused: missing_file, empty_file, encrypted, truncated, zip_bomb, external_entity, not_a_table.
    """
    head = _head(path)
    if head.startswith(b"PK"):
        return _zip_form(path, extents)
    if path.name.startswith(_MARKS):
        raise FileRefused(
            path.name,
            "not_a_table",
            "this is only the mark by which Excel or LibreOffice shows that a file is open.",
            hint=f"Save and close {path.name.removeprefix('~$').removeprefix('.~lock.').rstrip('#')}, and give that.",
        )
    if head.startswith(_OLE):
        _check_ole(path)
        return Form.XLS
    if head[:4] in {b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x00\x04\x00"}:
        return Form.XLS  # a bare BIFF stream, as old programs write it
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            raise FileRefused(
                path.name, "not_a_table", f"this is {name}, not a table.", hint="Ask for CSV or .xlsx."
            )
    text = _ascii(head)
    if b"<?mso-application" in text or b"urn:schemas-microsoft-com:office:spreadsheet" in text[:2000]:
        raise FileRefused(
            path.name,
            "not_a_table",
            "this is XML Spreadsheet 2003, not an Excel workbook.",
            hint="Open it in Excel and save it as .xlsx.",
        )
    if re.match(rb"<(!doctype html|html|head|body|table|meta|style)\b", text, re.IGNORECASE) or (
        text.startswith((b"<!--", b"<?xml", b"<div")) and re.search(rb"<(html|table)\b", text, re.IGNORECASE)
    ):
        return Form.HTML
    if text.startswith((b"<?xml", b"<!DOCTYPE")):
        raise FileRefused(path.name, "not_a_table", "this is XML, not a table.", hint="Ask for CSV or .xlsx.")
    if text.startswith(b"{") or re.match(rb"\[\s*[{\]]", text):
        return Form.JSON
    return Form.TEXT


_OTHERS = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"{\\rtf": "a rich text document",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            head = stream.read(8192)
    except FileNotFoundError:
        raise FileRefused(path.name, "missing_file", "there is no such file.") from None
    except IsADirectoryError:
        raise FileRefused(path.name or str(path), "missing_file", "this is a folder, not a file.") from None
    except OSError as error:
        raise FileRefused(
            path.name, "missing_file", f"the file cannot be opened ({error.strerror})."
        ) from None
    if not head:
        raise FileRefused(path.name, "empty_file", "the file is empty.", hint="Ask for it again.")
    return head


def _ascii(head: bytes) -> bytes:
    """The start of a text file as ASCII, whatever its Unicode form, without mark and white space."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:2] == b"\0" or head[:1] == b"\0":
        head = head.replace(b"\0", b"")
    return head.lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n")


def _check_ole(path: Path) -> None:
    """Encrypted .xlsx files are OLE files with an EncryptedPackage stream ([MS-OFFCRYPTO] 2.3.4.4)."""
    with path.open("rb") as stream:
        tail = b""
        while piece := stream.read(MEGABYTE):
            if _ENCRYPTED_PACKAGE in tail + piece:
                raise encrypted(path)
            tail = piece[-64:]


def encrypted(path: Path) -> FileRefused:
    """The refusal of a file that needs a password."""
    return FileRefused(
        path.name,
        "encrypted",
        "the workbook is protected with a password and cannot be read.",
        hint="Ask for it without a password.",
    )


def damaged(path: Path) -> FileRefused:
    """The refusal of a file that ends too early or does not hold together."""
    return FileRefused(
        path.name,
        "truncated",
        "the file is damaged or incomplete; perhaps the upload broke off.",
        hint="Ask for it again.",
    )


def _zip_form(path: Path, extents: MutableMapping[str, Extent] | None) -> Form:
    try:
        with zipfile.ZipFile(path) as archive:
            names = _check_zip(path, archive)
            form = _workbook_form(path, archive, names)
            _check_xml(path, archive, form, extents)
    except (zipfile.BadZipFile, EOFError, OSError, zipfile.zlib.error, ValueError, OverflowError):  # type: ignore[attr-defined]  # zlib, as zipfile uses it
        raise damaged(path) from None
    except (NotImplementedError, RuntimeError):  # a compression or encryption that no workbook uses
        raise encrypted(path) from None
    return form


def _check_zip(path: Path, archive: zipfile.ZipFile) -> set[str]:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise encrypted(path)
    expanded = sum(part.file_size for part in parts)
    if expanded > EXPANDED_LIMIT:
        raise _bomb(path, expanded, f"the limit is {EXPANDED_LIMIT // MEGABYTE} MB")
    for part in parts:
        if part.file_size > RATIO_FROM and part.file_size > RATIO_LIMIT * max(part.compress_size, 1):
            raise _bomb(
                path, expanded, f"{part.filename} by more than {RATIO_LIMIT} times, which is the limit"
            )
    if len(parts) > PARTS_LIMIT:
        raise FileRefused(
            path.name, "zip_bomb", f"the file expands to {len(parts)} parts; the limit is {PARTS_LIMIT}."
        )
    return {part.filename for part in parts}


def _bomb(path: Path, expanded: int, limit: str) -> FileRefused:
    return FileRefused(
        path.name,
        "zip_bomb",
        f"{path.stat().st_size / MEGABYTE:.1f} MB that expands to {expanded / MEGABYTE:.0f} MB: {limit}.",
        hint="If the data is real, ask for it as CSV or in several files.",
    )


def _workbook_form(path: Path, archive: zipfile.ZipFile, names: set[str]) -> Form:
    if "xl/workbook.bin" in names:
        return Form.XLSB
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return Form.XLSX
    if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise encrypted(path)
        return Form.ODS
    raise FileRefused(
        path.name,
        "not_a_table",
        "this is a zip archive, not a workbook.",
        hint="Unpack it and send what is in it.",
    )


def _check_xml(
    path: Path, archive: zipfile.ZipFile, form: Form, extents: MutableMapping[str, Extent] | None
) -> None:
    """No DTD and no entity in any XML part; reads every part once, which proves the archive whole as well.

    ODS manifests of old programs carry a harmless DOCTYPE; calamine does not read that part.
    """
    for part in archive.infolist():
        name = part.filename
        skipped = form is Form.ODS and name.startswith("META-INF/")
        checked = not skipped and name.endswith((".xml", ".rels", ".vml"))
        extent = None
        if extents is not None and name.startswith(_SHEETS):
            extent = extents.setdefault(name, Extent())
        for piece in (_overlapping if extent is None else between_tags)(pieces(archive, name)):
            text = piece.replace(b"\0", b"")  # UTF-16 parts become ASCII where it matters
            if checked and _DTD.search(text):
                raise FileRefused(
                    path.name,
                    "external_entity",
                    f"XML entity / DTD not allowed (in {name}); nothing of it was read.",
                    hint="No spreadsheet program writes that. Ask where the file comes from.",
                )
            if extent is not None:
                extent.look(text)


def _overlapping(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, each with the end of the one before, so that no word is cut in two."""
    tail = b""
    for piece in parts:
        text = tail + piece
        yield text
        tail = text[-32:]


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part of a zip archive in pieces, so that memory stays bounded."""
    with archive.open(name) as part:
        while piece := part.read(MEGABYTE):
            yield piece


def xml_part(path: Path, archive: zipfile.ZipFile, name: str) -> ET.Element:
    """A small XML part as a tree. Raises FileRefused ``truncated`` when it is not well-formed."""
    try:
        return ET.fromstring(archive.read(name))  # noqa: S314  parts with a DTD were refused: no entity can expand
    except (ET.ParseError, LookupError, ValueError):
        raise damaged(path) from None


def check_columns(file: str, columns: int) -> None:
    """Refuse a table that is too wide to be one."""
    if columns > COLUMNS_LIMIT:
        raise FileRefused(
            file,
            "too_many_columns",
            f"the table has more than {COLUMNS_LIMIT:,} columns, which is the limit.",
        )


def check_extent(path: Path, rows: int, columns: int) -> None:
    """Refuse a sheet whose used area nobody could hold: readers lay it out from A1 to its last cell."""
    if columns > COLUMNS_LIMIT or columns * rows > DENSE_LIMIT:
        raise FileRefused(
            path.name,
            "too_large",
            f"a sheet reaches to row {rows:,} and column {columns:,}, far beyond what can be data.",
            hint="Delete the stray cells far right or below, or ask for CSV.",
        )


def check_size(path: Path, limit: int, what: str) -> None:
    """Refuse a file that must be held in memory whole and is too large for that."""
    if (size := path.stat().st_size) > limit:
        raise FileRefused(
            path.name,
            "too_large",
            f"{what} of {size / MEGABYTE:.0f} MB; the limit is {limit // MEGABYTE} MB.",
            hint="Ask for CSV.",
        )
