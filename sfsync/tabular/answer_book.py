"""The answer to an .xlsx workbook: the same zip, with the sheet that was read and the styles made anew.

Everything else is copied as it is: pictures, charts, rules, filters, other sheets. Formulas become their values on
every sheet, so that the answer can be sent in again as it is and runs nothing; macros stay only in an .xlsm.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from sfsync.cells import Kind
from sfsync.tabular.answer_cells import Answer, Place
from sfsync.tabular.answer_sheet import AnsweredSheet, Sheet, Unusual, without_formulas
from sfsync.tabular.answer_styles import Styles
from sfsync.tabular.guards import pieces
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.sheet_xml import parts_of

_TYPES = "[Content_Types].xml"
_STALE = re.compile(r"xl/calcChain\.xml|_xmlsignatures/.*")
"""The order of calculation, and signatures, which no longer fit."""
_MACROS = re.compile(r"xl/(_rels/)?vba[^/]*")
_PLAIN = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_WITH_MACROS = re.compile(rb"application/vnd\.ms-excel\.(sheet|template)\.macroEnabled(Template)?\.main\+xml")
_LEVEL = 4
"""Compression: half the time of zlib's usual level for files a tenth larger."""


def annotate_book(
    source: Path, table: Table, results: Mapping[int, Answer], place: Place, target: Path, *, macros: bool
) -> None:
    """Write the answer to an .xlsx or .xlsm workbook at ``target``.

    Raises Unusual for a workbook that is not written as programs usually write it; ``target`` is then incomplete.
    """
    with zipfile.ZipFile(source) as old:
        names = old.namelist()
        parts = parts_of(source, old)
        part = parts.sheets.get(table.sheet or "")
        styles_part = next((name for name, kind in parts.kinds.items() if kind == "styles"), None)
        if part is None or len(set(names)) < len(names) or any("xl/macrosheets/" in name for name in names):
            raise Unusual
        styles = Styles(old.read(styles_part) if styles_part else b"")
        dropped = {name for name in names if _STALE.fullmatch(name)}
        if not macros:
            dropped |= {name for name in names if _MACROS.fullmatch(name)}
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as new:
            for name in names:
                if name == part:
                    sheet = Sheet(_head(old, part))
                    missing = _missing(table)
                    answered = AnsweredSheet(sheet, table, results, place, styles, missing)
                    _write(new, name, _sound(answered.parts(pieces(old, name))))
                elif parts.kinds.get(name) == "worksheet":
                    sheet = Sheet(_head(old, name))
                    _write(new, name, _sound(without_formulas(pieces(old, name), sheet)))
                elif name == _TYPES or name.endswith(".rels"):
                    _write(new, name, [_without(old.read(name), dropped, macros=macros)])
                elif name not in dropped and name != styles_part:
                    _write(new, name, pieces(old, name))
            if styles_part:
                _write(new, styles_part, _sound([styles.xml()]))


def _head(archive: zipfile.ZipFile, part: str) -> bytes:
    with archive.open(part) as stream:
        return stream.read(8192)


def _write(archive: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> None:
    with archive.open(name, "w") as stream:
        for part in parts:
            stream.write(part)


def _sound(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of an XML part as they are. Raises Unusual when together they are no XML."""
    parser = expat.ParserCreate(namespace_separator=" ")
    try:
        for part in parts:
            parser.Parse(part)
            yield part
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError):
        raise Unusual from None


def _missing(table: Table) -> dict[int, set[int]]:
    """The columns (0-based) of formulas that were saved without a result, by row."""
    found: dict[int, set[int]] = {}
    for row, column in _without_value(table):
        found.setdefault(row, set()).add(column)
    return found


def _without_value(table: Table) -> Iterator[tuple[int, int]]:
    for frame in table.source(Notes()):
        for position in range(len(table.columns)):
            if f"{position}#" in frame.columns:
                rows = frame.filter(frame[f"{position}#"] == Kind.NO_VALUE)["row"]
                yield from ((row, position) for row in rows)


def _without(xml: bytes, dropped: Iterable[str], *, macros: bool) -> bytes:
    """A list of parts or of relations without the parts that were dropped."""
    for name in dropped:
        last = re.escape(name.rpartition("/")[2].encode())
        element = rb"<[\w.-]*:?(?:Override|Relationship)\b[^>]*[\"'/]%s[\"'][^>]*?(?:/>|>\s*</[^>]*>)" % last
        xml = re.sub(element, b"", xml)
    return xml if macros else _WITH_MACROS.sub(_PLAIN, xml)
