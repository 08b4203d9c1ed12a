"""Files of a record in the org as inbox and outbox: what a partner uploads in a portal, and what is put back there.

"ContentVersion", "ContentDocumentLink" in the Object Reference; "Insert or Update Blob Data" in the REST API guide.
A file is done when ``ContentVersion.Sfsync_Taken__c`` of its newest version holds that version's own checksum. So the
mark lives in the org and speaks of this content only: a corrected version that a partner uploads over an old one is
waiting again, whether it inherited the mark or not. What sfsync puts there bears its mark from the first moment.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from sfsync.errors import ConfigError, OrgError, OutcomeUnknown, TransportFailed
from sfsync.salesforce import soql
from sfsync.tabular.digest import digest
from sfsync.transports.base import Waiting
from sfsync.transports.fetched import Fetched, Scratch, emptied, passing
from sfsync.transports.names import safe_name, tame, temporary

if TYPE_CHECKING:
    from sfsync.salesforce.org import Org

MARK, REASON = "Sfsync_Taken__c", "Sfsync_Reason__c"
_REASON_LENGTH = 255
_LINKS = "SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = {}"
_VERSIONS = (
    "SELECT Id, ContentDocumentId, Title, FileExtension, ContentSize, Checksum, CreatedDate, "
    f"{MARK} FROM ContentVersion WHERE IsLatest = true AND {{}}"
)
_NOTES = "snote"  # a note that somebody wrote on the record; the platform keeps it as a file


@dataclass(frozen=True, slots=True)
class _Version:
    """The newest version of one file. ``proof`` is what its mark must hold."""

    id: str
    document: str
    name: str
    size: int
    proof: str
    mark: str
    created: str


@dataclass(frozen=True, slots=True)
class FilesInbox:
    """Files of a record: its id, or ``Object/KeyField/Value``. ``pattern`` and ``scratch`` as for ``SftpInbox``.

    Besides TransportFailed, the errors of the org's session are raised.
    """

    org: "Org"
    record: str
    scratch: Path
    pattern: str = "*"

    def claim(self) -> Iterator[Fetched]:
        """The files without their mark, oldest first. Uploads are whole: the org shows no half of one."""
        scratch = emptied(self.scratch)
        for version in self._waiting():
            copy = _download(self.org, version, scratch)
            yield Fetched(
                copy,
                copy.name,
                digest(copy),
                partial(self._mark, version, None),
                partial(self._mark, version),
            )

    def waiting(self) -> Iterator[Waiting]:
        """Copies of what ``claim`` would hand out."""
        for version in self._waiting():
            with passing() as scratch:
                copy = _download(self.org, version, scratch)
                yield Waiting(copy.name, copy)

    def check(self) -> str:
        """The record is there, and how many of its files wait."""
        return f"files of {self.record}, {len(self._waiting()):,} waiting"

    def _waiting(self) -> list[_Version]:
        found = _versions(self.org, _record_id(self.org, self.record))
        return [
            version
            for version in found
            if version.mark != version.proof
            and fnmatchcase(version.name, self.pattern)
            and not temporary(version.name)
            and not version.name.endswith(f".{_NOTES}")
        ]

    def _mark(self, version: _Version, reason: str | None) -> None:
        values = {MARK: version.proof, REASON: reason and reason[:_REASON_LENGTH]}
        path = f"sobjects/ContentVersion/{version.id}"
        try:
            self.org.session.request("PATCH", path, json=values, repeatable=True)
        except OrgError:
            # A version that was replaced meanwhile may be closed to changes, and waits no longer anyway.
            now = _newest(self.org, version.document)
            if now is not None and now.id == version.id:
                raise


@dataclass(frozen=True, slots=True)
class FilesOutbox:
    """Files of a record, shared with whoever sees the record, partners in a portal included."""

    org: "Org"
    record: str

    def put(self, name: str, path: Path) -> bool:
        """Put a file there: a new version where one of that name is; False when it has the same content already."""
        checked = safe_name(name)
        record = _record_id(self.org, self.record)
        proof = _md5(path)
        there = _named(self.org, record, checked)
        fresh = there is None or there.proof != proof
        if fresh:
            with suppress(OutcomeUnknown):  # the look below tells whether it arrived
                _insert(self.org, _fields(checked, proof, record, there), checked, path)
            there = _named(self.org, record, checked)
            if there is None or there.proof != proof:
                raise TransportFailed(
                    f"{checked} was sent to {self.record}, but the org does not show it.",
                    sent=None,
                    hint="Run again.",
                )
        assert there is not None  # noqa: S101  it was there, or was made
        _share(self.org, there.document, record)
        return fresh

    def check(self) -> str:
        """The record is there."""
        _record_id(self.org, self.record)
        return f"files of {self.record}"


def _record_id(org: "Org", record: str) -> str:
    """The id of the record that the settings name. Raises TransportFailed when there is none."""
    parts = record.split("/", 2)
    if len(parts) == 1 and record.isalnum() and len(record) in {15, 18}:
        return record
    if len(parts) != 3:
        raise ConfigError(
            f"{record!r} names no record.",
            hint="Expected: its id, or Object/KeyField/Value in config/sfsync.yaml.",
        )
    thing, key, value = parts
    found = list(org.query(f"SELECT Id FROM {soql.name(thing)} WHERE {soql.name(key)} = {soql.quote(value)}"))
    if len(found) != 1:
        raise TransportFailed(
            f"{len(found)} records of the org are {record}; one was expected.",
            hint="Correct `record:` of the partner in config/sfsync.yaml.",
        )
    return str(found[0]["Id"])


def _versions(org: "Org", record: str) -> list[_Version]:
    """The newest version of each of a record's files, oldest first."""
    # The platform allows no sub-query on ContentDocumentLink, and filters it by a record only.
    links = org.query(_LINKS.format(soql.quote(record)))
    documents = sorted({str(link["ContentDocumentId"]) for link in links})
    return _newest_of(org, documents)


def _newest_of(org: "Org", documents: list[str]) -> list[_Version]:
    pages = org.query_many(soql.chunks(_VERSIONS, "ContentDocumentId", documents))
    found = [_version(row) for page in pages for row in page]
    return sorted(found, key=lambda version: (version.created, version.id))


def _newest(org: "Org", document: str) -> _Version | None:
    return next(iter(_newest_of(org, [document])), None)


def _version(row: dict[str, Any]) -> _Version:
    title, extension = str(row["Title"] or ""), str(row["FileExtension"] or "")
    whole = not extension or title.casefold().endswith(f".{extension.casefold()}")
    return _Version(
        id=str(row["Id"]),
        document=str(row["ContentDocumentId"]),
        name=title if whole else f"{title}.{extension}",
        size=int(row["ContentSize"] or 0),
        proof=str(row["Checksum"] or row["Id"]),
        mark=str(row[MARK] or ""),
        created=str(row["CreatedDate"]),
    )


def _named(org: "Org", record: str, name: str) -> _Version | None:
    """The newest file of the record with this name, whatever the letters' case."""
    wanted = name.casefold()
    return next((v for v in reversed(_versions(org, record)) if tame(v.name).casefold() == wanted), None)


def _download(org: "Org", version: _Version, scratch: Scratch) -> Path:
    copy = scratch.place(version.name)
    with copy.open("wb") as file:
        org.session.request("GET", f"sobjects/ContentVersion/{version.id}/VersionData", stream_to=file)
    damaged = version.proof != version.id and _md5(copy) != version.proof
    if damaged or copy.stat().st_size != version.size:
        raise TransportFailed(f"{copy.name} came damaged from the org.", hint="Run again.")
    return copy


def _fields(name: str, proof: str, record: str, there: _Version | None) -> dict[str, str]:
    fields = {"Title": PurePosixPath(name).stem, "PathOnClient": name, MARK: proof}
    if there is None:
        return {**fields, "FirstPublishLocationId": record}
    return {**fields, "ContentDocumentId": there.document}


def _insert(org: "Org", fields: dict[str, str], name: str, path: Path) -> None:
    """Insert a version with its data as a body of two parts, from disk to the network."""
    boundary = f"sfsync-{digest(path)}"  # no file holds its own digest
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="entity_content"\r\nContent-Type: application/json'
        f"\r\n\r\n{json.dumps(fields)}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="VersionData"; filename="{_ascii(name)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    with TemporaryFile(prefix="sfsync-") as body:
        body.write(head.encode())
        with path.open("rb") as source:
            while block := source.read(1 << 20):
                body.write(block)
        body.write(f"\r\n--{boundary}--\r\n".encode())
        body.seek(0)
        kind = {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
        org.session.request("POST", "sobjects/ContentVersion", data=body, headers=kind)


def _share(org: "Org", document: str, record: str) -> None:
    """Let partners see the file: a link made by publishing may be for internal users only."""
    links = org.query(
        "SELECT Id, Visibility FROM ContentDocumentLink WHERE "
        f"ContentDocumentId = {soql.quote(document)} AND LinkedEntityId = {soql.quote(record)}"
    )
    for link in links:
        if link["Visibility"] != "AllUsers":
            path = f"sobjects/ContentDocumentLink/{link['Id']}"
            org.session.request("PATCH", path, json={"Visibility": "AllUsers"}, repeatable=True)


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("?", "_")


def _md5(path: Path) -> str:
    """MD5 in hex, as the platform's ``Checksum``: proof of sameness, no protection."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
