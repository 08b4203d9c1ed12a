"""The part of the SLA page that is about dealers: best and last, where all stand, and each of them."""

from html import escape
from math import isnan
from typing import TYPE_CHECKING, Any

from sfsync.reports import sla_words as words
from sfsync.reports.durations import spoken
from sfsync.reports.sla import SlaReport, rows_of
from sfsync.reports.sla_rank import ranked
from sfsync.reports.sla_settings import SLAS
from sfsync.reports.svg import spread_chart, target_bar

if TYPE_CHECKING:
    import pandas as pd


def ranking(report: SlaReport) -> str:
    """Best and last dealers, a panel for each SLA; buttons choose, on paper all are there."""
    buttons, panels = [], []
    for number, sla in enumerate(SLAS):
        chosen = "true" if number == 0 else "false"
        buttons.append(
            f'<button type="button" role="tab" id="tab-{sla}" aria-controls="panel-{sla}" '
            f'aria-selected="{chosen}">{words.NAMES[sla]}</button>'
        )
        panels.append(
            f'<div class="panel" id="panel-{sla}" role="tabpanel" aria-labelledby="tab-{sla}">'
            f'<h3 class="which">{words.NAMES[sla]}</h3>{_panel(report, sla)}</div>'
        )
    least = report.settings.ranking.leads
    return (
        '<section class="whole"><div class="top"><h2>Dealers compared</h2>'
        f'<div class="tabs" role="tablist" aria-label="Service level" hidden>{"".join(buttons)}</div></div>'
        f"<p>Dealers with {least} leads or more that count. The mark on each bar is the target.</p>"
        f"{''.join(panels)}</section>"
    )


def _panel(report: SlaReport, sla: str) -> str:
    best, last = ranked(report, sla)
    aim = report.settings.targets[sla]
    counted = report.dealers[report.dealers[f"{sla}_n"] >= report.settings.ranking.leads]
    shares = [float(value) for value in counted[f"{sla}_share"]]
    if not shares:
        return '<p class="soft">No dealer has enough leads to compare.</p>'
    reached = sum(bool(words.met(share, aim)) for share in shares)
    said = f"{reached:,} of {len(shares):,} dealers reach {words.target(aim)}"
    spread = spread_chart(shares, aim, f"Dealers by share: {said}") if len(shares) > 2 * len(best) else ""
    right = f"<div><h3>Furthest behind</h3>{_bars(last, sla, aim)}</div>" if len(last) else ""
    return (
        f'<p class="soft">{said}.</p><div class="scroll">{spread}</div>'
        f'<div class="two"><div><h3>Leading</h3>{_bars(best, sla, aim)}</div>{right}</div>'
    )


def _bars(dealers: "pd.DataFrame", sla: str, aim: float) -> str:
    rows = []
    for code, row in rows_of(dealers):
        value = float(row[f"{sla}_share"])
        shown = words.share(value, aim)
        mood = "good" if words.met(value, aim) else "bad"
        name = f"{code} {row['dealer_name']}".strip()
        said = f"{name}: {shown} of {row[f'{sla}_n']:,} leads"
        rows.append(
            f'<span class="name" title="{escape(name, quote=True)}">{escape(name)}</span>'
            f"{target_bar(value, aim, mood, said)}"
            f'<span class="num">{shown}</span>'
        )
    return f'<div class="rank">{"".join(rows)}</div>'


def every_dealer(report: SlaReport) -> str:
    """A table of all dealers that can be searched and sorted."""
    heads = "".join(f'<th class="lead" colspan="3">{words.NAMES[sla]}</th>' for sla in SLAS)
    below = "".join(
        f'<th class="{"lead" if part == 0 else ""}" data-column="{3 + 3 * number + part}" data-numeric>{name}</th>'
        for number in range(len(SLAS))
        for part, name in enumerate(("share", "trend", "mean"))
    )
    body = "".join(_row(report, str(code), row) for code, row in rows_of(report.dealers))
    return (
        '<section class="whole"><div class="top"><h2>Every dealer</h2><div class="search" hidden>'
        '<label class="unseen" for="search">Find a dealer</label>'
        '<input type="search" id="search" placeholder="Find a dealer by code or name" data-searches="dealers"> '
        f'<span class="soft" id="found" aria-live="polite">{len(report.dealers):,} dealers</span></div></div>'
        '<div class="long scroll"><table class="sortable" id="dealers"><thead><tr>'
        '<th class="text" rowspan="2" data-column="0">Dealer</th>'
        '<th class="text" rowspan="2" data-column="1">Name</th>'
        f'<th rowspan="2" data-column="2" data-numeric>Leads</th>{heads}</tr><tr>{below}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _row(report: SlaReport, code: str, row: dict[str, Any]) -> str:
    name = str(row["dealer_name"])
    cells = [
        f'<td>{escape(code)}</td><td class="text">{escape(name)}</td>',
        _cell(row["leads"], f"{row['leads']:,}"),
    ]
    for sla in SLAS:
        value, aim = float(row[f"{sla}_share"]), report.settings.targets[sla]
        good = words.met(value, aim)
        mood = "" if good is None else " good" if good else " bad"
        cells.append(_cell(value, words.share(value, aim), f"lead{mood}"))
        cells.append(_cell(row[f"{sla}_trend"], words.trend(row[f"{sla}_trend"])))
        cells.append(_cell(row[f"{sla}_hours"], spoken(row[f"{sla}_hours"])))
    wanted = escape(f"{code} {name}".lower(), quote=True)
    return f'<tr data-name="{wanted}">{"".join(cells)}</tr>'


def _cell(value: float, shown: str, css: str = "") -> str:
    exact = "" if isnan(value) else f"{value:.5g}"
    return f'<td class="{css}" data-value="{exact}">{shown}</td>'
