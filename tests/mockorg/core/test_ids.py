import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg import ids

id15s = st.text(ids.ALPHABET, min_size=15, max_size=15)


@pytest.mark.parametrize(
    ("id15", "suffix"),
    [
        ("001P000001vkheI", "IAQ"),
        ("0035500001H9cak", "AAB"),
        ("750P0000006HoS1", "IAK"),
        ("012000000000000", "AAA"),
    ],
)
def test_checksum_vectors(id15, suffix):
    assert ids.checksum(id15) == suffix
    assert ids.normalise(id15) == id15 + suffix


@given(id15s)
def test_any_loss_of_case_is_repaired(id15):
    whole = id15 + ids.checksum(id15)
    assert ids.normalise(whole) == whole
    assert ids.normalise(whole.upper()) == whole
    assert ids.normalise(whole.lower()) == whole


@given(st.integers(1, 62**9 - 1))
def test_numbers_come_back(number):
    made = ids.make("00Q", number)
    assert len(made) == 18
    assert ids.number_of(made) == number
    assert ids.make("00Q", number + 1 if number < 62**9 - 1 else 1) != made


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_ids_sort_by_age(first, second):
    assert (ids.make("001", first) < ids.make("001", second)) == (first < second)


@pytest.mark.parametrize(
    "text", ["", "001", "00Q" * 6 + "!", None, 5, "001P000001vkheI0A0", "001P000001vkhe é"]
)
def test_not_an_id(text):
    assert ids.normalise(text) is None


def test_a_source_goes_on_after_the_newest():
    source = ids.IdSource(lambda prefix: ids.make(prefix, 41) if prefix == "001" else None)
    assert source.next("001") == ids.make("001", 42)
    assert source.next("001") == ids.make("001", 43)
    assert source.next("003") == ids.make("003", 1)
    source.reset()
    assert source.next("001") == ids.make("001", 42)
