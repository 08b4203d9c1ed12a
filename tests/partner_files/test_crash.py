"""Killing the partners' side at any request, or around the mail: run again, the same org, never a second mail."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfsync.demo.partners import card_id
from sfsync.engine.results import RunResult
from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.records import Bucket
from sfsync.testing.bound import Mails
from sfsync.transports.mail import Message
from tests.conftest import ROOT, House
from tests.flows.test_crash import Killed, killed_at, without_urls
from tests.partner_files.support import activation, allocation

Act = Callable[[House], RunResult]


@dataclass
class Sites:
    """An org at three moments, each a file to begin from: orders, cards, cards that were mailed out."""

    folder: Path
    cards: dict[str, str]
    count: int = 0

    @contextmanager
    def at(self, moment: str) -> Iterator[House]:
        """A new house whose org is as it was at that moment."""
        self.count += 1
        place = self.folder / str(self.count)
        place.mkdir()
        data = shutil.copy(self.folder / f"{moment}.sqlite", place / "org.sqlite")
        org = MockOrg(metadata=[ROOT / "config" / "org"], data=Path(data))
        try:
            with activated(lambda request: org.handle(request)):  # noqa: PLW0108  tests replace `handle`
                yield House(org, place / "state", ROOT)
        finally:
            org.close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    folder = tmp_path_factory.mktemp("sites")
    found = Sites(folder, {})
    org = MockOrg(metadata=[ROOT / "config" / "org"], data=folder / "leads.sqlite")
    org.seed("charge_card", 2)
    lead = org.query("SELECT Id FROM Lead")[0]
    org.core.update("Lead", lead["Id"], {"Number_of_Cards__c": 3})
    org.close()

    def go(before: str, act: Callable[[House], Any], after: str) -> None:
        with found.at(before) as house:
            act(house)
        shutil.copy(folder / str(found.count) / "org.sqlite", folder / f"{after}.sqlite")

    def order(house: House) -> None:
        house.run()
        for record in house.records("SELECT Sfsync_Key__c, Number_of_Cards__c FROM Order"):
            key, cards = record["Sfsync_Key__c"], int(record["Number_of_Cards__c"])
            names = [key, *(f"{key}-{n}" for n in range(2, cards + 1))]
            found.cards.update({name: card_id(name) for name in names})

    go("leads", order, "ordered")
    assert len(found.cards) > 3
    allocation(folder / "allocation.csv", list(found.cards.items()))
    go("ordered", lambda house: house.take("allocation", folder / "allocation.csv"), "issued")
    rows = [(key, card, "active", "") for key, card in found.cards.items()]
    rows[-1] = (*rows[-1][:2], "refused", "unknown card")
    activation(folder / "activation.csv", rows)
    go("issued", lambda house: house.give("activation"), "mailed")
    return found


def picture(house: House) -> Any:
    """Orders and cards as a customer sees them; no ids, no times."""
    return without_urls(
        [
            house.records("SELECT Sfsync_Key__c, Status FROM Order ORDER BY Sfsync_Key__c"),
            house.records(
                "SELECT Sfsync_Key__c, Card_Id__c, SerialNumber, Status, InstallDate, Activation_Reason__c, "
                "Order__r.Sfsync_Key__c, Account.Name FROM Asset ORDER BY Sfsync_Key__c, Id"
            ),
        ]
    )


def forget(house: House) -> None:
    """With the journal goes the lease of the dead; it is evidence, not state."""
    (house.state / "journal.sqlite").unlink()


@pytest.mark.parametrize(("name", "moment"), [("allocation", "ordered"), ("activation", "mailed")])
def test_an_import_killed_at_any_request_is_finished_by_the_next(
    sites: Sites, name: str, moment: str
) -> None:
    path = sites.folder / f"{name}.csv"
    with sites.at(moment) as house:
        house.take(name, path)
        requests, wanted, written = house.org.stats.requests, picture(house), house.written
        assert house.take(name, path).steps[0].buckets == {Bucket.UNCHANGED: len(sites.cards)}
        assert house.written == written
    statuses = {card["Status"] for card in wanted[1]}
    assert statuses == ({"Shipped"} if name == "allocation" else {"Active", "Refused"})
    assert requests > 2
    for number in range(1, requests + 1):
        for after in (False, True):
            told = f"killed at request {number}, after={after}"
            with sites.at(moment) as house:
                with killed_at(house, number, after=after), pytest.raises(Killed):
                    house.take(name, path)
                forget(house)
                result = house.take(name, path)
                assert result.status == "ok", told
                assert result.steps[0].selected == len(sites.cards), told
                assert picture(house) == wanted, told


class DeadlyMails(Mails):
    """The process dies when it sends a mail: before the server has it, or after."""

    after = False

    def send(self, message: Message) -> None:
        if self.after:
            super().send(message)
        raise Killed


def marks(house: House) -> tuple[set[bool], set[bool]]:
    """Whether cards are claimed for a batch, and whether they are dated as sent."""
    cards = house.records("SELECT Activation_Batch__c, Activation_Sent_On__c FROM Asset")
    return (
        {card["Activation_Batch__c"] is not None for card in cards},
        {card["Activation_Sent_On__c"] is not None for card in cards},
    )


@pytest.mark.parametrize(
    ("when", "after", "mails", "settled"),
    [
        (1, False, 0, True),  # reading: nothing happened
        (1, True, 0, True),
        (2, False, 0, True),  # claiming: nothing happened
        (2, True, 0, False),  # claimed: from here on nobody knows about the mail
        ("mail", False, 0, False),
        ("mail", True, 1, False),
        (3, False, 1, False),  # dating
        (3, True, 1, True),
    ],
)
def test_a_mail_that_may_have_gone_out_is_never_repeated_unless_asked(
    sites: Sites, when: int | str, after: bool, mails: int, settled: bool
) -> None:
    with sites.at("issued") as house:
        if when == "mail":
            deadly = DeadlyMails()
            deadly.after, house.mails = after, deadly
            with pytest.raises(Killed):
                house.give("activation")
            house.mails = Mails(deadly.sent)
        else:
            with killed_at(house, int(when), after=after), pytest.raises(Killed):
                house.give("activation")
        assert len(house.mails.sent) == mails
        forget(house)

        result = house.give("activation")
        assert result.status == "ok"
        assert any("--batch" in message for message in result.messages) is not settled
        assert len(house.mails.sent) == (1 if settled else mails)
        if not settled:
            assert marks(house) == ({True}, {False})
            result = house.give("activation", again=True)
            assert result.steps[0].buckets == {Bucket.APPLIED: len(sites.cards)}
            assert len(house.mails.sent) == mails + 1
        assert marks(house) == ({True}, {True})
        assert not any("--batch" in message for message in house.give("activation").messages)
        assert len(house.mails.sent) == (1 if settled else mails + 1)


def test_the_export_makes_exactly_the_requests_that_are_killed_above(sites: Sites) -> None:
    with sites.at("issued") as house:
        house.give("activation")
        assert house.org.stats.requests == 3


@pytest.mark.parametrize(
    ("request_number", "kind"),
    [
        (2, "lost_before"),
        (2, "lost_after"),
        (3, "lost_before"),
        (3, "lost_after"),
    ],
)
def test_a_lost_answer_while_exporting_is_looked_into(sites: Sites, request_number: int, kind: str) -> None:
    """The process lives on, so it knows whether it mailed: every card is mailed once, and dated."""
    with sites.at("issued") as house:
        house.org.faults.script(kind, skip=request_number - 1)
        result = house.give("activation")
        assert len(house.mails.sent) == 1
        assert result.steps[0].buckets == {Bucket.APPLIED: len(sites.cards)}
        assert marks(house) == ({True}, {True})
