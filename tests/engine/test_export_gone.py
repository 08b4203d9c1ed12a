"""Records that were deleted for good: an incremental export tells of them by their id, once."""

from dataclasses import replace
from datetime import datetime

import pytest

from sfsync.engine.export import export_records
from sfsync.engine.export_model import Export
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.errors import OrgError
from sfsync.testing.bound import QuickClock
from tests.conftest import House, NewHouse
from tests.engine.test_export import CHANGES, Definition, add, names, rows_of


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house()


class OrgsClock(QuickClock):
    """The machine's clock shows what the org's does."""

    def __init__(self, house: House) -> None:
        self._org = house.org.clock

    def now(self) -> datetime:
        return self._org.now()


def export_now(house: House, definition: Definition) -> RunResult:
    ports = replace(house.project.ports(Nobody()), clock=OrgsClock(house))
    return export_records(ports, Export.model_validate(definition))


def gone(result: RunResult) -> list[tuple[str, str, str]]:
    return [(row["id"], row["name"], row["deleted"]) for path in result.files for row in rows_of(path)]


def test_a_record_deleted_for_good_is_told_by_its_id_once(empty: House) -> None:
    first, second = (add(empty, name) for name in "ab")
    export_now(empty, CHANGES)
    empty.org.clock.advance(60)
    empty.org.core.delete("Asset", first)
    empty.org.core.purge("Asset", first)
    empty.org.core.delete("Asset", second)
    empty.org.clock.advance(60)
    assert sorted(gone(export_now(empty, CHANGES))) == [(first, "", "true"), (second, "b", "true")]
    empty.org.core.purge("Asset", second)
    empty.org.clock.advance(60)
    assert gone(export_now(empty, CHANGES)) == []


def test_what_lies_in_the_bin_is_judged_by_the_condition(empty: House) -> None:
    other = add(empty, "other")
    add(empty, "a")
    definition = {**CHANGES, "where": "Name != 'other'"}
    export_now(empty, definition)
    empty.org.core.delete("Asset", other)
    empty.org.clock.advance(60)
    assert gone(export_now(empty, definition)) == []


def test_without_a_column_for_the_id_nothing_can_be_told_of_it(empty: House) -> None:
    record = add(empty, "a")
    definition = {**CHANGES, "columns": {"name": "Name"}}
    export_now(empty, definition)
    empty.org.core.delete("Asset", record)
    empty.org.core.purge("Asset", record)
    empty.org.clock.advance(60)
    assert export_now(empty, definition).files == ()


def test_an_org_that_keeps_no_log_of_deletions_says_so(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    add(empty, "a")
    export_now(empty, CHANGES)

    def refuses(*_: object) -> None:
        raise OrgError("not replicateable", code="INVALID_REPLICATION_DATE", status=400)

    monkeypatch.setattr(type(empty.project.org), "deletions", refuses)
    add(empty, "b")
    result = export_now(empty, CHANGES)
    assert names(result) == ["b"]
    assert "deleted for good: not replicateable" in result.messages[0]


def test_after_a_long_pause_the_log_is_asked_for_as_far_as_it_goes(empty: House) -> None:
    record = add(empty, "a")
    export_now(empty, CHANGES)
    empty.org.clock.advance(20 * 86_400)
    add(empty, "b")
    empty.org.core.delete("Asset", record)
    empty.org.core.purge("Asset", record)
    empty.org.clock.advance(60)
    result = export_now(empty, CHANGES)
    assert min(gone(result)) == (record, "", "true")
    assert result.messages == ()
