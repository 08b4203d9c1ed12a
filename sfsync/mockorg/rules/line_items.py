"""Products of opportunities: from the opportunity's price book, priced once, summed up in the amount.

Salesforce object reference, "OpportunityLineItem".
"""

from sfsync.mockorg.problems import Refused, integrity, required
from sfsync.mockorg.rules.base import Rule, World, Write
from sfsync.mockorg.rules.history import note_stage
from sfsync.mockorg.rules.opportunities import expected
from sfsync.mockorg.store import Row


def _entry(write: Write, opportunity: Row) -> Row:
    """The price book entry of the line, named by its id or by the product in the opportunity's book."""
    store, row = write.world.store, write.new
    if row.get("PricebookEntryId") is None:
        where = '"Product2Id" = ? AND "Pricebook2Id" = ? AND IsDeleted = 0'
        found = store.rows("PricebookEntry", where, (row.get("Product2Id"), opportunity["Pricebook2Id"]))
        if not found:
            raise required(["PricebookEntryId"])
        return found[0]
    entry = store.row("PricebookEntry", row["PricebookEntryId"])
    if entry is None:
        raise required(["PricebookEntryId"])
    return entry


def _create(write: Write) -> None:
    world, row = write.world, write.new
    opportunity = world.store.row("Opportunity", row.get("OpportunityId") or "")
    if opportunity is None:
        raise required(["OpportunityId"])
    entry = _entry(write, opportunity)
    name = "field integrity exception: PricebookEntryId"
    if opportunity["Pricebook2Id"] is None and world.quirks.pin_price_book:
        # The first product decides the price book of an opportunity that has none.
        world.touch("Opportunity", opportunity["Id"], {"Pricebook2Id": entry["Pricebook2Id"]})
    elif entry["Pricebook2Id"] != opportunity["Pricebook2Id"]:
        raise integrity(
            f"{name} (pricebook entry is in a different pricebook than the one assigned to the opportunity)",
            "PricebookEntryId",
        )
    if not entry["IsActive"]:
        raise integrity(f"{name} (pricebook entry is inactive)", "PricebookEntryId")
    if row.get("UnitPrice") is None and row.get("TotalPrice") is None:
        raise required(["UnitPrice"])
    product = world.store.row("Product2", entry["Product2Id"]) or {}
    row["PricebookEntryId"], row["Product2Id"] = entry["Id"], entry["Product2Id"]
    row["ListPrice"], row["ProductCode"] = entry["UnitPrice"], product.get("ProductCode")
    row["Name"] = f"{opportunity['Name']} {product.get('Name', '')}"[:376]


def _price(write: Write) -> None:
    if write.creating:
        _create(write)
    row, given = write.new, write.given
    both = {"UnitPrice", "TotalPrice"} <= given
    if both and row["UnitPrice"] is not None and row["TotalPrice"] is not None:
        message = "field integrity exception: TotalPrice (give either UnitPrice or TotalPrice, not both)"
        raise integrity(message, "UnitPrice", "TotalPrice")
    quantity = row.get("Quantity")
    if quantity is None:
        return
    if quantity == 0:
        raise Refused(
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: Quantity (Quantity cannot be zero)",
            fields=["Quantity"],
        )
    if "TotalPrice" in given and row.get("TotalPrice") is not None:
        row["UnitPrice"] = round(row["TotalPrice"] / quantity, 2)
    elif row.get("UnitPrice") is not None:
        row["TotalPrice"] = round(row["UnitPrice"] * quantity, 2)


def roll_up(world: World, opportunity_id: str) -> None:
    """Bring the opportunity's sums in line with its products."""
    opportunity = world.store.row("Opportunity", opportunity_id)
    if opportunity is None or opportunity["IsDeleted"]:
        return
    lines = world.store.rows(
        "OpportunityLineItem", '"OpportunityId" = ? AND IsDeleted = 0', (opportunity_id,)
    )
    changes: Row = {"HasOpportunityLineItem": int(bool(lines))}
    if lines or world.quirks.empty_amount:
        changes["Amount"] = round(sum(line["TotalPrice"] or 0 for line in lines), 2)
        changes["TotalOpportunityQuantity"] = round(sum(line["Quantity"] or 0 for line in lines), 2)
        changes["ExpectedRevenue"] = expected({**opportunity, **changes})
    if any(opportunity[name] != value for name, value in changes.items()):
        world.touch("Opportunity", opportunity_id, changes)
        note_stage(world, opportunity, {**opportunity, **changes})


def _summed(write: Write) -> None:
    if write.changed("TotalPrice", "Quantity"):
        roll_up(write.world, write.new["OpportunityId"])


def _removed(world: World, row: Row) -> None:
    roll_up(world, row["OpportunityId"])


RULES = (Rule(("OpportunityLineItem",), before=_price, after=_summed, deleted=_removed),)
