"""After-sales leads at dealers.

run aftersales             waiting files of dealers and of head office, by day
run aftersales.nightly     leads grow old, recontact leads, appointment mails that are due, vehicle details
run aftersales.campaigns   head office's reminders, made from the vehicle park
"""

from datetime import timedelta

from flows.aftersales_nightly import Ageing, AgeingSettings, Recontacts
from flows.campaigns import Campaigns, MakeReminders
from partner_files.aftersales_words import NoSaleReasons
from partner_files.appointment_mails import Confirmations, MailsAgain, Reminders, office
from partner_files.dealers import default_zone
from partner_files.vehicles import VehicleDetails
from sfsync.engine.flow import Flow, Group, Inbox
from sfsync.project import Content

NEW_VINS = timedelta(days=30)
"""A VIN that is not in the vehicle park is looked for so long after the lead was last changed."""


def flow(content: Content) -> Flow:
    mails = office(content)
    reasons = content.settings("aftersales", NoSaleReasons, section="no_sale_reasons")
    return Flow(
        "aftersales",
        "After-sales leads at dealers.",
        (
            Inbox("dealer_updates_in", "dealer_updates", "Take dealers' waiting updates of their leads."),
            Inbox("vehicles_in", "vehicles", "Take head office's waiting files of the vehicle park."),
            Confirmations(mails),
            Group(
                "nightly",
                "Once a night; what a missed night left over is caught up.",
                (
                    VehicleDetails(NEW_VINS),
                    Ageing(content.settings("aftersales", AgeingSettings, section="ageing")),
                    Recontacts(reasons.that_require("recontact_date"), default_zone(content)),
                    Confirmations(mails),
                    Reminders(mails),
                ),
                by_hand=True,
            ),
            Group(
                "campaigns",
                "Head office's reminders, made from the vehicle park.",
                (MakeReminders(content.settings("aftersales", Campaigns, section="campaigns")),),
                by_hand=True,
            ),
            MailsAgain(),
        ),
    )
