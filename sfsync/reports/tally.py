"""The tally of a sales process: from submissions to orders, cards and revenue, by country and by plan.

Arithmetic only: rows in, a ``Tally`` of small tables out. ``tally_book`` writes it as a workbook.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

GOOD, DUPLICATE, REJECTED, FAILED, WAITING = "good", "duplicates", "rejected", "failed", "waiting"
VERDICTS = (GOOD, DUPLICATE, REJECTED, FAILED, WAITING)
PLANS = ("pay_per_use", "basic", "plus", "business")
TOTAL = "Total"
UNKNOWN = "(unknown)"

_VERDICT_OF_BUCKET: Mapping[str, str] = {
    "applied": GOOD,
    "unchanged": GOOD,
    "duplicate": DUPLICATE,
    "invalid": REJECTED,
    "not_found": FAILED,
    "conflict": FAILED,
    "failed": FAILED,
    "waiting": WAITING,
}
_MEASURES = ["submissions", *VERDICTS, "orders", "cards", "cards_sent", "cards_active", "revenue"]


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What became of one submission.

    ``bucket`` is a bucket's name, or ``waiting`` for one that nobody has looked at. ``cards`` are the cards of its
    order; a submission without an order counts with none, nor with an amount.
    """

    country: str
    plan: str
    bucket: str
    reason: str = ""
    ordered: bool = False
    cards: int = 0
    cards_sent: int = 0
    cards_active: int = 0
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Tables by their index: ``funnel`` by step, ``countries`` and ``plans`` with a total row, ``revenue`` as
    country by plan with totals, ``reasons`` of what was rejected or failed, most frequent first.
    """

    funnel: "pd.DataFrame"
    countries: "pd.DataFrame"
    plans: "pd.DataFrame"
    revenue: "pd.DataFrame"
    reasons: "pd.DataFrame"

    def as_json(self) -> dict[str, Any]:
        """The tables as plain values; names are a contract."""
        return {
            "total": _plain(self.countries.loc[TOTAL].to_dict()),
            "by_country": _records(self.countries),
            "by_plan": _records(self.plans),
            "reasons": {str(reason): int(count) for reason, count in self.reasons["submissions"].items()},
        }


def tally(outcomes: Iterable[FormOutcome]) -> Tally:
    """Count the outcomes. Raises ValueError for a bucket that does not exist."""
    import pandas as pd

    rows = [asdict(outcome) | {"verdict": _verdict(outcome.bucket)} for outcome in outcomes]
    names = [*FormOutcome.__dataclass_fields__, "verdict"]
    table = pd.DataFrame(rows, columns=names)
    for name in ("country", "plan"):
        table[name] = table[name].replace({"": UNKNOWN, TOTAL: TOTAL.lower()}).astype("object")
    table["submissions"] = 1
    table["orders"] = table["ordered"].astype("int64")
    table["revenue"] = table["amount"].astype("float64")
    for verdict in VERDICTS:
        table[verdict] = (table["verdict"] == verdict).astype("int64")
    countries = _by(table, "country")
    return Tally(
        funnel=_funnel(countries.loc[TOTAL].to_dict()),
        countries=countries,
        plans=_by(table, "plan"),
        revenue=_revenue(table),
        reasons=_reasons(table),
    )


def _verdict(bucket: str) -> str:
    if bucket not in _VERDICT_OF_BUCKET:
        raise ValueError(f"{bucket!r} is no bucket; expected one of {', '.join(_VERDICT_OF_BUCKET)}")
    return _VERDICT_OF_BUCKET[bucket]


def _by(table: "pd.DataFrame", name: str) -> "pd.DataFrame":
    found = table.groupby(name)[_MEASURES].sum()
    found = found.sort_values(["revenue", "submissions"], ascending=False, kind="stable")
    found.loc[TOTAL] = table[_MEASURES].sum()
    whole = [measure for measure in _MEASURES if measure != "revenue"]
    return found.astype(dict.fromkeys(whole, "int64"))


def _revenue(table: "pd.DataFrame") -> "pd.DataFrame":
    found = table.pivot_table(
        index="country", columns="plan", values="revenue", aggfunc="sum", fill_value=0.0
    )
    found = found[sorted(found.columns, key=_plan_order)]
    found[TOTAL] = found.sum(axis=1)
    found = found.sort_values(TOTAL, ascending=False, kind="stable")
    found.loc[TOTAL] = found.sum()
    return found.astype("float64")


def _plan_order(plan: Any) -> tuple[int, str]:
    """Known plans from small to large, others after them: a plan keeps its colour from month to month."""
    return (PLANS.index(plan) if plan in PLANS else len(PLANS), str(plan))


def _reasons(table: "pd.DataFrame") -> "pd.DataFrame":
    lost = table[table["verdict"].isin([REJECTED, FAILED])]
    counted = lost["reason"].replace("", UNKNOWN).value_counts()
    found = counted.rename_axis("reason").to_frame("submissions")
    found["share"] = found["submissions"] / max(len(lost), 1)
    return found.sort_values("submissions", ascending=False, kind="stable")


_STEPS = (
    ("Submissions", "submissions"),
    ("Duplicates", DUPLICATE),
    ("Rejected", REJECTED),
    ("Failed", FAILED),
    ("Waiting for intake", WAITING),
    ("Good", GOOD),
    ("Orders", "orders"),
)


def _funnel(total: Mapping[Any, Any]) -> "pd.DataFrame":
    """The steps from submission to order, each with its share of the submissions."""
    import pandas as pd

    everything = max(int(total["submissions"]), 1)
    rows = [(label, int(total[measure]), int(total[measure]) / everything) for label, measure in _STEPS]
    return pd.DataFrame(rows, columns=["step", "number", "share"]).set_index("step")


def _records(table: "pd.DataFrame") -> dict[str, dict[str, Any]]:
    return {str(name): _plain(row.to_dict()) for name, row in table.iterrows() if name != TOTAL}


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(k): round(float(v), 2) if k == "revenue" else int(v) for k, v in values.items()}
