"""The activation partner: gets one workbook of cards to activate by e-mail, answers active or refused.

Out, exactly once: the cards are claimed for a batch in the org, the workbook is mailed, the cards are dated.
Cards that were claimed and not dated may have gone out: they are reported, and mailed again only when asked.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from partner_files.order_status import ANSWERED, CardStatus, OrderStatus
from partner_files.orders import CHECK_NUMBER, order_keys
from sfsync.engine.files import FileStep, refused
from sfsync.engine.flow import Decision, Hands, Look, PartnerFile, Result, Step, get
from sfsync.errors import TransportFailed
from sfsync.languages.reason import Reason
from sfsync.mapping.rows import MappedRow
from sfsync.project import Content
from sfsync.records import KEY_FIELD, Bucket, Record, Update, changed
from sfsync.salesforce.soql import chunks, quote
from sfsync.tabular.write import write_table
from sfsync.transports.mail import Message

NO_CARD = Reason("no_card", "no card was issued for this order number")
OTHER_CARD = Reason("other_card", "another card was issued for this order number")
ACTIVE_ALREADY = Reason("active_already", "the card is active already")
NOT_CLAIMED = Reason("not_claimed", "not claimed: the next export takes it")
NOT_SENT = Reason("mail_not_sent", "the mail was not sent")
PERHAPS_SENT = Reason("mail_unknown", "outcome unknown: the mail may have gone out")

ROW_FIELDS = ("card_key", "card_id", "order_key", "recipient", "company", "email", "shipped_on")


class ActivationSettings(BaseModel):
    """The ``activation`` section of ``config/charge_card.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: tuple[str, ...]
    """Mail addresses of the activation partner."""
    subject: str = "Cards to activate: {cards} ({batch})"
    body: str = "Attached are {cards} cards to activate. Please answer with the same workbook."
    file: str = "cards-to-activate-{batch}.xlsx"
    columns: dict[str, str]
    """Heading in the workbook → what stands in it (one of ``ROW_FIELDS``)."""


def partner_file(content: Content) -> PartnerFile:
    settings = content.settings("charge_card", ActivationSettings, section="activation")
    return PartnerFile(
        name="activation",
        about="Cards to activate go out by e-mail; the partner's answers come back.",
        family="charge_card",
        mapping="activation",
        take=TakeActivations,
        then=lambda file: (
            OrderStatus(frozenset(order for row in file.rows if row.key for order in order_keys(row.key))),
        ),
        give=lambda options: SendActivations(
            settings, again=bool(options.get("again")), batch=options.get("batch")
        ),
    )


_CARD = (
    f"SELECT Id, {KEY_FIELD}, Card_Id__c, Status, InstallDate, Activation_Batch__c, Activation_Sent_On__c, "
    f"Order__r.{KEY_FIELD}, Account.Name, Contact.Name, Contact.Email FROM Asset "
    f"WHERE {KEY_FIELD} != null AND Card_Id__c != null AND Status = 'Shipped'"
)

_UNDATED = "Activation_Sent_On__c = null"


@dataclass(frozen=True, slots=True)
class Batch:
    """Cards to activate and the name of their batch; ``unsettled``: batches that may or may not have gone out."""

    cards: Sequence[Record]
    name: str
    now: datetime
    claimed: bool = False
    """Whether the cards carry the name already: an earlier pass, or an earlier run, claimed them."""
    unsettled: Mapping[str, int] = field(default_factory=dict)


class SendActivations(Step[Batch]):
    """Claims the cards, mails the workbook, dates the cards.

    ``again`` takes every card that is not answered, ``batch`` one batch that was claimed and never dated.
    """

    name = "activation_out"
    about = "The workbook of cards to activate, by e-mail."
    by_hand = True

    def __init__(
        self, settings: ActivationSettings, *, again: bool = False, batch: str | None = None
    ) -> None:
        self._settings = settings
        self._again = again
        self._batch = batch
        self._mailed = ""
        self._over = False

    def select(self, look: Look, expected: Sequence[Any]) -> Batch:
        now = look.clock.now()
        if self._over:  # one mail a run, whatever became of it: a later pass must not find a second batch
            return Batch((), "", now)
        if name := self._mailed or self._batch:
            cards = look.org.query(f"{_CARD} AND Activation_Batch__c = {quote(name)} AND {_UNDATED}")
            return Batch(list(cards), name, now, claimed=True)
        new, unsettled = look.org.query_many(
            [
                _CARD + ("" if self._again else " AND Activation_Batch__c = null") + f" ORDER BY {KEY_FIELD}",
                f"{_CARD} AND Activation_Batch__c != null AND {_UNDATED}",
            ]
        )
        left = Counter(str(card["Activation_Batch__c"]) for card in unsettled)
        return Batch(new, batch_name(new, now), now, unsettled={} if self._again else left)

    def decide(self, selected: Batch) -> list[Decision]:
        sent_on = selected.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        decisions = []
        for card in selected.cards:
            claim = (
                ()
                if selected.claimed
                else (Update("Asset", card["Id"], {"Activation_Batch__c": selected.name}),)
            )
            mark = Update("Asset", card["Id"], {"Activation_Sent_On__c": sent_on})
            decisions.append(Decision(card[KEY_FIELD], phases=(claim, (mark,))))
        return decisions

    def apply(self, selected: Batch, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        for name, cards in selected.unsettled.items():
            hands.say(
                f"{cards} cards of batch {name} may or may not have been mailed. Ask the partner; "
                f"`sfsync export activation --batch {name}` mails them again."
            )
        if not decisions:
            return []
        results = self._claim(selected, decisions, hands)
        claimed = [index for index, result in enumerate(results) if result.bucket is Bucket.APPLIED]
        if claimed and not self._mailed:
            trouble = self._mail(selected, [decisions[index].key for index in claimed], hands)
            if trouble:
                self._over = True
                if trouble.sent is False and not selected.claimed:
                    hands.write([_release(decisions[index]) for index in claimed])
                return [
                    trouble_of(trouble) if index in set(claimed) else r for index, r in enumerate(results)
                ]
            self._mailed = selected.name
        marks = hands.write(
            [replace(decisions[index], phases=decisions[index].phases[1:]) for index in claimed]
        )
        for index, mark in zip(claimed, marks, strict=True):
            results[index] = mark
        return results

    def _claim(self, selected: Batch, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        """Write the batch's name; where no answer came, look whether it stands there before anything is mailed."""
        results = hands.write([replace(decision, phases=decision.phases[:1]) for decision in decisions])
        if any(result.unknown for result in results):
            soql = f"SELECT {KEY_FIELD} FROM Asset WHERE Activation_Batch__c = {quote(selected.name)}"
            there = {record[KEY_FIELD] for record in hands.look.org.query(soql)}
            # With no card claimed nothing is mailed, so another pass may try again; else one mail a run is enough.
            lost = Result(Bucket.FAILED, NOT_CLAIMED, unknown=not there)
            for index, (decision, result) in enumerate(zip(decisions, results, strict=True)):
                if result.unknown:
                    results[index] = Result(Bucket.APPLIED) if decision.key in there else lost
        return results

    def _mail(self, selected: Batch, keys: Sequence[str], hands: Hands) -> TransportFailed | None:
        """Mail the workbook of the cards ``keys``; the trouble if it did not certainly go out."""
        cards = {card[KEY_FIELD]: card for card in selected.cards}
        try:
            path = self._workbook([cards[key] for key in keys], selected.name, hands)
            hands.mail(self._message(selected.name, path, len(keys)))
        except TransportFailed as error:
            hands.say(str(error))
            return error
        return None

    def _workbook(self, cards: Sequence[Record], batch: str, hands: Hands) -> Path:
        headings, fields = list(self._settings.columns), list(self._settings.columns.values())
        rows = [[_row(card)[name] for name in fields] for card in cards]
        name = self._settings.file.format(batch=batch)
        return hands.outbox("activation", name, lambda path: write_table(path, headings, rows, sheet="Cards"))

    def _message(self, batch: str, path: Path, cards: int) -> Message:
        words = {"batch": batch, "cards": cards}
        return Message(
            to=self._settings.to,
            subject=self._settings.subject.format(**words),
            body=self._settings.body.format(**words),
            attachments=(path,),
            message_id=f"<{batch.lower()}@sfsync>",
        )


def batch_name(cards: Sequence[Record], now: datetime) -> str:
    """A name for these cards: the day and a digest of their keys."""
    digest = hashlib.sha256("\n".join(sorted(card[KEY_FIELD] for card in cards)).encode()).hexdigest()
    return f"ACT-{now:%Y%m%d}-{digest[:8].upper()}"


def trouble_of(error: TransportFailed) -> Result:
    """What a failed mail means for a card of its batch."""
    return Result(Bucket.FAILED, NOT_SENT if error.sent is False else PERHAPS_SENT)


def _release(decision: Decision) -> Decision:
    """The claim taken back: it is certain that nothing went out, so the next export may take the card."""
    (claim,) = decision.phases[0]
    assert isinstance(claim, Update)  # noqa: S101  see `decide`
    return replace(decision, phases=((Update("Asset", claim.id, {"Activation_Batch__c": None}),),))


def _row(card: Record) -> dict[str, object]:
    return {
        "card_key": card[KEY_FIELD],
        "card_id": card["Card_Id__c"],
        "order_key": get(card, f"Order__r.{KEY_FIELD}") or "",
        "recipient": get(card, "Contact.Name") or get(card, "Account.Name") or "",
        "company": get(card, "Account.Name") or "",
        "email": get(card, "Contact.Email") or "",
        "shipped_on": date.fromisoformat(card["InstallDate"]) if card.get("InstallDate") else None,
    }


class TakeActivations(FileStep[Mapping[str, Record]]):
    """Marks cards active or refused as the partner answered."""

    name = "activation_in"
    about = "Cards become active or refused."

    def select(self, look: Look, expected: Sequence[Any]) -> Mapping[str, Record]:
        keys = sorted({row.key for row in self.file.rows if row.problem is None})
        soql = (
            f"SELECT Id, {KEY_FIELD}, Card_Id__c, Status, Activation_Reason__c, Order__r.{KEY_FIELD} FROM Asset "
            "WHERE {}"
        )
        pages = look.org.query_many(chunks(soql, KEY_FIELD, keys))
        return {record[KEY_FIELD]: record for page in pages for record in page}

    def decide_row(self, row: MappedRow, selected: Mapping[str, Record]) -> Decision:
        key = str(row.key)
        card = selected.get(key)
        if card is None:
            return refused(row, Bucket.NOT_FOUND, NO_CARD, "card_key", CHECK_NUMBER)
        card_id = row.named.get("card_id")
        if card_id and card_id != card["Card_Id__c"]:
            return refused(row, Bucket.CONFLICT, OTHER_CARD, "card_id")
        desired = {
            "Status": row.values["Status"],
            "Activation_Reason__c": row.values.get("Activation_Reason__c"),
        }
        values = changed(desired, card)
        if not values:
            return Decision(key, Bucket.UNCHANGED, number=row.number)
        if card["Status"] == "Active" and desired["Status"] in ANSWERED and "Status" in values:
            return refused(row, Bucket.CONFLICT, ACTIVE_ALREADY, "result")
        before = {name: card.get(name) for name in values}
        return Decision(key, number=row.number, phases=((Update("Asset", card["Id"], values, before),),))

    def expect(self, selected: Mapping[str, Record], decisions: Sequence[Decision]) -> Sequence[CardStatus]:
        statuses = {row.key: row.values.get("Status") for row in self.file.rows if row.problem is None}
        return [
            CardStatus(
                get(selected[decision.key], f"Order__r.{KEY_FIELD}"),
                decision.key,
                str(statuses[decision.key]),
            )
            for decision in decisions
            if decision.bucket is Bucket.APPLIED
        ]
