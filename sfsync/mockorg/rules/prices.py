"""Prices: the standard price comes first, one entry per product and book, entries carry their product's name.

Salesforce object reference, "PricebookEntry".
"""

from sfsync.mockorg.problems import Refused, integrity
from sfsync.mockorg.rules.base import Rule, Write
from sfsync.mockorg.store import Row, Store


def standard_price(store: Store, product_id: str) -> Row | None:
    """The product's entry in the standard price book."""
    where = (
        '"Product2Id" = ? AND IsDeleted = 0 '
        'AND "Pricebook2Id" IN (SELECT Id FROM "Pricebook2" WHERE "IsStandard" = 1)'
    )
    found = store.rows("PricebookEntry", where, (product_id,))
    return found[0] if found else None


def _check_entry(write: Write) -> None:
    store, row = write.world.store, write.new
    book = store.row("Pricebook2", row.get("Pricebook2Id") or "")
    product = store.row("Product2", row.get("Product2Id") or "")
    if book is None or product is None:
        return
    row["Name"], row["ProductCode"] = product["Name"], product["ProductCode"]
    if write.creating:
        where = '"Product2Id" = ? AND "Pricebook2Id" = ? AND IsDeleted = 0'
        if store.rows("PricebookEntry", where, (product["Id"], book["Id"])):
            raise integrity("This price definition already exists in this price book")
    if book["IsStandard"]:
        if row["UseStandardPrice"]:
            raise integrity("Cannot use the standard price in the standard price book", "UseStandardPrice")
        return
    standard = standard_price(store, product["Id"])
    if standard is None:
        message = "Before creating a custom price, create a standard price."
        raise Refused("STANDARD_PRICE_NOT_DEFINED", message)
    if row["UseStandardPrice"] and row.get("UnitPrice") not in {None, standard["UnitPrice"]}:
        raise integrity("field integrity exception: UnitPrice (differs from the standard price)", "UnitPrice")


def _followers(write: Write) -> None:
    """Entries that use the standard price move with it."""
    if write.creating or not write.changed("UnitPrice"):
        return
    book = write.world.store.row("Pricebook2", write.new["Pricebook2Id"])
    if book is None or not book["IsStandard"]:
        return
    where = '"Product2Id" = ? AND "UseStandardPrice" = 1 AND IsDeleted = 0'
    for entry in write.world.store.rows("PricebookEntry", where, (write.new["Product2Id"],)):
        write.world.touch("PricebookEntry", entry["Id"], {"UnitPrice": write.new["UnitPrice"]})


def _rename_entries(write: Write) -> None:
    if not write.creating and write.changed("Name", "ProductCode"):
        changes = {"Name": write.new["Name"], "ProductCode": write.new["ProductCode"]}
        for entry in write.world.store.rows("PricebookEntry", '"Product2Id" = ?', (write.id,)):
            write.world.store.update("PricebookEntry", entry["Id"], changes)


RULES = (
    Rule(("PricebookEntry",), before=_check_entry, after=_followers),
    Rule(("Product2",), after=_rename_entries),
)
