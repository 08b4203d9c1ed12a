"""The SLA report as plain values for programs, and as tables for a screen."""

from collections.abc import Iterator
from functools import partial
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.reports import sla_words as words
from sfsync.reports.durations import spoken
from sfsync.reports.report import BAD, GOOD, QUIET, STRONG, Cell, Column, Findings, TextTable
from sfsync.reports.sla import SlaReport, rows_of
from sfsync.reports.sla_rank import ranked
from sfsync.reports.sla_settings import FIRST_CONTACT, SLAS

if TYPE_CHECKING:
    import pandas as pd

_SHORT = {"first_contact": "contact", "management": "manage", "fully_managed": "closed"}
_DEALERS = 20
"""So many dealers are shown all; of more, the best and the last."""


def findings(report: SlaReport, title: str, dealer: str | None) -> Findings:
    """All forms of the report."""
    return Findings(
        as_json(report, dealer),
        tables(report, dealer),
        {
            ".xlsx": partial(_book, report, title, dealer),
            ".html": partial(_page, report, title, dealer),
        },
        heading=words.heading(report, title, dealer),
        remarks=words.remarks(report),
    )


def _book(report: SlaReport, title: str, dealer: str | None, path: Path) -> None:
    from sfsync.reports.sla_book import write_book

    write_book(report, path, title=title, dealer=dealer)


def _page(report: SlaReport, title: str, dealer: str | None, path: Path) -> None:
    from sfsync.reports.sla_page import page

    path.write_text(page(report, title=title, dealer=dealer), encoding="utf-8")


def as_json(report: SlaReport, dealer: str | None) -> dict[str, Any]:
    """The figures as plain values; names are a contract. Shares are 0 to 1, times hours, absent figures null."""
    return {
        "as_of": report.now.isoformat(),
        "period": _period(report),
        "dealer": dealer,
        "targets": dict(report.settings.targets),
        "total": _figures(report, report.figures),
        "by_kind": [{"kind": str(name), **figures} for name, figures in _rows(report, report.kinds)],
        "by_dealer": [
            {"dealer": str(name), "name": str(report.dealers.loc[name, "dealer_name"]), **figures}
            for name, figures in _rows(report, report.dealers)
        ],
        "by_month": [{"month": str(name), **figures} for name, figures in _rows(report, report.months)],
        "by_month_dealer_kind": [
            {"month": name[0], "dealer": name[1], "kind": name[2], **figures}
            for name, figures in _rows(report, report.cube)
        ],
        "first_contact_times": {str(step): int(count) for step, count in report.times.sum(axis=1).items()},
        "leads_outside": len(report.outside),
        "notes": dict(report.notes),
    }


def _period(report: SlaReport) -> dict[str, Any]:
    last = report.period.last
    return {
        "label": report.period.label,
        "first_day": report.period.first.isoformat(),
        "last_day": last.isoformat() if last else None,
    }


def _rows(report: SlaReport, table: "pd.DataFrame") -> Iterator[tuple[Any, dict[str, Any]]]:
    for name, row in rows_of(table):
        yield name, _figures(report, row)


def _figures(report: SlaReport, row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"leads": int(row["leads"])}
    for sla in SLAS:
        value = float(row[f"{sla}_share"])
        found[sla] = {
            "share": _number(value, 4),
            "on_target": words.met(value, report.settings.targets[sla]),
            "mean_hours": _number(row[f"{sla}_hours"], 2),
            **{part: int(row[f"{sla}_{part}"]) for part in ("n", "met", "open", "unknown")},
            **({"trend": _number(row[f"{sla}_trend"], 4)} if f"{sla}_trend" in row else {}),
        }
    return found


def _number(value: float, digits: int) -> float | None:
    return None if isnan(value) else round(float(value), digits)


def tables(report: SlaReport, dealer: str | None) -> list[TextTable]:
    """What a screen shows: the three SLAs, then kinds, months and, where more than one was asked for, dealers."""
    found = [_headline(report), _table(report, "By lead kind", "kind", report.kinds)]
    found.append(_table(report, "By month of assignment", "month", report.months))
    if dealer:
        return found
    dealers = report.dealers.sort_values(
        [f"{FIRST_CONTACT}_share", "leads"], ascending=[False, False], kind="stable"
    )
    if len(dealers) <= _DEALERS:
        return [*found, _table(report, "By dealer, best first contact first", "dealer", dealers)]
    best, last = ranked(report, FIRST_CONTACT)
    return [
        *found,
        _table(report, f"The {len(best)} dealers with the best first contact", "dealer", best),
        _table(report, f"The {len(last)} dealers with the worst", "dealer", last),
    ]


def _headline(report: SlaReport) -> TextTable:
    row = report.figures
    columns = [Column("SLA", right=False), Column("share"), Column("target"), Column("", right=False)]
    columns += [Column(name, spare=True) for name in ("trend", "mean time", "leads", "open")]
    columns += [Column("rule", right=False, spare=True)]
    rows = []
    for sla in SLAS:
        aim = report.settings.targets[sla]
        good = words.met(row[f"{sla}_share"], aim)
        rows.append([
            Cell(words.NAMES[sla], STRONG),
            Cell(words.share(row[f"{sla}_share"], aim), _mood(good)),
            Cell(words.target(aim)),
            Cell("" if good is None else "met" if good else "missed", _mood(good)),
            Cell(words.trend(row[f"{sla}_trend"])),
            Cell(spoken(row[f"{sla}_hours"])),
            Cell(f"{int(row[f'{sla}_n']):,}"),
            Cell(f"{int(row[f'{sla}_open']):,}"),
            Cell(words.rule(sla, report.settings), QUIET),
        ])  # fmt: skip
    return TextTable("", columns, rows)


def _mood(good: bool | None) -> str:
    return "" if good is None else GOOD if good else BAD


def _table(report: SlaReport, title: str, by: str, table: "pd.DataFrame") -> TextTable:
    columns = [Column(by, right=False), Column("leads")]
    for sla in SLAS:
        columns += [Column(_SHORT[sla]), Column("mean", spare=True)]
        columns += [Column("±", spare=True)] if f"{sla}_trend" in table else []
    rows = []
    for name, row in rows_of(table):
        cells = [Cell(str(name)), Cell(f"{int(row['leads']):,}")]
        for sla in SLAS:
            aim = report.settings.targets[sla]
            good = words.met(row[f"{sla}_share"], aim)
            cells.append(Cell(words.share(row[f"{sla}_share"], aim), _mood(good)))
            cells.append(Cell(spoken(row[f"{sla}_hours"]), QUIET))
            if f"{sla}_trend" in table:
                cells.append(Cell(words.trend(row[f"{sla}_trend"])))
        rows.append(cells)
    return TextTable(title, columns, rows)
