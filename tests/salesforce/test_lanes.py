import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.records import ConvertLead, Create, Update
from sfsync.salesforce import lanes

KINDS = st.sampled_from(["Lead", "Order", "Case"])
KEYS = st.integers(min_value=0, max_value=300).map(str)
CHANGES = st.lists(
    st.one_of(
        st.builds(Create, object=KINDS, key=KEYS, values=st.just({})),
        st.builds(Update, object=KINDS, id=KEYS, values=st.just({})),
        st.builds(ConvertLead, lead_id=KEYS, converted_status=st.just("x")),
    ),
    max_size=700,
)


@given(CHANGES, st.integers(min_value=150, max_value=800))
def test_every_change_is_in_exactly_one_step_within_the_limits(changes, bulk_from):
    plan = lanes.steps(changes, bulk_from)
    places = [place for step in plan for place in step.places]
    assert sorted(places) == list(range(len(changes)))
    for step in plan:
        if isinstance(step, lanes.CollectionsCall):
            assert len(step.pieces) <= 5
            for piece in step.pieces:
                assert 1 <= len(piece.places) <= 200
                records = [lanes.record_key(changes[place]) for place in piece.places]
                assert len(set(records)) == len(records)
                assert {lanes.kind_of(changes[place]) for place in piece.places} == {piece.kind}
        elif isinstance(step, lanes.BulkLoad):
            assert len(step.places) >= bulk_from
        else:
            assert len(step.places) <= 100


@given(CHANGES)
def test_writes_to_one_record_keep_their_order(changes):
    places = [place for step in lanes.steps(changes) for place in step.places]
    last = {}
    for place in places:
        change = changes[place]
        if not isinstance(change, ConvertLead):
            record = (lanes.kind_of(change), lanes.record_key(change))
            assert last.get(record, -1) < place
            last[record] = place


def test_a_conversion_is_no_row():
    lead = ConvertLead("00Q1", "x")
    for ask in (lanes.kind_of, lambda change: lanes.row(change, "Id")):
        with pytest.raises(ValueError, match="conversion"):
            ask(lead)


def test_a_bulk_load_keeps_its_place_among_the_calls():
    changes = [
        Create("Account", "A", {}),
        *(Create("Order", str(n), {}) for n in range(5)),
        Create("Asset", "X", {}),
    ]
    plan = lanes.steps(changes, 5)
    assert [type(step).__name__ for step in plan] == ["CollectionsCall", "BulkLoad", "CollectionsCall"]
