"""Orders: from Draft to Activated with at least one product; then their products are locked.

Salesforce object reference, "Order" and "OrderItem".
"""

from sfsync.mockorg.problems import Refused, integrity, required
from sfsync.mockorg.rules.base import Rule, World, Write
from sfsync.mockorg.schema import ObjectDef
from sfsync.mockorg.store import Row


def status_code(thing: ObjectDef, status: str | None) -> str:
    """The category (StatusCode) of a status: what its value set says, Draft when it says nothing."""
    for choice in thing.fields["Status"].choices:
        if choice.value == status:
            return str(choice.facts.get("groupingString", "Draft"))
    return "Draft"


def _check_order(write: Write) -> None:
    row = write.new
    if row.get("AccountId") is None and not write.options.system:
        raise Refused("REQUIRED_FIELD_MISSING", "Select an account.")
    if write.world.quirks.orders_need_contract and row.get("ContractId") is None and not write.options.system:
        raise required(["ContractId"])
    code = row["StatusCode"] = status_code(write.object, row.get("Status"))
    if write.old is None:
        if code != "Draft" and row.get("Status") is not None and not write.options.system:
            raise Refused("FAILED_ACTIVATION", "For a new or cloned order, choose Draft")
        return
    lines = write.world.store.rows("OrderItem", '"OrderId" = ? AND IsDeleted = 0 LIMIT 1', (write.id,))
    if write.changed("Pricebook2Id") and lines:
        message = (
            "field integrity exception: Pricebook2Id (the price book cannot change while there are products)"
        )
        raise integrity(message, "Pricebook2Id")
    before = write.old["StatusCode"]
    if code == "Activated" and before != "Activated":
        if not lines:
            raise Refused("FAILED_ACTIVATION", "An order must have at least one product.", fields=["Status"])
        row["ActivatedDate"] = write.world.clock.stamp()
        row["ActivatedById"] = write.options.user_id or write.world.user_id
    elif code != "Activated" and before == "Activated":
        row["ActivatedDate"] = row["ActivatedById"] = None


def _keep_activated(world: World, row: Row) -> None:
    del world
    if row["StatusCode"] == "Activated":
        raise Refused(
            "ENTITY_IS_LOCKED", "the entity is locked for editing: set the order back to Draft first"
        )


def _order_of(world: World, row: Row) -> Row:
    order = world.store.row("Order", row.get("OrderId") or "") or {}
    if order.get("StatusCode") == "Activated":
        raise Refused("ENTITY_IS_LOCKED", "the entity is locked for editing")
    return order


def _check_item(write: Write) -> None:
    row = write.new
    if write.options.system and not write.creating:
        return
    order = _order_of(write.world, row)
    if not order:
        return
    if write.creating:
        _fill_item(write, order)
    if row.get("Quantity") == 0:
        raise integrity("Can't save order products with quantities of zero", "Quantity")
    if row.get("UnitPrice") is None:
        raise Refused(
            "REQUIRED_FIELD_MISSING", "Order Products must have a Unit Price.", fields=["UnitPrice"]
        )
    starts, ends = row.get("ServiceDate"), row.get("EndDate")
    if starts and order["EffectiveDate"] and starts < order["EffectiveDate"]:
        raise integrity("Order Product Start Date can't be earlier than Order Start Date", "ServiceDate")
    if ends and order["EndDate"] and ends > order["EndDate"]:
        raise integrity("Order Product End Date can't be later than Order End Date", "EndDate")
    if row.get("Quantity") is not None:
        row["TotalPrice"] = round(row["UnitPrice"] * row["Quantity"], 2)
        row["AvailableQuantity"] = row["Quantity"]


def _fill_item(write: Write, order: Row) -> None:
    store, row = write.world.store, write.new
    if order["Pricebook2Id"] is None:
        raise integrity("The order is missing a price book")
    if row.get("PricebookEntryId") is None:
        where = '"Product2Id" = ? AND "Pricebook2Id" = ? AND IsDeleted = 0'
        found = store.rows("PricebookEntry", where, (row.get("Product2Id"), order["Pricebook2Id"]))
        row["PricebookEntryId"] = found[0]["Id"] if found else None
    entry = store.row("PricebookEntry", row["PricebookEntryId"] or "")
    name = "field integrity exception: PricebookEntryId"
    if entry is None:
        raise integrity(f"{name} (the order product needs a price book entry)", "PricebookEntryId")
    if entry["Pricebook2Id"] != order["Pricebook2Id"]:
        message = f"{name} (pricebook entry is in a different pricebook than the one assigned to the order)"
        raise integrity(message, "PricebookEntryId")
    if not entry["IsActive"]:
        raise integrity(f"{name} (pricebook entry is inactive)", "PricebookEntryId")
    row["Product2Id"], row["ListPrice"] = entry["Product2Id"], entry["UnitPrice"]


def _total(world: World, order_id: str) -> None:
    sql = 'SELECT round(coalesce(sum("TotalPrice"), 0.0), 2) FROM "OrderItem" WHERE "OrderId" = ? AND IsDeleted = 0'
    world.touch("Order", order_id, {"TotalAmount": world.store.select(sql, (order_id,))[0][0]})


def _summed(write: Write) -> None:
    if write.changed("TotalPrice"):
        _total(write.world, write.new["OrderId"])


def _removing(world: World, row: Row) -> None:
    _order_of(world, row)


def _removed(world: World, row: Row) -> None:
    _total(world, row["OrderId"])


RULES = (
    Rule(("Order",), before=_check_order, deleting=_keep_activated),
    Rule(("OrderItem",), before=_check_item, after=_summed, deleting=_removing, deleted=_removed),
)
