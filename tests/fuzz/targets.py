"""What is fuzzed: for each reader a function of bytes, and small good inputs to begin from."""

import atexit
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from sfsync.errors import SfsyncError
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.yamlfile import parse_yaml
from sfsync.mockorg import MockOrg
from sfsync.records import ConvertLead
from sfsync.salesforce import bulk1, bulk2_results, composite, convert, faults, soql
from sfsync.tabular import biff
from sfsync.tabular.table import open_table

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """``run`` must return for any bytes; ``seeds`` are inputs that it understands."""

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sfsync-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def read_table(data: bytes, name: str = "file.csv") -> None:
    """A file of these bytes is read to its end, or refused."""
    path = _scratch() / name
    path.write_bytes(data)
    with suppress(SfsyncError):
        table = open_table(path)
        rows = sum(block.height for block in table.blocks())
        assert rows >= 0
        assert len(table.columns) >= 1


@cache
def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (("Order", "Card", "Day"), ("WF-1", "700001", 3.5), ("WF-2", "=1/0", True)):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _part(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_workbook())) as archive:
        return archive.read(name)


def _with_part(name: str) -> Callable[[bytes], None]:
    """A target that puts its bytes into a good workbook as one of its parts."""

    def run(data: bytes) -> None:
        kept = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(_workbook())) as old, zipfile.ZipFile(kept, "w") as new:
            for part in old.namelist():
                new.writestr(part, data if part == name else old.read(part))
        read_table(kept.getvalue(), "file.xlsx")

    return run


_ODS = (
    b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    b'<table:table table:name="A"><table:table-row><table:table-cell office:value-type="string">'
    b"<text:p>Order</text:p></table:table-cell>"
    b'<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="3">'
    b"<text:p>3</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
    b"</office:document-content>"
)


def _ods(data: bytes) -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", data)
    read_table(kept.getvalue(), "file.ods")


def _record(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "little") + len(body).to_bytes(2, "little") + body


_BIFF = b"".join(
    (
        _record(0x0809, bytes.fromhex("00060500bb0dcc07")),
        _record(0x0085, bytes.fromhex("2a000000000001") + b"\0A"),
        _record(0x000A, b""),
        _record(0x0809, bytes.fromhex("00061000bb0dcc07")),
        _record(0x0200, bytes(14)),
        _record(0x0203, bytes(6) + bytes.fromhex("000000000000f03f")),
        _record(0x0205, bytes.fromhex("0100010000000701")),
        _record(0x000A, b""),
    )
)


def _biff(data: bytes) -> None:
    """Our own reader of records, bare and inside what might be an OLE file."""
    path = _scratch() / "file.xls"
    path.write_bytes(data)
    for read in (
        lambda: biff.special_cells(path, "A"),
        lambda: biff.check_sheets(path),
        lambda: biff.date1904(path),
    ):
        with suppress(SfsyncError):
            read()
    read_table(data, "file.xls")


_LEADS = (ConvertLead("00Q000000000001", "Closed"), ConvertLead("00Q000000000002", "Closed"))
_CONVERTED = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    b'xmlns="urn:partner.soap.sforce.com">'
    b"<soapenv:Body><convertLeadResponse><result><accountId>001000000000001</accountId><success>true</success></result>"
    b"<result><errors><message>no</message><statusCode>UNABLE_TO_LOCK_ROW</statusCode></errors><success>false</success>"
    b"</result></convertLeadResponse></soapenv:Body></soapenv:Envelope>"
)
_FAULT = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
    b"<faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>INVALID_SESSION_ID: ended</faultstring>"
    b"</soapenv:Fault>"
    b"</soapenv:Body></soapenv:Envelope>"
)


def _answers(data: bytes) -> None:
    """Answers of an org: every row has an outcome, and an error is a fault, whatever the bytes."""
    assert len(list(convert._results(data, _LEADS))) == len(_LEADS)
    for status in (200, 400, 401, 403, 500, 503):
        fault = faults.classify(status, {}, data)
        assert (fault is None) == (status == 200)
        if fault is not None:
            assert isinstance(faults.to_error(fault, "host", repeatable=False), SfsyncError)
    composite._part_answers(data)
    with suppress(ValueError, RecursionError):
        composite.row_outcome(json.loads(data))


def _bulk_results(data: bytes) -> None:
    for name in bulk2_results.SETS:
        for key, outcome in bulk2_results.read_set(name, io.BytesIO(data), "Key__c", str.casefold):
            assert isinstance(key, str)
            assert outcome.state
    assert all(outcome.state for outcome in bulk1.read_results(io.BytesIO(data)))


def _yaml(data: bytes) -> None:
    with suppress(SfsyncError):
        parse_yaml(data, "file.yaml")
    with suppress(SfsyncError, UnicodeDecodeError):
        parse_mapping(data.decode())


@cache
def org() -> MockOrg:
    """An org with one account, which a query for any other name must not find."""
    made = MockOrg()
    made.core.insert("Account", {"Name": "Somebody else"})
    return made


def _soql(data: bytes) -> None:
    """Any text in a query is that text: it finds the record of that name, and no other."""
    text = data.decode("utf-8", "replace").replace("\0", "")[:200]
    (query,) = soql.chunks("SELECT Id, Name FROM Account WHERE {}", "Name", [text], limit=10**6)
    for condition in (query, f"SELECT Id FROM Account WHERE Name = {soql.quote(text)} LIMIT 2"):
        assert not org().query(condition) or text.strip().casefold() == "somebody else"


def seeds_of(pattern: str, most: int = 8) -> tuple[bytes, ...]:
    """Files of the project to begin from."""
    return tuple(path.read_bytes() for path in sorted(ROOT.glob(pattern))[:most])


TARGETS: dict[str, Target] = {
    "csv": Target(
        read_table,
        (
            b'Order number;Card number;Day\r\nWF-1;700001;3-4-2026\r\n"WF\n2";"a""b";\r\n',
            "Naam,Plaats\nZoë,'s-Hertogenbosch\n".encode("cp1252"),
            "sep=\t\na\tb\n1\t2\n".encode("utf-16"),
            b"a|b\r1|2\r",
        ),
    ),
    "json": Target(
        read_table, (b'{"a": 1.50, "b": [1e3, {"c": null}]}\n{"a": "x"}\n', b'[{"a": 1}, {"b": true}]')
    ),
    "html": Target(
        read_table,
        (
            b"<html><meta charset=utf-8><table><tr><th colspan=2>A<td>B</tr><tr><td>1<br>2<td>&eacute;</table>",
        ),
    ),
    "zip": Target(lambda data: read_table(data, "file.xlsx"), (_workbook(),)),
    "sheet": Target(_with_part("xl/worksheets/sheet1.xml"), (_part("xl/worksheets/sheet1.xml"),)),
    "workbook": Target(_with_part("xl/workbook.xml"), (_part("xl/workbook.xml"),)),
    "ods": Target(_ods, (_ODS,)),
    "biff": Target(_biff, (_BIFF,)),
    "answers": Target(
        _answers,
        (
            _CONVERTED,
            _FAULT,
            b'[{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "x", "fields": ["A"]}]',
            b'{"compositeResponse": [{"httpStatusCode": 200, "body": [{"success": true, "id": "1"}]}]}',
        ),
    ),
    "bulk": Target(
        _bulk_results,
        (
            b'"sf__Id","sf__Created","Key__c"\n"001","true","A"\n',
            b'"sf__Id","sf__Error","Key__c"\n"","REQUIRED_FIELD_MISSING:x:Name --","a"\n',
            b'"Id","Success","Created","Error"\n"","false","false","X:y --"\n',
        ),
    ),
    "yaml": Target(_yaml, (*seeds_of("mappings/*/*.yaml"), b"a: &x [1, {b: *x}]\n? c\n: !!int '3'\n")),
    "soql": Target(
        _soql, (b"Somebody else", b"O'Neil \\ \" \n % _ ) OR Name != null", "Zo\u00eb \u2028".encode())
    ),
}
"""By name, as `--target` takes them."""


def crash_seeds() -> dict[str, list[bytes]]:
    """Inputs that once found a bug, by target: files ``crashes/TARGET-anything``."""
    found: dict[str, list[Any]] = {name: [] for name in TARGETS}
    for path in sorted((Path(__file__).parent / "crashes").glob("*")):
        found[path.name.partition("-")[0]].append(path.read_bytes())
    return found
