"""The activation partner: gets one workbook of cards to activate by e-mail, answers active or refused.

Out, exactly once: the cards are claimed for a batch in the org, the workbook is mailed, the cards are dated.
Cards that were claimed and not dated may have gone out: they are reported, and mailed again only with --again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from partner_files.order_status import ANSWERED, CardStatus, OrderStatus
from partner_files.orders import order_keys
from sfsync.engine.files import FileStep, refused
from sfsync.engine.flow import Decision, Hands, Look, PartnerFile, Result, Step, get
from sfsync.errors import TransportFailed
from sfsync.mapping.rows import MappedRow
from sfsync.project import Content
from sfsync.records import KEY_FIELD, Bucket, Record, Update, changed
from sfsync.salesforce.soql import chunks
from sfsync.tabular.write import write_table
from sfsync.transports.mail import Message

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
        give=lambda options: SendActivations(settings, again=bool(options.get("again"))),
    )


_CARD = (
    f"SELECT Id, {KEY_FIELD}, Card_Id__c, Status, InstallDate, Activation_Batch__c, Activation_Sent_On__c, "
    f"Order__r.{KEY_FIELD}, Account.Name, Contact.Name, Contact.Email FROM Asset "
    f"WHERE {KEY_FIELD} != null AND Card_Id__c != null AND Status = 'Shipped'"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Cards to activate, the name of their batch, and how many are claimed by an earlier, unfinished one."""

    cards: Sequence[Record]
    name: str
    now: datetime
    unsettled: int = 0


class SendActivations(Step[Batch]):
    """Claims the cards, mails the workbook, dates the cards."""

    name = "activation_out"
    about = "The workbook of cards to activate, by e-mail."
    by_hand = True

    def __init__(self, settings: ActivationSettings, *, again: bool = False) -> None:
        self._settings = settings
        self._again = again
        self._sent = False

    def select(self, look: Look, expected: Sequence[Any]) -> Batch:
        if self._sent:  # the batch went out in an earlier pass: a second pass must not find a second batch
            return Batch((), "", look.clock.now())
        new, unsettled = look.org.query_many(
            [
                _CARD + ("" if self._again else " AND Activation_Batch__c = null") + f" ORDER BY {KEY_FIELD}",
                _CARD + " AND Activation_Batch__c != null AND Activation_Sent_On__c = null",
            ]
        )
        now = look.clock.now()
        return Batch(new, batch_name(new, now), now, 0 if self._again else len(unsettled))

    def decide(self, selected: Batch) -> list[Decision]:
        sent_on = selected.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return [
            Decision(
                card[KEY_FIELD],
                phases=(
                    (Update("Asset", card["Id"], {"Activation_Batch__c": selected.name}),),
                    (Update("Asset", card["Id"], {"Activation_Sent_On__c": sent_on}),),
                ),
            )
            for card in selected.cards
        ]

    def apply(self, selected: Batch, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        if selected.unsettled:
            hands.say(
                f"{selected.unsettled} cards belong to a batch that may or may not have been mailed. Ask the "
                "partner, then `sfsync export activation --again` sends every card not yet answered."
            )
        if not decisions:
            return []
        claims = hands.write([replace(decision, phases=decision.phases[:1]) for decision in decisions])
        claimed = [index for index, result in enumerate(claims) if result.bucket is Bucket.APPLIED]
        if not claimed:
            return claims
        cards = {card[KEY_FIELD]: card for card in selected.cards}
        path = self._workbook([cards[decisions[index].key] for index in claimed], selected.name, hands)
        try:
            hands.mail(self._message(selected.name, path, len(claimed)))
        except TransportFailed as error:
            return self._not_sent(decisions, claims, claimed, error, hands)
        self._sent = True
        marks = hands.write(
            [replace(decisions[index], phases=decisions[index].phases[1:]) for index in claimed]
        )
        results = list(claims)
        for index, mark in zip(claimed, marks, strict=True):
            results[index] = mark
        return results

    def _not_sent(
        self,
        decisions: Sequence[Decision],
        claims: Sequence[Result],
        claimed: Sequence[int],
        error: TransportFailed,
        hands: Hands,
    ) -> list[Result]:
        """What to do when the mail failed: release the claim if it is certain that nothing went out."""
        self._sent = True
        hands.say(str(error))
        if error.sent is False:
            release = [
                replace(decisions[index], phases=((_released(decisions[index]),),)) for index in claimed
            ]
            hands.write(release)
        reason = (
            "the mail was not sent" if error.sent is False else "outcome unknown: the mail may have gone out"
        )
        results = list(claims)
        for index in claimed:
            results[index] = Result(Bucket.FAILED, reason)
        return results

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


def _released(decision: Decision) -> Update:
    claim = decision.phases[0][0]
    assert isinstance(claim, Update)  # noqa: S101  the first phase is the claim, see `decide`
    return Update("Asset", claim.id, {"Activation_Batch__c": None})


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
            return refused(row, Bucket.NOT_FOUND, "no card was issued for this order number", "card_key")
        card_id = row.named.get("card_id")
        if card_id and card_id != card["Card_Id__c"]:
            return refused(row, Bucket.CONFLICT, "another card was issued for this order number", "card_id")
        desired = {
            "Status": row.values["Status"],
            "Activation_Reason__c": row.values.get("Activation_Reason__c"),
        }
        values = changed(desired, card)
        if not values:
            return Decision(key, Bucket.UNCHANGED, number=row.number)
        if card["Status"] == "Active" and desired["Status"] in ANSWERED and "Status" in values:
            return refused(row, Bucket.CONFLICT, "the card is active already", "result")
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
