"""The SLA report of the after-sales leads: which fields it reads, and which moment of a lead is which.

    assigned   the row of the field history in which Date Assigned to Dealer was last set; the date itself where no
               such row is (a lead that was created with its date), or where it is later (assigned for a day to come)
    contacted  the first contact attempt of that assignment
    handled    the first appointment booked (field history of the status) or the closing, whichever was earlier
    closed     the dealer's moment of closing; the field history of the status where the lead has none

After a re-assignment the last assignment counts, for the dealer who has the lead now; attempts and bookings of
earlier dealers do not.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sfsync.clock import today
from sfsync.engine.flow import get
from sfsync.errors import ConfigError
from sfsync.project import Content
from sfsync.reports.history import first_value, history_frame, last_set, moments
from sfsync.reports.report import Asked, Findings, Report, Sources
from sfsync.reports.sla_settings import Period, SlaSettings, before, is_zone, months_up_to
from sfsync.salesforce.soql import quote

if TYPE_CHECKING:
    import pandas as pd

TITLE = "After-sales leads: service levels"
LEAD, HISTORY = "Aftersales_Lead__c", "Aftersales_Lead__History"
ASSIGNED, STATUS, CLOSED_AT = "Date_Assigned_to_Dealer__c", "Status__c", "Closed_At__c"
ATTEMPTS = tuple(f"Contact_Attempt_{number}__c" for number in range(1, 6))
CLOSED = ("Closed With Sale", "Closed Without Sale")
HANDLED = ("Appointment Booked", *CLOSED)
NO_DEALER, NO_KIND = "(no dealer)", "(no kind)"
_COLUMNS = {
    "Id": "id",
    "Name": "lead",
    "Lead_Kind__c": "kind",
    STATUS: "status",
    ASSIGNED: "assigned_field",
    **{name: name for name in ATTEMPTS},
    CLOSED_AT: "closed",
    "Dealer__r.Dealer_Code__c": "dealer",
    "Dealer__r.Name": "dealer_name",
    "Dealer__r.Dealer_Time_Zone__c": "zone",
}
_MARGIN = timedelta(days=2)
"""A dealer's day begins and ends up to fourteen hours from ours."""


def report(content: Content) -> Report:
    """What `sfsync report aftersales.sla` makes."""
    settings = content.settings("sla", SlaSettings)
    return Report(
        "aftersales.sla",
        TITLE,
        frozenset({"month", "dealer"}),
        (".xlsx", ".html"),
        lambda sources, asked: _make(settings, sources, asked),
    )


def _make(settings: SlaSettings, sources: Sources, asked: Asked) -> Findings:
    from sfsync.reports.sla import sla_report
    from sfsync.reports.sla_view import findings

    now = sources.clock.now()
    day = today(sources.clock, settings.default_zone)
    if asked.month and asked.month > day:
        raise ConfigError(f"The month {asked.month:%Y-%m} has not begun yet.")
    leads, history = sources.org.extract(queries(settings, day, asked))
    if asked.dealer and not leads:
        _known(sources, asked.dealer)
    frame, notes = lead_frame(leads, history, settings.default_zone)
    return findings(sla_report(frame, settings, now, month=asked.month, notes=notes), TITLE, asked.dealer)


def _known(sources: Sources, dealer: str) -> None:
    soql = f"SELECT Id FROM Account WHERE Dealer_Code__c = {quote(dealer)} LIMIT 1"
    if not sources.org.query_many([soql])[0]:
        raise ConfigError(f"There is no dealer with the code {dealer!r}.", hint="Codes look like D00001.")


def queries(settings: SlaSettings, day: date, asked: Asked) -> tuple[str, str]:
    """SOQL for the leads that the report looks at, and for the history of their assignment and status."""
    window = settings.fully_managed.window_days
    period = Period.month(asked.month) if asked.month else Period.up_to(day, window)
    earliest = min(before(period, window).first, months_up_to(asked.month or day, settings.months)[0].first)

    def conditions(path: str) -> str:
        found = [f"{path}{ASSIGNED} >= {_instant(earliest - timedelta(days=window) - _MARGIN)}"]
        if period.last:
            found.append(f"{path}{ASSIGNED} < {_instant(period.last + _MARGIN)}")
        if asked.dealer:
            found.append(f"{path}Dealer__r.Dealer_Code__c = {quote(asked.dealer)}")
        return " AND ".join(found)

    leads = f"SELECT {', '.join(_COLUMNS)} FROM {LEAD} WHERE {conditions('')}"
    history = f"SELECT ParentId, Field, NewValue, CreatedDate FROM {HISTORY} WHERE {conditions('Parent.')}"
    return leads, f"{history} AND Field IN ('{ASSIGNED}', '{STATUS}')"


def _instant(day: date) -> str:
    return quote(datetime.combine(day, time(), UTC))


def lead_frame(
    leads: Iterable[Mapping[str, Any]], history: Iterable[Mapping[str, Any]], default_zone: str
) -> tuple["pd.DataFrame", dict[str, int]]:
    """The leads as ``sla_report`` takes them, from the rows of both queries; and how the moments were found.

    Notes: ``by_history`` and ``by_field`` (where the assignment is from), ``unknown_zones`` (dealers without a time
    zone that exists, who got the default).
    """
    import pandas as pd

    rows = [[get(lead, name) for name in _COLUMNS] for lead in leads]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS.values()), dtype="object").set_index("id")
    for name in ("assigned_field", *ATTEMPTS, "closed"):
        frame[name] = moments(frame[name])
    past = history_frame(history)
    recorded = last_set(past, ASSIGNED).reindex(frame.index)
    frame["recorded"] = recorded
    frame["assigned"] = frame[["recorded", "assigned_field"]].max(axis=1)
    # Dealers note minutes, the org seconds; and who enters an assignment may date it back. An attempt belongs to the
    # assignment from the minute on that is the earlier of both.
    since = frame[["recorded", "assigned_field"]].min(axis=1).dt.floor("min")
    attempts = pd.concat([frame[name].where(frame[name] >= since) for name in ATTEMPTS], axis=1)
    frame["contacted"] = attempts.min(axis=1)
    frame["is_closed"] = frame["status"].isin(CLOSED)
    frame["is_handled"] = frame["status"].isin(HANDLED)
    closings = first_value(past, STATUS, CLOSED, since).reindex(frame.index)
    frame["closed"] = frame["closed"].fillna(closings).where(frame["is_closed"])
    bookings = first_value(past, STATUS, HANDLED[:1], since).reindex(frame.index)
    frame["handled"] = pd.concat([bookings, frame["closed"]], axis=1).min(axis=1)
    zones = frame.drop_duplicates("dealer").set_index("dealer")["zone"]
    good = {zone for zone in zones.dropna().unique() if is_zone(zone)}
    notes = {
        "by_history": int(recorded.notna().sum()),
        "by_field": int(recorded.isna().sum()),
        "unknown_zones": int((zones.notna() & ~zones.isin(good)).sum()),
    }
    frame["zone"] = frame["zone"].where(frame["zone"].isin(good), default_zone)
    frame["dealer"] = frame["dealer"].fillna(NO_DEALER)
    frame["dealer_name"] = frame["dealer_name"].fillna("")
    frame["kind"] = frame["kind"].fillna(NO_KIND)
    return frame.reset_index(drop=True), notes
