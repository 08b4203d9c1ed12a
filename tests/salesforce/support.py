"""A session with an org that only exists in ``responses``, and a clock that never waits."""

import json
from datetime import UTC, datetime

from sfsync.clock import ManualClock
from sfsync.records import Create
from sfsync.salesforce.logins import AccessToken, Token
from sfsync.salesforce.org import Org
from sfsync.salesforce.retry import Policy
from sfsync.salesforce.session import Session

URL = "https://acme.my.salesforce.com"
REST = f"{URL}/services/data/v62.0"
TOKEN = "00D000000000001!AQ.first"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


class CountedLogin:
    """A login that gives a new token each time."""

    renewable = True
    calls = True

    def __init__(self) -> None:
        self.count = 0

    def login(self, http) -> Token:
        self.count += 1
        return Token(URL, f"00D000000000001!AQ.login{self.count}")


def manual_clock() -> ManualClock:
    return ManualClock(datetime(2024, 3, 1, 12, tzinfo=UTC))


def open_session(login=None, **kwargs) -> Session:
    policy = Policy(jitter=lambda: 0.5)
    return Session(login or AccessToken(URL, TOKEN), clock=manual_clock(), policy=policy, **kwargs)


def open_org(**kwargs) -> Org:
    session = open_session()
    return Org(session, clock=session.clock, **kwargs)


class Composite:
    """Answers composite calls: every row succeeds, but for those that ``refuse`` names."""

    def __init__(self, refuse=None):
        self.requests = []
        self.refuse = refuse or (lambda row, call: None)

    def __call__(self, request):
        body = json.loads(request.body)
        self.requests.append(body)
        answers = [self.part(part) for part in body["compositeRequest"]]
        return 200, {}, json.dumps({"compositeResponse": answers})

    def part(self, part):
        rows = []
        for row in part["body"]["records"]:
            error = self.refuse(row, len(self.requests))
            rows.append(
                {"success": False, "errors": [error]}
                if error
                else {
                    "id": row.get("id", f"id-{row.get('Sfsync_Key__c')}"),
                    "success": True,
                    "errors": [],
                    "created": True,
                }
            )
        return {"httpStatusCode": 200, "referenceId": part["referenceId"], "body": rows, "httpHeaders": {}}


def serve(org, **kwargs):
    composite = Composite(**kwargs)
    org.add_callback("POST", f"{REST}/composite", callback=composite)
    return composite


def creates(count, name="Lead"):
    return [Create(name, f"K-{number}", {"Company": "Acme"}) for number in range(count)]
