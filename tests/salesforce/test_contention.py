import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg import MockOrg
from sfsync.records import KEY_FIELD, ConvertLead, Create, State, Update
from sfsync.salesforce import contention, lanes
from sfsync.salesforce.contention import SerialLoad, again, group, pack
from tests.salesforce.test_with_mockorg import connect

ACCOUNTS = [f"001MK000000000{n}" for n in range(6)]
ROWS = st.lists(
    st.one_of(
        st.builds(
            Create,
            object=st.sampled_from(["Order", "Asset"]),
            key=st.integers(0, 200).map(str),
            values=st.fixed_dictionaries(
                {},
                optional={
                    "AccountId": st.sampled_from(ACCOUNTS),
                    "Order__r": st.builds(lambda n: {KEY_FIELD: f"WF-{n}"}, st.integers(0, 30)),
                    "Name": st.text(max_size=3),
                    "Quantity": st.integers(1, 3),
                },
            ),
        ),
        st.builds(Update, object=st.just("Asset"), id=st.integers(0, 99).map(str), values=st.just({"A": 1})),
    ),
    min_size=1,
    max_size=400,
)


@given(ROWS, st.integers(1, 3), st.integers(2, 500))
def test_every_locked_row_is_in_one_step_and_writes_to_one_record_keep_their_order(
    changes, number, bulk_from
):
    steps = again(changes, range(len(changes)), number, bulk_from)
    places = [place for step in steps for place in step.places]
    assert sorted(places) == list(range(len(changes)))
    last = {}
    for place in places:
        record = (lanes.kind_of(changes[place]), lanes.record_key(changes[place]))
        assert last.get(record, -1) < place
        last[record] = place
    for step in steps:
        if isinstance(step, lanes.CollectionsCall):
            assert len(step.pieces) <= (1 if number == 3 else 5)
            assert all(len(piece.places) <= 200 for piece in step.pieces)
        elif isinstance(step, lanes.BulkLoad):
            assert number == 1
            assert len(step.places) >= bulk_from
        else:
            assert isinstance(step, SerialLoad)
            assert number > 1
            assert len(step.families) == len(step.places)


def orders(parents):
    return [Create("Order", f"O-{n}", {"AccountId": parent}) for n, parent in enumerate(parents)]


def shown(steps):
    return [[piece.places for piece in step.pieces] for step in steps]


def test_rows_of_one_parent_stand_in_one_collection():
    changes = orders(ACCOUNTS[n % 3] for n in range(450))
    (call,) = again(changes, range(450), 1, 2000)
    parents = [{changes[place].values["AccountId"] for place in piece.places} for piece in call.pieces]
    assert parents == [{account} for account in ACCOUNTS[:3]]


def test_an_account_counts_before_its_orders_and_these_stand_side_by_side():
    rows = [("A", 1), ("B", 2), ("A", 3), ("A", 1), ("B", 4), ("A", 3)]
    changes = [
        Create("Asset", str(n), {"AccountId": f"001MK000000000{a}", "Order__r": {KEY_FIELD: f"WF-{order}"}})
        for n, (a, order) in enumerate(rows)
    ]
    assert shown(again(changes, range(6), 1, 2000)) == [[(0, 3, 2, 5, 1, 4)]]


def test_what_all_rows_share_is_no_parent_and_texts_are_none():
    shared = {"Pricebook2Id": "01sMK0000000001", "OwnerId": "005MK0000000001", "Description": "A" * 14 + "1"}
    changes = [Create("Order", str(n), shared) for n in range(6)]
    steps = again(changes, range(6), 3, 2000)
    assert isinstance(steps[0], SerialLoad)
    assert len(set(steps[0].families)) == 6


def test_the_rounds_send_less_and_less_at_once():
    changes = orders(ACCOUNTS[n % 2] for n in range(50))
    assert [len(piece) for piece in shown(again(changes, range(50), 1, 2000))[0]] == [50]
    assert [len(piece) for piece in shown(again(changes, range(50), 2, 2000))[0]] == [20, 5, 20, 5]
    assert [[len(piece) for piece in call] for call in shown(again(changes, range(50), 3, 2000))] == [
        [25],
        [25],
    ]


def test_many_rows_go_by_bulk_grouped_then_serially():
    changes = orders(ACCOUNTS[n % 2] for n in range(3000))
    (first,) = again(changes, range(3000), 1, 2000)
    assert isinstance(first, lanes.BulkLoad)
    assert first.places[:3] == (0, 2, 4)
    for number in (2, 3):
        (load,) = again(changes, range(3000), number, 2000)
        assert isinstance(load, SerialLoad)
        assert len(set(load.families)) == 2


def test_conversions_of_one_account_share_a_call_that_grows_smaller():
    leads = [ConvertLead(f"00Q{n}", "x", account_id=ACCOUNTS[n % 3] if n % 4 else None) for n in range(60)]
    for number, most in ((1, 100), (2, 20), (3, 5)):
        steps = again(leads, range(60), number, 2000)
        assert sorted(place for step in steps for place in step.places) == list(range(60))
        assert max(len(step.places) for step in steps) <= most


@given(st.lists(st.sampled_from("abcde"), max_size=40), st.integers(1, 6))
def test_every_row_is_in_one_batch_and_only_large_families_are_split(parents, size):
    places = list(range(len(parents)))
    batches = pack(group(places, lambda place: parents[place]), size)
    assert sorted(place for batch in batches for place in batch) == places
    assert all(0 < len(batch) <= size for batch in batches)
    for parent in set(parents):
        family = parents.count(parent)
        homes = sum(any(parents[place] == parent for place in batch) for batch in batches)
        assert homes == 1 if family <= size else homes == -(-family // size)


class TestWithTheMockOrg:
    @pytest.fixture
    def mock(self):
        made = MockOrg(sleep=lambda _: None)
        with made.activate():
            yield made
        made.close()

    def connect(self, mock, **options):
        return connect(
            {"SF_INSTANCE_URL": "https://mock.my.salesforce.com", "SF_ACCESS_TOKEN": mock.token}, **options
        )

    def contacts(self, mock, org, count, parents=3):
        """Contacts of some accounts, their companies in turn."""
        accounts = org.write([Create("Account", f"A-{n}", {"Name": f"A {n}"}) for n in range(parents)])
        changes = [
            Create("Contact", f"C-{n}", {"LastName": "Kok", "AccountId": accounts[n % parents].id})
            for n in range(count)
        ]
        return accounts, changes

    def kinds(self, mock, since):
        """The kinds of requests since then, each once in a row."""
        kinds = [one.kind for one in list(mock.stats.log)[since:]]
        return [kind for n, kind in enumerate(kinds) if not n or kinds[n - 1] != kind]

    def test_rows_of_a_locked_parent_get_through_together(self, mock):
        org = self.connect(mock)
        accounts, changes = self.contacts(mock, org, 30)
        mock.faults.script("lock", route="*collections", parent=accounts[1].id, times=10)
        before = org.usage.calls
        outcomes = org.write(changes)
        assert {outcome.state for outcome in outcomes} == {State.DONE}
        assert org.usage.calls - before == 2
        assert org.clock.monotonic() == 1.0

    def test_few_rows_that_stay_locked_end_in_calls_by_parent_and_are_refused(self, mock):
        org = self.connect(mock)
        accounts, changes = self.contacts(mock, org, 30)
        mock.faults.script("lock", parent=accounts[1].id, times=None)
        mock.faults.script("lock", parent=accounts[2].id, times=29)
        before, done = org.usage.calls, []
        outcomes = org.write(changes, progress=done.append)
        assert [outcome.code for outcome in outcomes] == ["", "UNABLE_TO_LOCK_ROW", ""] * 10
        assert org.usage.calls - before == 1 + 1 + 1 + 2
        assert sum(done) == 30

    def test_many_rows_that_stay_locked_go_by_a_serial_job_grouped_by_parent(self, mock):
        told = []
        org = self.connect(mock, on_job=told.append)
        _, changes = self.contacts(mock, org, 600, parents=20)
        mock.faults.script("lock", route="*collections", times=None)
        start = len(mock.stats.log)
        done = []
        outcomes = org.write(changes, progress=done.append)
        assert {outcome.state for outcome in outcomes} == {State.DONE}
        assert [outcome.id for outcome in outcomes] == [
            mock.query(f"SELECT Id FROM Contact WHERE {KEY_FIELD} = '{change.key}'")[0]["Id"]
            for change in changes
        ]
        assert "bulk2" not in "".join(self.kinds(mock, start))
        assert [(job.api, job.settled) for job in (told[0], told[-1])] == [("bulk1", False), ("bulk1", True)]
        assert sum(done) == 600

    def test_a_bulk_load_is_grouped_and_then_serial(self, mock):
        told = []
        org = self.connect(mock, bulk_from=100, on_job=told.append)
        _, changes = self.contacts(mock, org, 300, parents=20)
        mock.faults.script("lock", route="bulk2*", times=None)
        done = []
        outcomes = org.write(changes, progress=done.append)
        assert {outcome.state for outcome in outcomes} == {State.DONE}
        assert list(dict.fromkeys((job.api, job.id) for job in told)) != []
        assert [api for api, _ in dict.fromkeys((job.api, job.id) for job in told)] == [
            "bulk2",
            "bulk2",
            "bulk1",
        ]
        assert all(job.settled for job in {job.id: job for job in told}.values())
        assert sum(done) == 300

    def test_few_locked_rows_of_a_bulk_load_go_by_a_call(self, mock):
        org = self.connect(mock, bulk_from=100)
        _, changes = self.contacts(mock, org, 300)
        mock.faults.script("lock", route="bulk2*", times=7)
        assert {outcome.state for outcome in org.write(changes)} == {State.DONE}

    def test_an_object_that_the_serial_lane_refuses_stays_locked_and_the_rest_goes_on(self, mock):
        org = self.connect(mock)
        _, changes = self.contacts(mock, org, 600, parents=20)
        mock.faults.script("lock", sobject="Contact", times=None)
        mock.faults.script("error", route="POST */job", status=400, code="InvalidEntity", times=None)
        outcomes = org.write(
            [*changes, *(Create("Lead", f"L-{n}", {"LastName": "A", "Company": "B"}) for n in range(700))]
        )
        assert {outcome.code for outcome in outcomes[:600]} == {"UNABLE_TO_LOCK_ROW"}
        assert {outcome.state for outcome in outcomes[600:]} == {State.DONE}

    def test_a_lost_answer_in_a_round_leaves_only_its_rows_unknown(self, mock):
        org = self.connect(mock)
        _, changes = self.contacts(mock, org, 30)
        mock.faults.script("lock", route="*collections", times=90)
        mock.faults.script("lost_after", route="composite", skip=3)
        outcomes = org.write(changes)
        states = [outcome.state for outcome in outcomes]
        assert states == [State.UNKNOWN, State.DONE, State.DONE] * 10

    def test_conversions_of_a_locked_account_get_through(self, mock):
        org = self.connect(mock)
        (account,) = org.write([Create("Account", "A-1", {"Name": "A"})])
        made = org.write([Create("Lead", f"L-{n}", {"LastName": "A", "Company": "B"}) for n in range(30)])
        leads = [ConvertLead(one.id, "Closed - Converted", account_id=account.id) for one in made]
        mock.faults.script("lock", parent=account.id, times=70)
        outcomes = org.write(leads)
        assert {outcome.state for outcome in outcomes} == {State.DONE}
        assert contention.ROUNDS == 3

    def test_a_job_that_gave_up_for_its_locks_is_gone_on_with(self, mock):
        org = self.connect(mock, bulk_from=100)
        _, changes = self.contacts(mock, org, 300)
        mock.faults.script(
            "unprocessed",
            rows=120,
            message="TooManyLockFailure : Too many lock failure 200 Trying again later.",
        )
        assert {outcome.state for outcome in org.write(changes)} == {State.DONE}
