"""Assets: they belong to an account, a contact or both. Salesforce object reference, "Asset"."""

from sfsync.mockorg.problems import integrity
from sfsync.mockorg.rules.base import Rule, Write


def _belongs(write: Write) -> None:
    store, row = write.world.store, write.new
    if row.get("AccountId") is None and row.get("ContactId") is not None and write.changed("ContactId"):
        row["AccountId"] = (store.row("Contact", row["ContactId"]) or {}).get("AccountId")
    if row.get("AccountId") is None and row.get("ContactId") is None:
        raise integrity("Every asset needs an account, a contact, or both.", "AccountId", "ContactId")
    if write.changed("Product2Id"):
        row["ProductCode"] = (store.row("Product2", row["Product2Id"] or "") or {}).get("ProductCode")
    if write.creating and row.get("ParentId") is None:
        row["RootAssetId"] = write.id


RULES = (Rule(("Asset",), before=_belongs),)
