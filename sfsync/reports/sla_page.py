"""The SLA report as one HTML page for managers: figures against targets, trends, dealers, the time to first contact.

The page needs nothing but itself: styles, script and charts stand inside, and it forbids itself the network. It reads
well by day, by night, on paper, on a telephone, without script, and to those who do not see the charts.
"""

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from sfsync.reports import sla_page_dealers as dealers
from sfsync.reports import sla_words as words
from sfsync.reports.durations import spoken
from sfsync.reports.sla import NEVER, SlaReport, rows_of
from sfsync.reports.sla_settings import SLAS
from sfsync.reports.svg import Bar, Line, column_chart, line_chart, span_of, target_bar

_KIND_STYLES = ("kind-a", "kind-b")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(report: SlaReport, *, title: str, dealer: str | None) -> str:
    """The page as text."""
    parts = [_cards(report), _months(report), _times(report), _kinds(report)]
    if len(report.dealers) > 1:
        parts += [dealers.ranking(report), dealers.every_dealer(report)]
    parts.append(_counted(report))
    named = f"{title} · dealer {dealer}" if dealer else title
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(named)}, {escape(report.period.label)}</title>"
        f"<style>\n{_read('sla_page.css')}</style></head>\n"
        f"<body><header><h1>{escape(named)}</h1><p>{escape(_subtitle(report))}</p></header>\n"
        f"<main>{''.join(parts)}</main>\n<footer>Made by sfsync, {escape(words.as_of(report))}.</footer>\n"
        f"<script>\n{_read('sla_page.js')}</script></body></html>\n"
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _subtitle(report: SlaReport) -> str:
    first, last = report.period.first, report.period.last
    days = f"{first:%d %B %Y} to {last:%d %B %Y}" if last else f"{first:%d %B %Y} to today"
    return f"Leads assigned {days} · {report.figures['leads']:,} leads · {words.as_of(report)}"


def _cards(report: SlaReport) -> str:
    return f'<div class="cards">{"".join(_card(report, sla) for sla in SLAS)}</div>'


def _card(report: SlaReport, sla: str) -> str:
    row, aim = report.figures, report.settings.targets[sla]
    value = float(row[f"{sla}_share"])
    good = words.met(value, aim)
    mood = "" if good is None else "good" if good else "bad"
    verdict = {None: "no leads yet", True: "✓ on target", False: "✗ below target"}[good]
    shown = words.share(value, aim)
    facts = [
        ("Target", words.target(aim)),
        ("Trend", words.points(row[f"{sla}_trend"])),
        ("Mean time", spoken(row[f"{sla}_hours"])),
        ("Leads", f"{row[f'{sla}_met']:,} of {row[f'{sla}_n']:,}"),
        ("Not closed yet" if sla == SLAS[-1] else "Still in time", f"{row[f'{sla}_open']:,}"),
    ]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in facts)
    bar = target_bar(value, aim, mood or "idle", f"{words.NAMES[sla]}: {shown}, target {words.target(aim)}")
    return (
        f'<article class="card {mood}"><div class="top"><h2>{words.NAMES[sla]}</h2>'
        f'<span class="badge {mood}">{verdict}</span></div>'
        f'<p class="rule">{escape(words.rule(sla, report.settings).capitalize())}</p>'
        f'<p class="share">{escape(shown)}</p>{bar}<dl class="facts">{listed}</dl></article>'
    )


def _months(report: SlaReport) -> str:
    months = [str(month) for month in report.months.index]
    kinds = [str(kind) for kind in report.kinds.index][: len(_KIND_STYLES)]
    unfinished = report.period.last is None or report.now.date() <= report.period.last
    span = _span(report)
    charts = [
        f"<figure><figcaption><h3>{words.NAMES[sla]}</h3></figcaption>"
        f"{_trend_chart(report, sla, months, kinds, span, unfinished=unfinished)}</figure>"
        for sla in SLAS
    ]
    key = ["<span><i></i>All leads</span>"]
    if len(kinds) > 1:
        key += [
            f'<span><i class="{_KIND_STYLES[n]}"></i>{escape(kind)}</span>' for n, kind in enumerate(kinds)
        ]
    key.append('<span><i class="target"></i>Target</span>')
    open_month = " The hollow point is a month that is not over." if unfinished else ""
    return (
        "<section><h2>Month by month</h2>"
        f"<p>Share of leads that met each level, by month of assignment.{open_month}</p>"
        f'<div class="key">{"".join(key)}</div><div class="three">{"".join(charts)}</div>'
        f"<details><summary>The figures</summary>{_figures_table(report, 'Month', rows_of(report.months))}</details>"
        "</section>"
    )


def _span(report: SlaReport) -> tuple[float, float]:
    """One axis for all three, so that they can be compared."""
    shown = [
        row[f"{sla}_share"]
        for table in (report.months, report.month_kinds)
        for _, row in rows_of(table)
        for sla in SLAS
    ]
    return span_of([*map(float, shown), *report.settings.targets.values()])


def _trend_chart(
    report: SlaReport,
    sla: str,
    months: list[str],
    kinds: list[str],
    span: tuple[float, float],
    *,
    unfinished: bool,
) -> str:
    wanted = {(str(month), str(kind)): row for (month, kind), row in rows_of(report.month_kinds)}
    whole = dict(rows_of(report.months))
    lines = []
    if len(kinds) > 1:
        for style, kind in zip(_KIND_STYLES, kinds, strict=False):
            rows = [wanted.get((month, kind)) for month in months]
            lines.append(_line(kind, style, months, rows, sla))
    total = _line("All leads", "total", months, [whole[month] for month in months], sla)
    aim = report.settings.targets[sla]
    said = "; ".join(total.said) or "no leads"
    return line_chart(
        [words.month_name(month) for month in months],
        [*lines, total],
        aim,
        span,
        f"{words.NAMES[sla]} by month, target {words.target(aim)}. {said}",
        unfinished=unfinished,
    )


def _line(name: str, style: str, months: list[str], rows: list[dict[str, Any] | None], sla: str) -> Line:
    values = [float(row[f"{sla}_share"]) if row else float("nan") for row in rows]
    said = [
        f"{month} {name}: {words.share(value)}" + (f" of {row[f'{sla}_n']:,} leads" if row else "")
        for month, value, row in zip(months, values, rows, strict=True)
    ]
    return Line(name, style, values, said)


def _times(report: SlaReport) -> str:
    counts = {str(step): int(count) for step, count in report.times.sum(axis=1).items()}
    everything = max(sum(counts.values()), 1)
    steps = report.settings.contact_steps
    limit = report.settings.first_contact.span.total_seconds() / 3600
    bars = []
    for number, (label, count) in enumerate(counts.items()):
        inside = number < len(steps) and steps[number] <= limit
        css = "idle" if label == NEVER else "good" if inside else "bad"
        bars.append(Bar(label, count, words.share(count / everything), css))
    said = ", ".join(f"{bar.label}: {bar.above}" for bar in bars)
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{count:,}</td><td>{words.share(count / everything)}</td></tr>"
        for label, count in counts.items()
    )
    return (
        "<section><h2>How fast is the first contact?</h2>"
        "<p>Leads by the time from assignment to the first attempt.</p>"
        f'<div class="key"><span><b class="good"></b>within {report.settings.first_contact}</span>'
        '<span><b class="bad"></b>later</span><span><b></b>no contact yet</span></div>'
        f'<div class="scroll">{column_chart(bars, f"Time to first contact. {said}")}</div>'
        "<details><summary>The figures</summary><table><thead><tr><th>Time</th><th>Leads</th><th>Share</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></details></section>"
    )


def _kinds(report: SlaReport) -> str:
    return (
        f"<section><h2>By lead kind</h2><p>Trends are points against {words.compared_with(report)}.</p>"
        f'<div class="scroll">{_figures_table(report, "Lead kind", rows_of(report.kinds))}</div></section>'
    )


def _figures_table(report: SlaReport, by: str, rows: Iterable[tuple[Any, dict[str, Any]]]) -> str:
    """A plain table: what it is by, leads, and share, trend and mean time of each SLA."""
    body, trends = [], False
    for name, row in rows:
        cells = [f"<td>{escape(str(name))}</td><td>{row['leads']:,}</td>"]
        for sla in SLAS:
            value, aim = float(row[f"{sla}_share"]), report.settings.targets[sla]
            good = words.met(value, aim)
            mood = "" if good is None else "good" if good else "bad"
            cells.append(f'<td class="lead {mood}">{words.share(value, aim)}</td>')
            if f"{sla}_trend" in row:
                trends = True
                cells.append(f"<td>{words.trend(row[f'{sla}_trend'])}</td>")
            cells.append(f"<td>{spoken(row[f'{sla}_hours'])}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    span = 3 if trends else 2
    heads = "".join(f'<th class="lead" colspan="{span}">{words.NAMES[sla]}</th>' for sla in SLAS)
    below = ('<th class="lead">share</th>' + ("<th>trend</th>" if trends else "") + "<th>mean</th>") * len(
        SLAS
    )
    return (
        f'<table><thead><tr><th class="text" rowspan="2">{by}</th><th rowspan="2">Leads</th>{heads}</tr>'
        f"<tr>{below}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def _counted(report: SlaReport) -> str:
    settings = report.settings
    rules = [
        f"{words.NAMES[sla]}: {words.rule(sla, settings)}; target {words.target(settings.targets[sla])}."
        for sla in SLAS
    ]
    rules += ["Exactly on the limit is in time. Nights and weekends count.", *words.remarks(report)]
    listed = "".join(f"<li>{escape(said)}</li>" for said in rules)
    worst = report.outside["lead"].nunique() if len(report.outside) else 0
    outside = f"{worst:,} leads of the period missed a level; the workbook lists them."
    return f"<section><h2>How it is counted</h2><ul>{listed}<li>{outside}</li></ul></section>"
