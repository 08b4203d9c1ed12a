"""The activation partner: one mail a batch, never two; answers that activate, refuse, or collide."""

from pathlib import Path

import pytest

from sfsync.errors import TransportFailed
from sfsync.records import Bucket
from tests.conftest import House
from tests.partner_files.support import activation, issue


@pytest.fixture
def issued(house: House, tmp_path: Path) -> tuple[House, dict[str, str]]:
    """A house whose orders have all their cards."""
    house.run()
    return house, issue(house, tmp_path / "issued.csv")


def sent_marks(house: House) -> set[bool]:
    return {
        card["Activation_Sent_On__c"] is not None
        for card in house.records("SELECT Activation_Sent_On__c FROM Asset")
    }


def test_one_mail_with_every_card_and_none_the_second_time(issued: tuple[House, dict[str, str]]) -> None:
    house, cards = issued
    result = house.give("activation")
    assert result.steps[0].buckets == {Bucket.APPLIED: len(cards)}
    (mail,) = house.mails.sent
    assert mail.attachments[0].exists()
    assert sent_marks(house) == {True}
    written = house.written
    again = house.give("activation")
    assert again.status == "ok"
    assert len(house.mails.sent) == 1
    assert house.written == written


def test_again_sends_what_is_not_answered(issued: tuple[House, dict[str, str]], tmp_path: Path) -> None:
    house, cards = issued
    house.give("activation")
    key, card = next(iter(cards.items()))
    house.take("activation", activation(tmp_path / "a.csv", [(key, card, "active", "")]))
    result = house.give("activation", again=True)
    assert result.steps[0].selected == len(cards) - 1
    assert len(house.mails.sent) == 2


def test_a_mail_that_certainly_did_not_go_out_is_sent_by_the_next_run(
    issued: tuple[House, dict[str, str]],
) -> None:
    house, cards = issued
    house.mails.fail = TransportFailed("The server refused the connection.", sent=False)
    result = house.give("activation")
    assert result.steps[0].buckets == {Bucket.FAILED: len(cards)}
    assert sent_marks(house) == {False}
    house.mails.fail = None
    assert house.give("activation").steps[0].buckets == {Bucket.APPLIED: len(cards)}
    assert len(house.mails.sent) == 1


def test_cards_of_a_workbook_that_cannot_be_written_are_taken_by_the_next_run(
    issued: tuple[House, dict[str, str]],
) -> None:
    house, cards = issued
    outbox = house.state / "outbox" / "activation"
    outbox.parent.mkdir(exist_ok=True)
    outbox.write_text("a file where the folder should be")
    result = house.give("activation")
    assert result.steps[0].buckets == {Bucket.FAILED: len(cards)}
    outbox.unlink()
    second = house.give("activation")
    assert second.steps[0].buckets == {Bucket.APPLIED: len(cards)}
    assert not any("--batch" in message for message in second.messages)
    assert len(house.mails.sent) == 1


def test_a_mail_that_may_have_gone_out_is_not_sent_again_unless_asked(
    issued: tuple[House, dict[str, str]],
) -> None:
    house, cards = issued
    house.mails.fail = TransportFailed("The answer to DATA was lost.", sent=None)
    result = house.give("activation")
    assert result.steps[0].buckets == {Bucket.FAILED: len(cards)}
    house.mails.fail = None
    second = house.give("activation")
    assert second.steps[0].selected == 0
    assert any("--batch" in message for message in second.messages)
    assert not house.mails.sent
    assert house.give("activation", again=True).steps[0].buckets == {Bucket.APPLIED: len(cards)}
    assert len(house.mails.sent) == 1


def test_answers_activate_or_refuse_and_complete_the_order(
    issued: tuple[House, dict[str, str]], tmp_path: Path
) -> None:
    house, cards = issued
    house.give("activation")
    rows = [(key, card, "activée", "") for key, card in cards.items()]
    rows[0] = (*rows[0][:2], "refusée", "inconnue")
    result = house.take("activation", activation(tmp_path / "a.csv", rows))
    assert result.status == "ok"
    (refused,) = house.records(
        "SELECT Sfsync_Key__c, Activation_Reason__c FROM Asset WHERE Status = 'Refused'"
    )
    assert refused == {**refused, "Sfsync_Key__c": rows[0][0], "Activation_Reason__c": "inconnue"}
    assert {order["Status"] for order in house.records("SELECT Status FROM Order")} == {"Completed"}
    written = house.written
    again = house.take("activation", tmp_path / "a.csv")
    assert again.steps[0].buckets == {Bucket.UNCHANGED: len(rows)}
    assert house.written == written


def test_rows_that_do_not_fit_are_told_and_change_nothing(
    issued: tuple[House, dict[str, str]], tmp_path: Path
) -> None:
    house, cards = issued
    (one, first), (two, _) = list(cards.items())[:2]
    house.take("activation", activation(tmp_path / "a.csv", [(one, first, "active", "")]))
    written = house.written
    rows = [
        (one, first, "refused", "too late"),  # active already
        (two, "0089017009441947756", "active", ""),  # another card
        ("WF-0", "0089300641526415113", "active", ""),  # nothing known
    ]
    result = house.take("activation", activation(tmp_path / "b.csv", rows))
    assert result.steps[0].buckets == {Bucket.CONFLICT: 2, Bucket.NOT_FOUND: 1}
    assert house.written == written
