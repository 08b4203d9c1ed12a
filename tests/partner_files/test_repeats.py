"""The same person in one file or in two: the answer must be the same."""

from pathlib import Path

import pytest

from sfsync.records import Bucket
from tests.conftest import House, NewHouse
from tests.partner_files.test_web_forms import form, write


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house(0)


def again(**values: object) -> dict[str, object]:
    """Zoë a day later, with another e-mail address and phone: known by her name and address only."""
    later = {"submission_id": "WF-2", "submitted_at": "2026-03-02T10:00:00+01:00"}
    return form(**(later | {"email": "zk@example.org", "phone": "06 87654321"} | values))


SPELLINGS = [
    {},
    {"street": "KADE", "first_name": "ZOE"},
    {"first_name": "Z."},
    {"postcode": "1234ab"},
]


@pytest.mark.parametrize("values", SPELLINGS)
def test_in_two_files(empty: House, tmp_path: Path, values: dict[str, object]) -> None:
    empty.take("web_forms", write(tmp_path / "a.jsonl", form()))
    result = empty.take("web_forms", write(tmp_path / "b.jsonl", again(**values)))
    assert result.steps[0].buckets == {Bucket.DUPLICATE: 1}


@pytest.mark.parametrize("values", [{}, {"street": "KADE", "first_name": "ZOE"}, {"postcode": "1234ab"}])
def test_in_one_file(empty: House, tmp_path: Path, values: dict[str, object]) -> None:
    result = empty.take("web_forms", write(tmp_path / "a.jsonl", again(**values), form()))
    rows = {row.key: row.bucket for row in empty.project.journal.rows(result.run_id)}
    assert rows == {"WF-1": Bucket.APPLIED, "WF-2": Bucket.DUPLICATE}


def test_whoever_is_known_stays_even_if_an_earlier_form_comes_in_later(empty: House, tmp_path: Path) -> None:
    empty.take("web_forms", write(tmp_path / "b.jsonl", again()))
    assert empty.take("web_forms", write(tmp_path / "a.jsonl", form())).steps[0].buckets == {
        Bucket.DUPLICATE: 1
    }
    both = empty.take("web_forms", write(tmp_path / "both.jsonl", form(), again()))
    rows = {row.key: row.bucket for row in empty.project.journal.rows(both.run_id)}
    assert rows == {"WF-1": Bucket.DUPLICATE, "WF-2": Bucket.UNCHANGED}


def test_a_namesake_elsewhere_is_somebody_else(empty: House, tmp_path: Path) -> None:
    empty.take("web_forms", write(tmp_path / "a.jsonl", form()))
    result = empty.take("web_forms", write(tmp_path / "b.jsonl", again(street="Laan")))
    assert result.steps[0].buckets == {Bucket.APPLIED: 1}
