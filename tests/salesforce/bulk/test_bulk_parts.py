import csv
import io
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import SfsyncError
from sfsync.records import State
from sfsync.salesforce import bulk_parts
from sfsync.salesforce.bulk_parts import parts


def read(part):
    with part:
        return list(csv.DictReader(io.StringIO(part.file.read().decode(), newline="")))


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=30), st.integers(1, 200)
)
def test_every_row_is_in_one_part_or_refused(names, size):
    rows = [{"K__c": name, "Name": str(number)} for number, name in enumerate(names)]
    places, count = [], 0
    for part in parts(rows, "K__c", part_bytes=size):
        assert part.size <= size or part.rows <= 1
        found = list(part.places.values())
        places += found + [place for place, _ in part.refused]
        sent = read(part)
        assert [row["Name"] for row in sent] == [str(place) for place in found]
        assert len({row["K__c"].casefold() for row in sent}) == len(sent)
        count += 1
    assert sorted(places) == list(range(len(rows)))
    assert (count == 0) == (not rows)


def test_a_row_without_a_value_leaves_the_field_as_it_is():
    (part,) = parts([{"K__c": "a", "X": 1}, {"K__c": "b", "Y": None}], "K__c")
    assert read(part) == [{"K__c": "a", "X": "1", "Y": ""}, {"K__c": "b", "X": "", "Y": "#N/A"}]


def test_a_late_new_column_starts_a_new_part(monkeypatch):
    monkeypatch.setattr(bulk_parts, "_LOOK_AHEAD", 2)
    rows = [{"Id": f"00Q00000000000{n}", "A": n} for n in range(3)] + [{"Id": "00Q000000000009", "B": 1}]
    first, second = (read(part) for part in parts(rows, None))
    assert [row["A"] for row in first] == ["0", "1", "2"]
    assert second == [{"Id": "00Q000000000009", "A": "", "B": "1"}]


def test_what_cannot_be_sent_says_why():
    rows = [
        {"K__c": "a"},
        {"K__c": "A"},
        {"Name": "no key"},
        {"K__c": ""},
        {"K__c": "b", "Name": "#N/A"},
    ]
    (part,) = parts(rows, "K__c")
    assert [(place, one.state, one.code) for place, one in part.refused] == [
        (1, State.REFUSED, "DUPLICATE_IN_JOB"),
        (2, State.REFUSED, "NOT_SENDABLE"),
        (3, State.REFUSED, "NOT_SENDABLE"),
        (4, State.REFUSED, "NOT_SENDABLE"),
    ]
    assert "Name: the text #N/A" in part.refused[-1][1].reason
    assert [row["K__c"] for row in read(part)] == ["a"]


def test_ids_are_the_same_in_both_lengths_and_differ_by_case():
    rows = [{"Id": "00Q00000000000a"}, {"Id": "00Q00000000000aAAA"}, {"Id": "00Q00000000000A"}]
    (part,) = parts(rows, None)
    assert [place for place, _ in part.refused] == [1]
    assert [row["Id"] for row in read(part)] == ["00Q00000000000a", "00Q00000000000A"]


def test_a_full_disk_is_explained(monkeypatch):
    class Full(io.BytesIO):
        def write(self, data, /):
            if data.startswith(b"b"):
                raise OSError(28, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(SfsyncError, match="No space left on device"):
        list(parts([{"K__c": "a"}, {"K__c": "b"}], "K__c"))
