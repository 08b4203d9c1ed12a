"""Confirmations and reminders: to whom, when, in which language, and exactly once whatever happens."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from sfsync.errors import TransportFailed
from sfsync.records import Bucket
from sfsync.transports.mail import MailOut, Message
from tests.aftersales import Company, company
from tests.ports import free_port

CUSTOMER, DEALER = "ada@customer.example", "d00001@dealer.example"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path / "state") as found:
        yield found


def booked(shop: Company, at: str = "2026-03-10T08:30:00Z", **values: Any) -> str:
    return shop.lead(
        Status__c="Appointment Booked", Appointment_At__c=at, Appointment_Emails__c=True, **values
    )


def step(shop: Company, name: str) -> dict[Bucket, int]:
    (found,) = shop.run(f"aftersales.{name}").steps
    return dict(found.buckets)


def test_four_messages_in_all(shop: Company) -> None:
    booked(shop)
    for _ in range(12):
        assert shop.run("aftersales.nightly").status == "ok"
        if shop.clock.now().day == 2:
            assert shop.posted == [(CUSTOMER, "confirmation"), (DEALER, "confirmation")]
        shop.wait(days=1)
    assert sorted(shop.posted) == sorted(
        [(who, kind) for who in (CUSTOMER, DEALER) for kind in ("confirmation", "reminder")]
    )
    (lead,) = shop.leads
    assert lead["Mail_Claim__c"] is None
    claims = (
        "Customer_Confirmed_For__c",
        "Dealer_Confirmed_For__c",
        "Customer_Reminded_For__c",
        "Dealer_Reminded_For__c",
    )
    assert {lead[claim] for claim in claims} == {lead["Appointment_At__c"]}


def test_each_in_the_reader_s_language_and_the_dealer_s_time(shop: Company) -> None:
    booked(shop)
    step(shop, "confirmations")
    customer, dealer = shop.mails.sent
    assert customer.subject == "Ihr Werkstatttermin am Dienstag, 10. März 2026"
    assert "09:30" in customer.body
    assert "09:30" in (customer.html or "")
    assert dealer.subject.startswith("Rendez-vous enregistré : ASL-")
    assert customer.message_id == "<confirmation-customer-asl-000001-20260310t0830z@sfsync>"
    assert customer.attachments == ()


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-08T22:59:00+00:00", False),  # the day before begins at the dealer's midnight
        ("2026-03-08T23:00:00+00:00", True),
        ("2026-03-10T08:29:00+00:00", True),  # nights that were missed
        ("2026-03-10T08:30:00+00:00", False),  # past
    ],
)
def test_a_reminder_goes_from_the_day_before_until_the_appointment(
    shop: Company, now: str, due: bool
) -> None:
    booked(shop)
    shop.until(now)
    assert step(shop, "reminders") == ({Bucket.APPLIED: 1} if due else {})
    assert step(shop, "reminders") == {}
    assert len(shop.mails.sent) == 2 * due


def test_the_day_before_in_shanghai_begins_earlier(shop: Company) -> None:
    dealer = shop.dealer("D00008", Dealer_Time_Zone__c="Asia/Shanghai")
    booked(shop, Dealer__c=dealer)
    shop.until("2026-03-08T16:00:00+00:00")
    assert step(shop, "reminders") == {Bucket.APPLIED: 1}


def test_a_zone_that_does_not_exist_is_the_project_s(shop: Company) -> None:
    booked(shop, Dealer__c=shop.dealer("D00009", Dealer_Time_Zone__c="Mars/Olympus"))
    assert step(shop, "confirmations") == {Bucket.APPLIED: 1}
    assert "09:30" in shop.mails.sent[0].body


@pytest.mark.parametrize(
    "values",
    [
        {"Appointment_Emails__c": False},
        {"Status__c": "Assigned to Dealer"},
        {"Status__c": "Closed With Sale"},
        {"Final__c": True},
        {"Appointment_At__c": "2026-03-02T02:00:00Z"},
    ],
)
def test_nobody_is_mailed_without_the_flag_or_without_a_coming_appointment(
    shop: Company, values: dict[str, Any]
) -> None:
    name = booked(shop, "2026-03-03T08:30:00Z")
    shop.change(name, **values)
    assert step(shop, "confirmations") == step(shop, "reminders") == {}


def test_who_has_no_address_gets_none(shop: Company) -> None:
    booked(shop, Customer_Email__c=None)
    booked(shop, Dealer__c=shop.dealer("D00002", Dealer_Email__c=None))
    booked(shop, Customer_Email__c=None, Dealer__c=shop.dealer("D00002"))
    assert step(shop, "confirmations") == {Bucket.APPLIED: 2}
    assert shop.posted == [(DEALER, "confirmation"), (CUSTOMER, "confirmation")]
    assert step(shop, "confirmations") == {}


def test_a_moved_appointment_is_confirmed_and_reminded_anew(shop: Company) -> None:
    name = booked(shop, "2026-03-03T08:30:00Z")
    shop.run("aftersales.nightly")
    shop.change(name, Appointment_At__c="2026-03-20T10:00:00Z")
    shop.run("aftersales.nightly")
    assert [kind for _, kind in shop.posted] == ["confirmation"] * 2 + ["reminder"] * 2 + ["confirmation"] * 2
    shop.until("2026-03-19T03:00:00+00:00")
    shop.run("aftersales.nightly")
    assert len(shop.posted) == 8
    assert len({mail.message_id for mail in shop.mails.sent}) == 8


def test_three_hundred_leads_cost_a_handful_of_calls(shop: Company) -> None:
    for _ in range(300):
        booked(shop)
    result = shop.run("aftersales.confirmations")
    assert (len(shop.mails.sent), result.api_calls) == (
        600,
        5,
    )  # one question; claim and mark for 200 and for 100


# --- when something goes wrong ----------------------------------------------------------------------------------


def test_what_certainly_did_not_go_out_goes_out_later(shop: Company) -> None:
    name = booked(shop)
    shop.mails.fail = TransportFailed("the mail server is closed.", sent=False)
    result = shop.run("aftersales.confirmations")
    assert dict(result.steps[0].buckets) == {Bucket.FAILED: 1}
    assert result.messages == ("the mail server is closed.",)
    assert shop[name]["Customer_Confirmed_For__c"] is None
    assert shop[name]["Mail_Claim__c"] is None
    shop.mails.fail = None
    assert step(shop, "confirmations") == {Bucket.APPLIED: 1}
    assert len(shop.mails.sent) == 2


def test_what_may_have_gone_out_waits_for_a_person(shop: Company) -> None:
    name = booked(shop)
    shop.mails.fail = TransportFailed("the connection broke.", sent=None)
    assert step(shop, "confirmations") == {Bucket.FAILED: 1}
    assert shop[name]["Mail_Claim__c"] == "confirmation customer, confirmation dealer"
    shop.mails.fail = None
    again = shop.run("aftersales.confirmations")
    assert again.steps[0].selected == 0
    assert f"Mails about {name} may or may not have gone out" in again.messages[0]
    assert shop.mails.sent == []
    shop.until("2026-03-09T03:00:00+00:00")
    assert step(shop, "reminders") == {Bucket.APPLIED: 1}  # another mail, which nobody doubts
    assert shop[name]["Mail_Claim__c"] == "confirmation customer, confirmation dealer"
    assert step(shop, "mails_again") == {Bucket.APPLIED: 1}
    assert step(shop, "confirmations") == {Bucket.APPLIED: 1}
    assert [kind for _, kind in shop.posted] == ["reminder"] * 2 + ["confirmation"] * 2
    assert shop[name]["Mail_Claim__c"] is None


def test_one_reader_s_trouble_is_not_the_other_s(shop: Company) -> None:
    name = booked(shop)

    class Choosy(type(shop.mails)):  # type: ignore[misc]  the mailbox of the shop, whatever it is
        def send(self, message: Message) -> None:
            if message.recipients == (CUSTOMER,):
                raise TransportFailed("no such user.", sent=False)
            super().send(message)

    shop.mails = Choosy()
    assert step(shop, "confirmations") == {Bucket.FAILED: 1}
    assert shop.posted == [(DEALER, "confirmation")]
    assert shop[name]["Customer_Confirmed_For__c"] is None
    assert shop[name]["Dealer_Confirmed_For__c"] == shop[name]["Appointment_At__c"]
    assert step(shop, "confirmations") == {Bucket.FAILED: 1}
    assert shop.posted == [(DEALER, "confirmation")]


def test_a_claim_whose_answer_was_lost_is_looked_up(shop: Company) -> None:
    booked(shop)
    before = shop.org.handle

    def handle(request: Any) -> Any:
        answer = before(request)
        if b"Mail_Claim__c" in (request.body or b"") and request.method != "GET":
            shop.org.handle = before  # type: ignore[method-assign]
            raise_lost()
        return answer

    def raise_lost() -> None:
        import requests

        raise requests.exceptions.ConnectionError("Connection aborted: no answer")

    shop.org.handle = handle  # type: ignore[method-assign]
    assert step(shop, "confirmations") == {Bucket.APPLIED: 1}
    assert len(shop.mails.sent) == 2
    assert step(shop, "confirmations") == {}


class Died(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", range(1, 6))
def test_a_process_that_dies_anywhere_never_sends_twice_and_forgets_nothing_silently(
    shop: Company, nth: int, after: bool
) -> None:
    name = booked(shop)
    before, count = shop.org.handle, 0

    def handle(request: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth and not after:
            raise Died
        answer = before(request)
        if count == nth:
            raise Died
        return answer

    shop.org.handle = handle  # type: ignore[method-assign]
    with suppress(Died):
        shop.run("aftersales.confirmations")
    shop.org.handle = before  # type: ignore[method-assign]
    shop.wait(hours=2)
    again = shop.run("aftersales.confirmations")
    told = any(name in message for message in again.messages)
    assert len(shop.mails.sent) == 2 or (not shop.mails.sent and told)
    assert told == (shop[name]["Mail_Claim__c"] is not None)


def test_over_real_smtp(shop: Company) -> None:
    class Handler:
        def __init__(self) -> None:
            self.received: list[EmailMessage] = []

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
            self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
            return "250 OK"

    handler = Handler()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        shop.mails = MailOut(
            "127.0.0.1", "Service <service@maker.example>", port, security="none", clock=shop.clock
        )  # type: ignore[assignment]
        for language in ("de", "en", "fr", "it", "nl", "zh"):
            booked(shop, Customer_Language__c=language)
        assert step(shop, "confirmations") == {Bucket.APPLIED: 6}
    finally:
        controller.stop()
    assert len(handler.received) == 12
    for mail in handler.received:
        assert mail.get_content_type() == "multipart/alternative"
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert html is not None
        assert "ASL-0000" in plain.get_content()
        assert "ASL-0000" in html.get_content()
    assert {mail["To"] for mail in handler.received} == {CUSTOMER, DEALER}
    chinese = [mail for mail in handler.received if "维修预约" in mail["Subject"]]
    assert len(chinese) == 1
