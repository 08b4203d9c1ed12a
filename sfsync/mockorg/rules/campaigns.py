"""Campaigns: who may make them, what statuses their members have, and the counts they keep.

Salesforce object reference, "Campaign", "CampaignMember", "CampaignMemberStatus".
"""

from sfsync.mockorg.problems import Refused, integrity
from sfsync.mockorg.rules.base import Rule, World, Write
from sfsync.mockorg.store import Row

_PERSON = ("Salutation", "FirstName", "LastName", "Title", "Email", "Phone")
_FIRST_STATUSES = (("Sent", True, False), ("Responded", False, True))


def _marketing_user(write: Write) -> None:
    if not write.creating or write.options.system:
        return
    user = write.world.store.row("User", write.options.user_id or write.world.user_id)
    if user is not None and not user["UserPermissionsMarketingUser"]:
        message = "cannot insert, update or activate entity: only marketing users may create campaigns"
        raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def _first_statuses(write: Write) -> None:
    if write.creating:
        for order, (label, default, responded) in enumerate(_FIRST_STATUSES, 1):
            row = {"Label": label, "SortOrder": order, "IsDefault": default, "HasResponded": responded}
            write.world.create("CampaignMemberStatus", {"CampaignId": write.id, **row})


def _one_label(write: Write) -> None:
    where = '"CampaignId" = ? AND "Label" = ? AND Id <> ? AND IsDeleted = 0'
    row = write.new
    if write.changed("Label") and write.world.store.rows(
        "CampaignMemberStatus", where, (row.get("CampaignId"), row.get("Label"), write.id)
    ):
        raise Refused("DUPLICATE_VALUE", "duplicate value found: a status of this label exists already")


def _one_default(write: Write) -> None:
    if write.new["IsDefault"] and write.changed("IsDefault"):
        where = '"CampaignId" = ? AND "IsDefault" = 1 AND Id <> ? AND IsDeleted = 0'
        for other in write.world.store.rows(
            "CampaignMemberStatus", where, (write.new["CampaignId"], write.id)
        ):
            write.world.touch("CampaignMemberStatus", other["Id"], {"IsDefault": 0})


def _check_member(write: Write) -> None:
    world, row = write.world, write.new
    if write.creating:
        both = [name for name in ("LeadId", "ContactId") if row.get(name)]
        if len(both) != 1 and not write.options.system:
            raise integrity("Give either a lead or a contact for a campaign member", "LeadId", "ContactId")
        where = f'"CampaignId" = ? AND "{both[0]}" = ? AND IsDeleted = 0'
        if world.store.rows("CampaignMember", where, (row.get("CampaignId"), row[both[0]])):
            raise Refused("DUPLICATE_VALUE", "Already a campaign member.", fields=both)
    if write.creating or write.changed("Status"):
        _set_status(write)
    _copy_person(world, row)


def _set_status(write: Write) -> None:
    row = write.new
    where = '"CampaignId" = ? AND IsDeleted = 0 ORDER BY "SortOrder"'
    statuses = write.world.store.rows("CampaignMemberStatus", where, (row.get("CampaignId"),))
    if row.get("Status") is None:
        row["Status"] = next((each["Label"] for each in statuses if each["IsDefault"]), None)
    known = {each["Label"].lower(): each for each in statuses}
    status = known.get((row["Status"] or "").lower())
    if status is None:
        message = f"Status: bad value for restricted picklist field: {row['Status']}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=["Status"])
    row["Status"], row["HasResponded"] = status["Label"], status["HasResponded"]
    if row["HasResponded"] and row.get("FirstRespondedDate") is None:
        row["FirstRespondedDate"] = write.world.clock.today().isoformat()


def _copy_person(world: World, row: Row) -> None:
    """The member shows the person's name and addresses; of a converted lead, the contact's."""
    kind = "Contact" if row.get("ContactId") else "Lead"
    person = world.store.row(kind, row.get(f"{kind}Id") or "")
    if person is None:
        return
    row |= {name: person[name] for name in _PERSON}
    account = world.store.row("Account", person.get("AccountId") or "") or {}
    row |= {
        "Name": person["Name"],
        "Type": kind,
        "CompanyOrAccount": person["Company"] if kind == "Lead" else account.get("Name"),
        "LeadOrContactId": person["Id"],
        "LeadOrContactOwnerId": person["OwnerId"],
    }


def recount(world: World, campaign_id: str) -> None:
    """Bring the campaign's counts of members in line with them."""
    sql = (
        'SELECT coalesce(sum("ContactId" IS NULL), 0), coalesce(sum("ContactId" IS NOT NULL), 0), '
        'coalesce(sum("HasResponded"), 0), coalesce(sum("LeadId" IS NOT NULL AND "ContactId" IS NOT NULL), 0) '
        'FROM "CampaignMember" WHERE "CampaignId" = ? AND IsDeleted = 0'
    )
    leads, contacts, responses, converted = world.store.select(sql, (campaign_id,))[0]
    counts = {
        "NumberOfLeads": leads + converted,
        "NumberOfContacts": contacts,
        "NumberOfResponses": responses,
        "NumberOfConvertedLeads": converted,
    }
    world.touch("Campaign", campaign_id, counts)


def _member_written(write: Write) -> None:
    if write.creating or write.changed("HasResponded", "ContactId"):
        recount(write.world, write.new["CampaignId"])


def _member_gone(world: World, row: Row) -> None:
    recount(world, row["CampaignId"])


def _sum_opportunities(world: World, campaign_id: str | None) -> None:
    if campaign_id is None:
        return
    sql = (
        'SELECT count(*), coalesce(sum("IsWon"), 0), coalesce(sum("Amount"), 0.0), '
        'coalesce(sum(CASE WHEN "IsWon" THEN "Amount" END), 0.0) FROM "Opportunity" '
        'WHERE "CampaignId" = ? AND IsDeleted = 0'
    )
    every, won, amount, amount_won = world.store.select(sql, (campaign_id,))[0]
    sums = {
        "NumberOfOpportunities": every,
        "NumberOfWonOpportunities": won,
        "AmountAllOpportunities": round(amount, 2),
        "AmountWonOpportunities": round(amount_won, 2),
    }
    world.touch("Campaign", campaign_id, sums)


def _opportunity_written(write: Write) -> None:
    if write.changed("CampaignId", "Amount", "IsWon"):
        for campaign in {write.new.get("CampaignId"), (write.old or {}).get("CampaignId")}:
            _sum_opportunities(write.world, campaign)


def _opportunity_gone(world: World, row: Row) -> None:
    _sum_opportunities(world, row["CampaignId"])


RULES = (
    Rule(("Campaign",), before=_marketing_user, after=_first_statuses),
    Rule(("CampaignMemberStatus",), before=_one_label, after=_one_default),
    Rule(("CampaignMember",), before=_check_member, after=_member_written, deleted=_member_gone),
    Rule(("Opportunity",), after=_opportunity_written, deleted=_opportunity_gone),
)
