from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mockorg.people import people


@settings(max_examples=10)
@given(seed=st.integers(0, 1_000), count=st.integers(1, 3_000))
def test_nobody_comes_twice(seed: int, count: int):
    crowd = list(islice(people(seed), count))
    assert len({person.email for person in crowd}) == count
    assert len({person.phone for person in crowd}) == count
    assert len({(person.first_name, person.last_name, person.country) for person in crowd}) == count


def test_addresses_can_be_mailed_and_names_can_be_strange():
    crowd = list(islice(people(1), 500))
    assert all(person.email.isascii() and " " not in person.email for person in crowd)
    assert all(
        person.email.split("@")[1].rpartition(".")[2] in {"com", "org", "net", "example"} for person in crowd
    )
    assert any(not person.last_name.isascii() for person in crowd)


def test_colleagues_share_company_and_number():
    crowd = list(islice(people(2), 2_000))
    teams: dict[str, set[str]] = {}
    for person in crowd:
        if person.company:
            teams.setdefault(person.company, set()).add(person.registration)
    assert all(len(numbers) == 1 for numbers in teams.values())
    assert len(teams) < sum(1 for person in crowd if person.company)
