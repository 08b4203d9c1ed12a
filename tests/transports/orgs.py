"""A mock org with a partner's record, for the tests of files in the org."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sfsync.clock import ManualClock
from sfsync.mockorg import MockOrg
from sfsync.salesforce.org import Org
from sfsync.salesforce.retry import Policy
from sfsync.salesforce.session import Session, choose

METADATA = Path(__file__).parents[2] / "config" / "org"
RECORD = "Account/Sfsync_Key__c/PARTNER-1"


class Portal:
    """The org as a partner sees it in a portal: one account with files."""

    def __init__(self, mock: MockOrg, org: Org) -> None:
        self.mock, self.org = mock, org
        self.account = mock.core.insert("Account", {"Name": "Cards Ltd", "Sfsync_Key__c": "PARTNER-1"})

    def upload(self, name: str, content: bytes, *, over: str | None = None, **fields: object) -> str:
        """A file that the partner uploads, or a new version of the document ``over``; its version's id."""
        self.mock.clock.advance(1)
        place = {"ContentDocumentId": over} if over else {"FirstPublishLocationId": self.account}
        data = base64.b64encode(content).decode()
        values = {"PathOnClient": name, "VersionData": data, **place, **fields}
        return self.mock.core.insert("ContentVersion", values)

    def rows(self, soql: str) -> list[dict[str, object]]:
        return list(self.org.query(soql))

    def shown(self) -> dict[str, bytes]:
        """What partners see at the account: names and contents."""
        links = self.rows(
            "SELECT ContentDocument.Title, ContentDocument.FileExtension, ContentDocument.LatestPublishedVersionId, "
            f"Visibility FROM ContentDocumentLink WHERE LinkedEntityId = '{self.account}'"
        )
        found = {}
        for link in links:
            assert link["Visibility"] == "AllUsers"
            document = link["ContentDocument"]
            content = self.mock.core.blob(
                "ContentVersion", document["LatestPublishedVersionId"], "VersionData"
            )
            found[f"{document['Title']}.{document['FileExtension']}"] = content
        return found


@contextmanager
def portal() -> Iterator[Portal]:
    """A fresh org with the project's fields, reached in this process."""
    mock = MockOrg(metadata=[METADATA])
    clock = ManualClock(datetime(2024, 3, 1, 12, tzinfo=UTC))
    env = {"SF_INSTANCE_URL": "https://mock.my.salesforce.com", "SF_ACCESS_TOKEN": mock.token}
    try:
        with mock.activate():
            session = Session(choose(None, env, clock), clock=clock, policy=Policy(jitter=lambda: 0.5))
            yield Portal(mock, Org(session, clock=clock))
    finally:
        mock.close()
