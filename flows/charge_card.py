"""Charge card: from a web form to an active card, with no manual step in between.

intake          web-to-lead leads are checked, get their key, and are marked qualified, duplicate or rejected
convert         every qualified lead becomes Account + Contact + Opportunity, into existing ones where known
products        price book and products by the rules in config/charge_card.yaml
close           the opportunity is closed won
order           an order with its products is made from the opportunity and activated
allocation_in   waiting answers of the allocation partner: every card becomes an asset
activation_in   waiting answers of the activation partner: cards are active or refused
order_status    orders follow their cards: Card Sent, Completed
allocation_out  the allocation partner's file of all cards still to issue is put out
activation_out  the workbook of cards to activate is mailed; by hand: `sfsync export activation`
"""

from pydantic import BaseModel, ConfigDict

from flows.conversion import Convert, ConvertSettings
from flows.ordering import Orders
from flows.sales import ProductRules, sale_of
from flows.selling import Close, CloseSettings, Products
from partner_files.activation import ActivationSettings, SendActivations
from partner_files.allocation import AllocationSettings, PutOutAllocations
from partner_files.order_status import OrderStatus
from partner_files.web_forms import IntakeSettings, WebToLead
from sfsync.engine.flow import Flow, Inbox
from sfsync.engine.guards import Guards
from sfsync.project import Content


class Settings(BaseModel):
    """``config/charge_card.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intake: IntakeSettings
    convert: ConvertSettings
    products: ProductRules
    close: CloseSettings = CloseSettings()
    allocation: AllocationSettings
    activation: ActivationSettings
    guards: Guards = Guards()


def flow(content: Content) -> Flow:
    settings = content.settings("charge_card", Settings)
    return Flow(
        "charge_card",
        "From web form to active card.",
        (
            WebToLead(settings.intake, content.mapping("web_to_lead"), sale_of),
            Convert(settings.convert),
            Products(settings.products),
            Close(settings.close, settings.products),
            Orders(),
            Inbox("allocation_in", "allocation", "Take the allocation partner's waiting answers."),
            Inbox("activation_in", "activation", "Take the activation partner's waiting answers."),
            OrderStatus(),
            PutOutAllocations(settings.allocation),
            SendActivations(settings.activation),
        ),
        settings.guards.model_dump(exclude_unset=True),
    )
