"""The best dealers of the SLA report and the last ones."""

from typing import TYPE_CHECKING

from sfsync.reports.sla import SlaReport

if TYPE_CHECKING:
    import pandas as pd


def ranked(report: SlaReport, sla: str) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """The best dealers of an SLA, best first, and the others at the end, worst first; never one in both."""
    settings = report.settings.ranking
    rankable = report.dealers[report.dealers[f"{sla}_n"] >= settings.leads]
    order = rankable.sort_values([f"{sla}_share", f"{sla}_n"], ascending=[False, False], kind="stable")
    best = order.head(min(settings.dealers, (len(order) + 1) // 2))
    last = order.iloc[len(best) :].tail(settings.dealers).iloc[::-1]
    return best, last
