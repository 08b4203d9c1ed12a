"""Phases: what is sent, in which order, once; and what becomes of each row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.engine.apply import write_phases
from sfsync.engine.flow import Decision
from sfsync.records import Bucket, Change, ConvertLead, Create, Outcome, State, Update, target
from tests.engine.support import UNKNOWN, ScriptedOrg, done, refused


def order(key: str, **values: object) -> Create:
    return Create("Order", key, values)


def test_nothing_to_write_makes_no_call() -> None:
    org = ScriptedOrg()
    decisions = [Decision("a", Bucket.UNCHANGED, "as it is"), Decision("b", phases=((), ()))]
    results = write_phases(org, decisions)
    assert [(result.bucket, result.reason) for result in results] == [
        (Bucket.UNCHANGED, "as it is"),
        (Bucket.APPLIED, ""),
    ]
    assert org.calls == []
    assert write_phases(org, []) == []


def test_phases_go_one_after_the_other_all_rows_together() -> None:
    org = ScriptedOrg()
    rows = [
        Decision("a", phases=((order("a"),), (Create("OrderItem", "a:1", {}),), (order("a", Status="x"),))),
        Decision("b", phases=((), (Create("OrderItem", "b:1", {}), Create("OrderItem", "b:2", {})))),
    ]
    results = write_phases(org, rows)
    assert [[target(change)[1:] for change in call] for call in org.calls] == [
        [("Order", "a")],
        [("OrderItem", "a:1"), ("OrderItem", "b:1"), ("OrderItem", "b:2")],
        [("Order", "a")],
    ]
    assert results[0].ids == {"Order": "Order:a", "OrderItem": "OrderItem:a:1"}
    assert [result.bucket for result in results] == [Bucket.APPLIED, Bucket.APPLIED]


def test_a_change_that_rows_share_is_sent_once_and_counts_for_each() -> None:
    org = ScriptedOrg()
    account = Create("Account", "ACC-1", {"Name": "Volt"})
    results = write_phases(org, [Decision(name, phases=((account,),)) for name in "abc"])
    assert org.sent == [target(account)]
    assert [result.ids["Account"] for result in results] == ["Account:ACC-1"] * 3


@pytest.mark.parametrize(
    ("outcome", "unknown", "reason"), [(refused(), False, "BAD: no"), (UNKNOWN, True, "outcome unknown")]
)
def test_a_row_in_trouble_sends_nothing_more_and_the_others_go_on(
    outcome: Outcome, unknown: bool, reason: str
) -> None:
    org = ScriptedOrg(lambda change: outcome if target(change)[2] == "a" else done(change))
    rows = [Decision(key, phases=((order(key),), (Create("OrderItem", f"{key}:1", {}),))) for key in "ab"]
    one, two = write_phases(org, rows)
    assert (one.bucket, one.reason, one.unknown) == (Bucket.FAILED, reason, unknown)
    assert (two.bucket, two.unknown) == (Bucket.APPLIED, False)
    assert ("create", "OrderItem", "a:1") not in org.sent
    assert ("create", "OrderItem", "b:1") in org.sent


def test_a_refused_shared_change_stops_every_row_that_needs_it() -> None:
    account = Create("Account", "ACC-1", {})
    org = ScriptedOrg(lambda change: refused() if target(change) == target(account) else done(change))
    rows = [
        Decision(key, phases=((account,), (ConvertLead(key, "Done", account_key="ACC-1"),))) for key in "ab"
    ]
    rows.append(Decision("c", phases=((), (ConvertLead("c", "Done"),))))
    results = write_phases(org, rows)
    assert [result.bucket for result in results] == [Bucket.FAILED, Bucket.FAILED, Bucket.APPLIED]
    assert org.sent == [target(account), ("convert", "Lead", "c")]


def test_the_first_trouble_of_a_row_is_the_reason() -> None:
    org = ScriptedOrg(lambda change: refused(target(change)[2]))
    (result,) = write_phases(org, [Decision("a", phases=((order("x"), order("y")), (order("z"),)))])
    assert result.reason == "x: no"
    assert len(org.calls) == 1


def test_an_account_key_becomes_the_id_that_an_earlier_phase_made() -> None:
    org = ScriptedOrg()
    known = ConvertLead("l2", "Done", account_id="001known", account_key="ACC-1")
    rows = [
        Decision(
            "a",
            phases=((Create("Account", "ACC-1", {}),), (ConvertLead("l1", "Done", account_key="ACC-1"),)),
        ),
        Decision("b", phases=((), (known,))),
        Decision("c", phases=((), (ConvertLead("l3", "Done"),))),
    ]
    write_phases(org, rows)
    converts = {change.lead_id: change.account_id for change in org.calls[1]}
    assert converts == {"l1": "Account:ACC-1", "l2": "001known", "l3": None}


def test_an_id_of_another_object_with_the_same_key_is_not_the_account() -> None:
    org = ScriptedOrg()
    rows = [
        Decision(
            "a",
            phases=((Create("Contact", "ACC-1", {}),), (ConvertLead("l1", "Done", account_key="ACC-1"),)),
        )
    ]
    write_phases(org, rows)
    assert org.calls[1][0].account_id is None


def test_waiting_rows_are_not_touched() -> None:
    org = ScriptedOrg()
    results = write_phases(
        org, [Decision("a", phases=((order("a"),),)), Decision("b", phases=((order("b"),),), waits=True)]
    )
    assert org.sent == [("create", "Order", "a")]
    assert results[1].ids == {}


def test_progress_counts_what_was_sent() -> None:
    counts: list[int] = []
    rows = [Decision("a", phases=((order("a"), order("b")), (order("c"),)))]
    write_phases(ScriptedOrg(), rows, counts.append)
    assert counts == [2, 1]


CHANGES = st.builds(
    lambda verb, name, key: Update(name, key, {}) if verb else Create(name, key, {}),
    st.booleans(),
    st.sampled_from(["A", "B"]),
    st.sampled_from("123"),
)
ROWS = st.lists(
    st.tuples(st.lists(st.lists(CHANGES, max_size=2), max_size=3), st.booleans() | st.just(value=False)),
    max_size=6,
)
OUTCOMES = st.fixed_dictionaries(
    {
        (verb, name, key): st.sampled_from([State.DONE, State.DONE, State.REFUSED, State.UNKNOWN])
        for verb in ("create", "update")
        for name in "AB"
        for key in "123"
    }
)


@given(ROWS, OUTCOMES)
def test_every_row_ends_as_its_own_changes_did(
    rows: list[tuple[list[list[Change]], bool]], states: dict[tuple[str, str, str], State]
) -> None:
    org = ScriptedOrg(lambda change: Outcome(states[target(change)], id=str(target(change))))
    decisions = [
        Decision(f"row {n}", phases=tuple(map(tuple, phases)), waits=waits)
        for n, (phases, waits) in enumerate(rows)
    ]
    results = write_phases(org, decisions)
    assert len(results) == len(decisions)
    sent = set(org.sent)
    for call in org.calls:
        assert call
        assert len({target(change) for change in call}) == len(call)
    needed = set()
    for decision, result in zip(decisions, results, strict=True):
        if decision.waits:
            continue
        trouble = None
        for phase in decision.phases:
            if trouble is None:
                needed |= {target(change) for change in phase}
                bad = [states[target(change)] for change in phase if states[target(change)] is not State.DONE]
                trouble = State.UNKNOWN if State.UNKNOWN in bad else bad[0] if bad else None
        assert (result.bucket is Bucket.FAILED) is (trouble is not None)
        assert result.unknown is (trouble is State.UNKNOWN)
    assert sent == needed


def test_a_reason_does_not_quote_what_was_sent_about_a_person() -> None:
    said = "Jan de Boer of Kade 1 may not have card 6371801234567890123 in NL, Januari"
    org = ScriptedOrg(lambda change: Outcome(State.REFUSED, code="RULE", message=said))
    values = {"LastName": "de Boer", "FirstName": "Jan", "Street": "kade 1", "Country": "NL"}
    row = Decision("a", phases=((Create("Lead", "a", values | {"Card_Id__c": "6371801234567890123"}),),))
    (result,) = write_phases(org, [row])
    assert result.reason == "RULE: … … of … may not have card … in NL, Januari"
