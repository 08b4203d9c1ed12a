"""Opportunities: what follows from the stage, the close date and the products.

Salesforce object reference, "Opportunity".
"""

from sfsync.mockorg.problems import integrity
from sfsync.mockorg.rules.base import Rule, Write
from sfsync.mockorg.store import Row


def expected(row: Row) -> float | None:
    """Expected revenue: the amount, weighted by the probability."""
    if row.get("Amount") is None:
        return None
    return round(float(row["Amount"]) * float(row.get("Probability") or 0) / 100, 2)


def _follow_stage(write: Write) -> None:
    row = write.new
    if not write.changed("StageName"):
        return
    found = write.world.store.rows("OpportunityStage", '"ApiName" = ?', (row["StageName"],))
    # A stage that is not in the list is taken, as the picklist is not restricted; it counts as open.
    stage = found[0] if found else {}
    row["IsClosed"], row["IsWon"] = stage.get("IsClosed", 0), stage.get("IsWon", 0)
    if "Probability" not in write.given:
        row["Probability"] = stage.get("DefaultProbability", 0.0)
    row["ForecastCategory"] = stage.get("ForecastCategory", "Pipeline")
    if "ForecastCategoryName" not in write.given:
        row["ForecastCategoryName"] = stage.get("ForecastCategoryName", "Pipeline")
    if not write.creating:
        row["LastStageChangeDate"] = write.world.clock.stamp()


def _derive(write: Write) -> None:
    _follow_stage(write)
    row = write.new
    if write.old is not None and write.old["HasOpportunityLineItem"]:
        # With products, amount and quantity are their sums; what is written is ignored.
        row["Amount"] = write.old["Amount"]
        row["TotalOpportunityQuantity"] = write.old["TotalOpportunityQuantity"]
        if write.changed("Pricebook2Id"):
            raise integrity(
                "field integrity exception: Pricebook2Id (the price book cannot change while there are products)",
                "Pricebook2Id",
            )
    row["ExpectedRevenue"] = expected(row)
    closing = row.get("CloseDate")
    if closing:
        year, quarter = int(closing[:4]), (int(closing[5:7]) + 2) // 3
        row["FiscalYear"], row["FiscalQuarter"], row["Fiscal"] = year, quarter, f"{year} {quarter}"


def _contact_role(write: Write) -> None:
    """ContactId of a create makes the contact the primary one; the field itself stays empty."""
    contact = write.new.get("ContactId")
    if write.creating and contact:
        role = {"OpportunityId": write.id, "ContactId": contact, "IsPrimary": True}
        write.world.create("OpportunityContactRole", role)


def _one_primary(write: Write) -> None:
    if write.new["IsPrimary"] and write.changed("IsPrimary"):
        where = '"OpportunityId" = ? AND "IsPrimary" = 1 AND Id <> ? AND IsDeleted = 0'
        for other in write.world.store.rows(
            "OpportunityContactRole", where, (write.new["OpportunityId"], write.id)
        ):
            write.world.touch("OpportunityContactRole", other["Id"], {"IsPrimary": 0})


RULES = (
    Rule(("Opportunity",), before=_derive, after=_contact_role),
    Rule(("OpportunityContactRole",), after=_one_primary),
)
