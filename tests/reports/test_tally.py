"""The tally adds up: every submission once, every amount once, by country and by plan alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.reports.tally import TOTAL, VERDICTS, FormOutcome, tally

OUTCOMES = st.builds(
    FormOutcome,
    country=st.sampled_from(["NL", "BE", "", "Total", "=1+1"]),
    plan=st.sampled_from(["basic", "plus", "", "gold"]),
    bucket=st.sampled_from(
        ["applied", "unchanged", "duplicate", "invalid", "not_found", "conflict", "failed", "waiting"]
    ),
    reason=st.sampled_from(["", "no last name", "test"]),
    ordered=st.booleans(),
    cards=st.integers(0, 40),
    cards_sent=st.integers(0, 40),
    cards_active=st.integers(0, 40),
    amount=st.decimals(0, 10_000, places=2).map(float),
)


@given(st.lists(OUTCOMES, max_size=40))
def test_everything_is_counted_once(outcomes: list[FormOutcome]):
    made = tally(outcomes)
    for table in (made.countries, made.plans):
        parts = table.drop(index=TOTAL)
        assert table.loc[TOTAL, "submissions"] == len(outcomes) == parts["submissions"].sum()
        assert parts[list(VERDICTS)].to_numpy().sum() == len(outcomes)
        assert table.loc[TOTAL, "cards"] == sum(outcome.cards for outcome in outcomes)
        assert table.loc[TOTAL, "orders"] == sum(outcome.ordered for outcome in outcomes)
    total = sum(outcome.amount for outcome in outcomes)
    assert made.revenue.loc[TOTAL, TOTAL] == pytest.approx(total)
    assert made.countries.loc[TOTAL, "revenue"] == pytest.approx(total)
    lost = [o for o in outcomes if o.bucket in ("invalid", "not_found", "conflict", "failed")]
    assert made.reasons["submissions"].sum() == len(lost)


def test_a_small_example():
    made = tally(
        [
            FormOutcome(
                "NL", "plus", "applied", ordered=True, cards=3, cards_sent=3, cards_active=2, amount=30.5
            ),
            FormOutcome("NL", "basic", "duplicate", "same person as another"),
            FormOutcome("BE", "basic", "invalid", "no last name"),
            FormOutcome("BE", "basic", "waiting"),
        ]
    )
    assert made.as_json() == {
        "total": {
            "submissions": 4,
            "good": 1,
            "duplicates": 1,
            "rejected": 1,
            "failed": 0,
            "waiting": 1,
            "orders": 1,
            "cards": 3,
            "cards_sent": 3,
            "cards_active": 2,
            "revenue": 30.5,
        },
        "by_country": {
            "NL": made.as_json()["by_country"]["NL"],
            "BE": made.as_json()["by_country"]["BE"],
        },
        "by_plan": made.as_json()["by_plan"],
        "reasons": {"no last name": 1},
    }
    assert made.as_json()["by_country"]["NL"]["orders"] == 1
    assert made.as_json()["by_country"]["BE"]["rejected"] == 1
    assert made.funnel["number"].to_dict()["Good"] == 1
    assert made.funnel["share"].to_dict()["Orders"] == 0.25
    assert list(made.revenue.columns) == ["basic", "plus", TOTAL]


def test_countries_stand_in_order_of_revenue():
    made = tally(FormOutcome(c, "basic", "applied", ordered=True, amount=a) for c, a in (("A", 1), ("B", 2)))
    assert list(made.countries.index) == ["B", "A", TOTAL]


def test_a_bucket_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'lost' is no bucket"):
        tally([FormOutcome("NL", "plus", "lost")])
