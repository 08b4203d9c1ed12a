"""The values that standard picklists have in a fresh org, by the name of their standard value set."""

from sfsync.mockorg.schema import Choice


def _choices(values: str, *, default: str = "") -> tuple[Choice, ...]:
    return tuple(Choice(each, each, default=each == default) for each in values.split("|"))


def _stage(name: str, probability: int, category: str, *, closed: bool = False, won: bool = False) -> Choice:
    facts = {"closed": closed, "won": won, "probability": probability, "forecastCategory": category}
    return Choice(name, name, facts=facts)


def _closing(values: str, *, default: str, fact: str, when: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(each, each, default=each == default, facts={fact: each == when}) for each in values.split("|")
    )


FORECAST_NAMES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "BestCase": "Best Case",
    "MostLikely": "Most Likely",
    "Forecast": "Commit",
    "Closed": "Closed",
}
"""Forecast categories by their code: the label that ForecastCategoryName shows."""

PICKLISTS: dict[str, tuple[Choice, ...]] = {
    "AccountType": _choices(
        "Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Installation Partner"
        "|Technology Partner|Other"
    ),
    "AccountOwnership": _choices("Public|Private|Subsidiary|Other"),
    "AccountRating": _choices("Hot|Warm|Cold"),
    "AssetStatus": _choices("Shipped|Installed|Registered|Obsolete|Purchased"),
    "CampaignMemberStatus": _choices("Sent|Responded", default="Sent"),
    "CampaignStatus": _choices("Planned|In Progress|Completed|Aborted", default="Planned"),
    "CampaignType": _choices(
        "Conference|Webinar|Trade Show|Public Relations|Partners|Referral Program|Advertisement|Banner Ads"
        "|Direct Mail|Email|Telemarketing|Other"
    ),
    "CaseOrigin": _choices("Phone|Email|Web"),
    "CasePriority": _choices("High|Medium|Low", default="Medium"),
    "CaseReason": _choices(
        "Installation|Equipment Complexity|Performance|Breakdown|Equipment Design|Feedback|Other"
    ),
    "CaseStatus": _closing("New|Working|Escalated|Closed", default="New", fact="closed", when="Closed"),
    "CaseType": _choices("Mechanical|Electrical|Electronic|Structural|Other"),
    "CleanStatus": _choices("Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped"),
    "ContactRole": _choices(
        "Business User|Decision Maker|Economic Buyer|Economic Decision Maker|Evaluator|Executive Sponsor"
        "|Influencer|Technical Buyer|Other"
    ),
    "ContentLocation": _choices("S|E|L", default="S"),
    "ContractStatus": (
        Choice("Draft", "Draft", default=True, facts={"groupingString": "Draft"}),
        Choice("In Approval Process", "In Approval Process", facts={"groupingString": "InApproval"}),
        Choice("Activated", "Activated", facts={"groupingString": "Activated"}),
    ),
    "EventShowAs": _choices("Busy|OutOfOffice|Free", default="Busy"),
    "EventSubject": _choices("Call|Email|Meeting|Send Letter/Quote|Other"),
    "EventSubtype": _choices("Event"),
    "ForecastCategory": _choices("|".join(FORECAST_NAMES)),
    "ForecastCategoryName": _choices("Omitted|Pipeline|Best Case|Commit|Closed"),
    "GeocodeAccuracy": _choices(
        "Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown"
    ),
    "GroupEventType": _choices("0|1|2|3", default="0"),
    "GroupType": _choices("Regular|Role|RoleAndSubordinates|Organization|Queue", default="Regular"),
    "Industry": _choices(
        "Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|Education"
        "|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government"
        "|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail"
        "|Shipping|Technology|Telecommunications|Transportation|Utilities|Other"
    ),
    "LeadSource": _choices("Web|Phone Inquiry|Partner Referral|Purchased List|Other"),
    "LeadStatus": _closing(
        "Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted",
        default="Open - Not Contacted",
        fact="converted",
        when="Closed - Converted",
    ),
    "OpportunityStage": (
        _stage("Prospecting", 10, "Pipeline"),
        _stage("Qualification", 10, "Pipeline"),
        _stage("Needs Analysis", 20, "Pipeline"),
        _stage("Value Proposition", 50, "Pipeline"),
        _stage("Id. Decision Makers", 60, "Pipeline"),
        _stage("Perception Analysis", 70, "Pipeline"),
        _stage("Proposal/Price Quote", 75, "Pipeline"),
        _stage("Negotiation/Review", 90, "Pipeline"),
        _stage("Closed Won", 100, "Closed", closed=True, won=True),
        _stage("Closed Lost", 0, "Omitted", closed=True),
    ),
    "OpportunityType": _choices(
        "Existing Customer - Upgrade|Existing Customer - Replacement|Existing Customer - Downgrade|New Customer"
    ),
    "OrderStatus": (
        Choice("Draft", "Draft", default=True, facts={"groupingString": "Draft"}),
        Choice("Activated", "Activated", facts={"groupingString": "Activated"}),
    ),
    "OrderStatusCode": _choices("Draft|InApproval|Activated|Terminated|Expired"),
    "OrderType": _choices("New|Renewal|Amendment"),
    "Product2Family": _choices("None"),
    "QuantityUnitOfMeasure": _choices("Each"),
    "Salutation": _choices("Mr.|Ms.|Mrs.|Dr.|Prof.|Mx."),
    "RecurrenceInstance": _choices("First|Second|Third|Fourth|Last"),
    "RecurrenceMonthOfYear": _choices(
        "January|February|March|April|May|June|July|August|September|October|November|December"
    ),
    "RecurrenceType": _choices(
        "RecursDaily|RecursEveryWeekday|RecursMonthly|RecursMonthlyNth|RecursWeekly|RecursYearly|RecursYearlyNth"
    ),
    "ShareType": _choices("V|C|I", default="V"),
    "ShareVisibility": _choices("AllUsers|InternalUsers|SharedUsers", default="AllUsers"),
    "TaskPriority": _choices("High|Normal|Low", default="Normal"),
    "TaskStatus": _closing(
        "Not Started|In Progress|Completed|Waiting on someone else|Deferred",
        default="Not Started",
        fact="closed",
        when="Completed",
    ),
    "TaskSubject": _choices("Call|Email|Send Letter|Send Quote|Other"),
    "TaskSubtype": _choices("Task|Email|Call|ListEmail|Cadence|LinkedIn", default="Task"),
    "UserType": _choices(
        "Standard|PowerPartner|CSPLitePortal|CustomerSuccess|Guest|CsnOnly", default="Standard"
    ),
}
