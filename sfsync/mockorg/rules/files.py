"""Files: a version makes its document, the newest version shows, the document is linked to where it was published.

Salesforce object reference, "ContentVersion".
"""

from hashlib import md5
from pathlib import PurePosixPath

from sfsync.mockorg.problems import Refused, required
from sfsync.mockorg.rules.base import Rule, Write


def _publish(write: Write) -> None:
    row, world = write.new, write.world
    if not write.creating:
        return
    if row.get("PathOnClient") is None and not write.options.system:
        raise required(["PathOnClient"])
    path = PurePosixPath((row.get("PathOnClient") or "").replace("\\", "/"))
    row["Title"] = row.get("Title") or path.stem or None
    extension = path.suffix.removeprefix(".")
    row["FileExtension"] = extension or None
    row["FileType"] = (extension.upper() or "UNKNOWN")[:20]
    data = row.get("VersionData") or b""
    row["ContentSize"] = len(data)
    row["Checksum"] = md5(data, usedforsecurity=False).hexdigest()
    row["IsLatest"] = 1
    document = row.get("ContentDocumentId")
    if document is None:
        shown = {name: row[name] for name in ("Title", "FileExtension", "FileType", "ContentSize", "OwnerId")}
        row["ContentDocumentId"] = world.create("ContentDocument", shown)
        row["VersionNumber"] = "1"
        return
    if row.get("FirstPublishLocationId"):
        message = "FirstPublishLocationId cannot be set together with ContentDocumentId"
        raise Refused("FIELD_INTEGRITY_EXCEPTION", message, fields=["FirstPublishLocationId"])
    older = world.store.rows("ContentVersion", '"ContentDocumentId" = ?', (document,))
    row["VersionNumber"] = str(len(older) + 1)
    for each in older:
        world.store.update("ContentVersion", each["Id"], {"IsLatest": 0})


def _show(write: Write) -> None:
    row, world = write.new, write.world
    if not write.creating:
        return
    names = ("Title", "FileExtension", "FileType", "ContentSize")
    latest = {"LatestPublishedVersionId": write.id, "ContentModifiedDate": world.clock.stamp()}
    world.touch(
        "ContentDocument", row["ContentDocumentId"], {**{name: row[name] for name in names}, **latest}
    )
    if row["VersionNumber"] == "1":
        links = {row["OwnerId"]: "I", row.get("FirstPublishLocationId"): "V"}
        for target, share in links.items():
            if target:
                link = {
                    "ContentDocumentId": row["ContentDocumentId"],
                    "LinkedEntityId": target,
                    "ShareType": share,
                }
                world.create("ContentDocumentLink", link)


RULES = (Rule(("ContentVersion",), before=_publish, after=_show),)
