import pytest

from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.problems import Refused
from tests.mockorg.core.support import Catalogue, catalogue


def code(call, *arguments) -> str:
    with pytest.raises(Refused) as refusal:
        call(*arguments)
    return refusal.value.code


@pytest.fixture
def prices(org: OrgCore) -> Catalogue:
    return catalogue(org)


@pytest.fixture
def opportunity(org: OrgCore, prices: Catalogue) -> str:
    values = {
        "Name": "Sale",
        "StageName": "Prospecting",
        "CloseDate": "2026-05-31",
        "Pricebook2Id": prices.book,
    }
    return org.insert("Opportunity", values)


@pytest.fixture
def order(org: OrgCore, prices: Catalogue) -> str:
    account = org.insert("Account", {"Name": "ACME"})
    values = {
        "AccountId": account,
        "EffectiveDate": "2026-03-01",
        "Status": "Draft",
        "Pricebook2Id": prices.book,
    }
    return org.insert("Order", values)


class TestPrices:
    def test_the_standard_price_comes_first(self, org, prices):
        product = org.insert("Product2", {"Name": "Other"})
        price = {"Product2Id": product, "Pricebook2Id": prices.book, "UnitPrice": 1}
        with pytest.raises(
            Refused, match="Before creating a custom price, create a standard price"
        ) as refusal:
            org.insert("PricebookEntry", price)
        assert refusal.value.code == "STANDARD_PRICE_NOT_DEFINED"

    def test_one_entry_per_book(self, org, prices):
        price = {"Product2Id": prices.product, "Pricebook2Id": prices.book, "UnitPrice": 1}
        with pytest.raises(Refused, match="already exists in this price book") as refusal:
            org.insert("PricebookEntry", price)
        assert refusal.value.code == "FIELD_INTEGRITY_EXCEPTION"

    def test_entries_follow_their_product_and_the_standard_price(self, org, prices):
        book = org.insert("Pricebook2", {"Name": "Europe"})
        price = {"Product2Id": prices.product, "Pricebook2Id": book, "UseStandardPrice": True}
        assert code(org.insert, "PricebookEntry", {**price, "UnitPrice": 3}) == "FIELD_INTEGRITY_EXCEPTION"
        entry = org.insert("PricebookEntry", {**price, "UnitPrice": 10})
        org.update("PricebookEntry", prices.standard_entry, {"UnitPrice": 11})
        org.update("Product2", prices.product, {"Name": "Charge Card"})
        row = org.read("PricebookEntry", entry)
        assert (row["UnitPrice"], row["Name"], row["ProductCode"]) == (11.0, "Charge Card", "CARD")
        assert row["IsActive"] is False

    def test_the_standard_book_has_no_standard_to_use(self, org, prices):
        assert (
            code(org.update, "PricebookEntry", prices.standard_entry, {"UseStandardPrice": True})
            == "FIELD_INTEGRITY_EXCEPTION"
        )


class TestOpportunities:
    def test_what_follows_from_the_stage(self, org, opportunity):
        row = org.read("Opportunity", opportunity)
        assert (row["Probability"], row["ForecastCategory"], row["IsClosed"]) == (10.0, "Pipeline", False)
        assert (row["FiscalYear"], row["FiscalQuarter"], row["Fiscal"]) == (2026, 2, "2026 2")
        org.update("Opportunity", opportunity, {"StageName": "Closed Won", "Amount": 200})
        row = org.read("Opportunity", opportunity)
        assert (row["IsWon"], row["IsClosed"], row["Probability"], row["ExpectedRevenue"]) == (
            True,
            True,
            100.0,
            200.0,
        )
        assert row["ForecastCategoryName"] == "Closed"
        org.update("Opportunity", opportunity, {"StageName": "In Progress", "Probability": 30})
        row = org.read("Opportunity", opportunity)
        assert (row["StageName"], row["IsWon"], row["IsClosed"], row["Probability"]) == (
            "In Progress",
            False,
            False,
            30.0,
        )

    def test_the_stage_is_required(self, org):
        with pytest.raises(Refused) as refusal:
            org.insert("Opportunity", {"Name": "Sale"})
        assert refusal.value.fields == ("StageName", "CloseDate")

    def test_lines_make_the_amount(self, org, prices, opportunity):
        line = {"OpportunityId": opportunity, "PricebookEntryId": prices.entry}
        first = org.insert("OpportunityLineItem", {**line, "Quantity": 3, "UnitPrice": 9.5})
        second = org.insert("OpportunityLineItem", {**line, "Quantity": 2, "TotalPrice": 15})
        row = org.read("OpportunityLineItem", second)
        assert (row["UnitPrice"], row["ListPrice"], row["ProductCode"], row["Name"]) == (
            7.5,
            9.5,
            "CARD",
            "Sale Card",
        )
        sale = org.read("Opportunity", opportunity)
        assert (sale["Amount"], sale["HasOpportunityLineItem"], sale["TotalOpportunityQuantity"]) == (
            43.5,
            True,
            5.0,
        )
        assert sale["ExpectedRevenue"] == 4.35
        org.update("Opportunity", opportunity, {"Amount": 1})
        org.update("OpportunityLineItem", first, {"Quantity": 1})
        assert org.read("Opportunity", opportunity)["Amount"] == 24.5
        org.delete("OpportunityLineItem", second)
        assert org.read("Opportunity", opportunity)["Amount"] == 9.5
        org.delete("OpportunityLineItem", first)
        assert org.read("Opportunity", opportunity)["HasOpportunityLineItem"] is False

    @pytest.mark.parametrize(
        ("values", "wanted"),
        [
            ({"Quantity": 1}, "REQUIRED_FIELD_MISSING"),
            ({"UnitPrice": 1}, "REQUIRED_FIELD_MISSING"),
            ({"Quantity": 1, "UnitPrice": 1, "TotalPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
            ({"Quantity": 0, "UnitPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
            ({"Quantity": 1, "UnitPrice": 1, "PricebookEntryId": None}, "REQUIRED_FIELD_MISSING"),
        ],
    )
    def test_lines_refused(self, org, prices, opportunity, values, wanted):
        line = {"OpportunityId": opportunity, "PricebookEntryId": prices.entry, **values}
        assert code(org.insert, "OpportunityLineItem", line) == wanted

    def test_the_entry_must_be_of_the_opportunitys_book(self, org, prices, opportunity):
        line = {"OpportunityId": opportunity, "Quantity": 1, "UnitPrice": 1}
        with pytest.raises(
            Refused, match="in a different pricebook than the one assigned to the opportunity"
        ):
            org.insert("OpportunityLineItem", {**line, "PricebookEntryId": prices.standard_entry})
        org.update("PricebookEntry", prices.entry, {"IsActive": False})
        with pytest.raises(Refused, match="inactive"):
            org.insert("OpportunityLineItem", {**line, "PricebookEntryId": prices.entry})

    def test_a_product_names_its_entry(self, org, prices, opportunity):
        line = org.insert(
            "OpportunityLineItem",
            {"OpportunityId": opportunity, "Product2Id": prices.product, "Quantity": 1, "UnitPrice": 1},
        )
        assert org.read("OpportunityLineItem", line)["PricebookEntryId"] == prices.entry

    def test_the_first_line_decides_the_book(self, org, prices):
        sale = org.insert("Opportunity", {"Name": "S", "StageName": "Prospecting", "CloseDate": "2026-05-31"})
        org.insert(
            "OpportunityLineItem",
            {"OpportunityId": sale, "PricebookEntryId": prices.entry, "Quantity": 1, "UnitPrice": 1},
        )
        assert org.read("Opportunity", sale)["Pricebook2Id"] == prices.book
        assert (
            code(org.update, "Opportunity", sale, {"Pricebook2Id": prices.standard})
            == "FIELD_INTEGRITY_EXCEPTION"
        )

    def test_one_primary_contact(self, org, opportunity):
        contacts = [org.insert("Contact", {"LastName": name}) for name in "AB"]
        for contact in contacts:
            org.insert(
                "OpportunityContactRole",
                {"OpportunityId": opportunity, "ContactId": contact, "IsPrimary": True},
            )
        rows = org.query("SELECT ContactId FROM OpportunityContactRole WHERE IsPrimary = true").rows()
        assert [row["ContactId"] for row in rows] == contacts[1:]


class TestOrders:
    def line(self, org, prices, order, **values):
        line = {"OrderId": order, "PricebookEntryId": prices.entry, "Quantity": 2, "UnitPrice": 9.5, **values}
        return org.insert("OrderItem", line)

    def test_from_draft_to_activated(self, org, prices, order):
        with pytest.raises(Refused, match="An order must have at least one product") as refusal:
            org.update("Order", order, {"Status": "Activated"})
        assert refusal.value.code == "FAILED_ACTIVATION"
        item = self.line(org, prices, order)
        row = org.read("OrderItem", item)
        assert (row["TotalPrice"], row["ListPrice"], row["Product2Id"], row["OrderItemNumber"]) == (
            19.0,
            9.5,
            prices.product,
            "0000000100",
        )
        org.update("Order", order, {"Status": "Activated"})
        row = org.read("Order", order)
        assert (row["StatusCode"], row["TotalAmount"], row["OrderNumber"]) == ("Activated", 19.0, "00000100")
        assert (row["ActivatedDate"], row["ActivatedById"]) == ("2026-03-04T12:00:00.000+0000", org.user_id)
        org.clock.advance(5)
        org.update("Order", order, {"Status": "Card Sent"})
        assert org.read("Order", order)["ActivatedDate"] == row["ActivatedDate"]
        for refused in (
            code(org.update, "OrderItem", item, {"Quantity": 1}),
            code(org.delete, "OrderItem", item),
            code(org.delete, "Order", order),
            code(self.line, org, prices, order),
        ):
            assert refused == "ENTITY_IS_LOCKED"
        org.update("Order", order, {"Status": "Draft"})
        org.update("OrderItem", item, {"Quantity": 1})
        row = org.read("Order", order)
        assert (row["StatusCode"], row["ActivatedDate"], row["TotalAmount"]) == ("Draft", None, 9.5)
        org.delete("OrderItem", item)
        assert org.read("Order", order)["TotalAmount"] == 0

    def test_creation(self, org):
        draft = {"EffectiveDate": "2026-03-01", "Status": "Draft"}
        with pytest.raises(Refused, match=r"Select an account\.") as refusal:
            org.insert("Order", draft)
        assert (refusal.value.code, refusal.value.fields) == ("REQUIRED_FIELD_MISSING", ())
        account = org.insert("Account", {"Name": "ACME"})
        with pytest.raises(Refused, match="choose Draft") as refusal:
            org.insert("Order", {**draft, "AccountId": account, "Status": "Activated"})
        assert refusal.value.code == "FAILED_ACTIVATION"
        assert (
            code(org.insert, "Order", {"AccountId": account, "EffectiveDate": "2026-03-01"})
            == "REQUIRED_FIELD_MISSING"
        )
        wrong = {**draft, "AccountId": account, "Status": "Lost"}
        assert code(org.insert, "Order", wrong) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"Quantity": 0}, "Can't save order products with quantities of zero"),
            ({"UnitPrice": None}, "Order Products must have a Unit Price."),
            ({"ServiceDate": "2026-02-01"}, "can't be earlier"),
            ({"PricebookEntryId": None}, "needs a price book entry"),
        ],
    )
    def test_items_refused(self, org, prices, order, values, text):
        with pytest.raises(Refused, match=text):
            self.line(org, prices, order, **values)

    def test_items_need_the_orders_book(self, org, prices, order):
        with pytest.raises(Refused, match="in a different pricebook"):
            self.line(org, prices, order, PricebookEntryId=prices.standard_entry)
        self.line(org, prices, order)
        assert (
            code(org.update, "Order", order, {"Pricebook2Id": prices.standard}) == "FIELD_INTEGRITY_EXCEPTION"
        )
        account = org.insert("Account", {"Name": "ACME"})
        bare = org.insert("Order", {"AccountId": account, "EffectiveDate": "2026-03-01", "Status": "Draft"})
        with pytest.raises(Refused, match="The order is missing a price book"):
            self.line(org, prices, bare)


class TestOwners:
    def test_a_queue_owns_what_it_was_made_for(self, org):
        queue = org.find("Group", "DeveloperName", "Web_Leads")[0]
        org.insert("Lead", {"LastName": "A", "Company": "X", "OwnerId": queue})
        with pytest.raises(Refused, match="Queue not associated with this SObject type"):
            org.insert("Case", {"OwnerId": queue})
        assert code(org.insert, "Account", {"Name": "A", "OwnerId": queue}) == "MALFORMED_ID"

    def test_inactive_users_own_nothing(self, org):
        user = org.insert(
            "User", {"Username": "x@x.example", "LastName": "X", "Email": "x@x.example", "Alias": "x"}
        )
        with pytest.raises(Refused, match=rf"inactive user \[{user[:15]}\] as owner of account") as refusal:
            org.insert("Account", {"Name": "A", "OwnerId": user})
        assert refusal.value.code == "INACTIVE_OWNER_OR_USER"


class TestService:
    def test_cases_close(self, org):
        case = org.insert("Case", {"Subject": "Help"})
        org.update("Case", case, {"Status": "Closed"})
        row = org.read("Case", case)
        assert (row["IsClosed"], row["ClosedDate"], row["Priority"]) == (
            True,
            "2026-03-04T12:00:00.000+0000",
            "Medium",
        )
        org.update("Case", case, {"Status": "New"})
        assert org.read("Case", case)["ClosedDate"] is None

    def test_tasks(self, org):
        lead = org.insert("Lead", {"LastName": "A", "Company": "X"})
        task = org.insert("Task", {"Subject": "Call", "WhoId": lead, "Priority": "High"})
        row = org.read("Task", task)
        assert (row["Status"], row["IsHighPriority"], row["IsClosed"]) == ("Not Started", True, False)
        account = org.insert("Account", {"Name": "A"})
        assert code(org.update, "Task", task, {"WhatId": account}) == "FIELD_INTEGRITY_EXCEPTION"

    def test_events(self, org):
        start = {"StartDateTime": "2026-03-05T10:00:00Z"}
        event = org.insert("Event", {**start, "DurationInMinutes": 30})
        assert org.read("Event", event)["EndDateTime"] == "2026-03-05T10:30:00.000+0000"
        org.update("Event", event, {"EndDateTime": "2026-03-05T11:00:00Z"})
        assert org.read("Event", event)["DurationInMinutes"] == 60
        assert code(org.insert, "Event", start) == "REQUIRED_FIELD_MISSING"
        assert code(org.insert, "Event", {}) == "REQUIRED_FIELD_MISSING"
        both = {**start, "DurationInMinutes": 10, "EndDateTime": "2026-03-05T11:00:00Z"}
        assert code(org.insert, "Event", both) == "FIELD_INTEGRITY_EXCEPTION"
        day = org.insert("Event", {"IsAllDayEvent": True, "ActivityDate": "2026-03-05"})
        assert org.read("Event", day)["EndDate"] == "2026-03-05"


class TestAssets:
    def test_somebody_has_it(self, org, prices):
        with pytest.raises(Refused, match=r"Every asset needs an account, a contact, or both\."):
            org.insert("Asset", {"Name": "Card"})
        account = org.insert("Account", {"Name": "ACME"})
        contact = org.insert("Contact", {"LastName": "Jansen", "AccountId": account})
        asset = org.insert("Asset", {"Name": "Card", "ContactId": contact, "Product2Id": prices.product})
        row = org.read("Asset", asset)
        assert (row["AccountId"], row["ProductCode"], row["RootAssetId"]) == (account, "CARD", asset)


class TestFiles:
    def test_versions_of_a_document(self, org):
        account = org.insert("Account", {"Name": "ACME"})
        file = {
            "PathOnClient": "C:\\out\\orders.CSV",
            "VersionData": "aGFsbG8=",
            "FirstPublishLocationId": account,
        }
        first = org.insert("ContentVersion", file)
        row = org.read("ContentVersion", first)
        assert (row["Title"], row["FileExtension"], row["ContentSize"], row["IsLatest"]) == (
            "orders",
            "CSV",
            5,
            True,
        )
        assert row["VersionData"].endswith(f"/ContentVersion/{first}/VersionData")
        assert org.blob("ContentVersion", first, "VersionData") == b"hallo"
        document = f"ContentDocumentId = '{row['ContentDocumentId']}'"
        links = org.query(
            f"SELECT LinkedEntityId, ShareType FROM ContentDocumentLink WHERE {document} ORDER BY ShareType"
        ).rows()
        for everything in ("", "WHERE ShareType = 'V'", f"WHERE {document} OR ShareType = 'V'"):
            soql = f"SELECT Id FROM ContentDocumentLink {everything}"
            assert code(org.query, soql) == "MALFORMED_QUERY"
        assert [(link["LinkedEntityId"], link["ShareType"]) for link in links] == [
            (account, "V"),
            (org.user_id, "I"),
        ]
        newer = {
            "ContentDocumentId": row["ContentDocumentId"],
            "PathOnClient": "b.csv",
            "VersionData": b"xy",
        }
        second = org.insert("ContentVersion", newer)
        assert org.read("ContentVersion", first)["IsLatest"] is False
        found = org.query(
            "SELECT LatestPublishedVersionId, ContentSize, (SELECT Id FROM ContentVersions) FROM ContentDocument"
        ).rows()
        assert (found[0]["LatestPublishedVersionId"], found[0]["ContentSize"]) == (second, 2)
        assert found[0]["ContentVersions"]["totalSize"] == 2
        assert code(org.insert, "ContentVersion", {"Title": "x"}) == "REQUIRED_FIELD_MISSING"
