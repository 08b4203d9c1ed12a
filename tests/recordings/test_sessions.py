"""The client against recordings of its own sessions, and the mock org against them."""

from pathlib import Path
from typing import Any

import pytest

from sfsync.mockorg.callbacks import activated
from sfsync.mockorg.recording import Recording, UnknownRequest
from sfsync.testing.bound import BoundProject
from tests.recordings.sessions import FORMS, HERE, ROOT, SESSIONS, make, new_org

EXPECTED: dict[str, Any] = {
    "convert": {"convert": {"applied": 4}},
    "order": [{"products": {"applied": 4}}, {"close": {"applied": 4}}, {"order": {"applied": 4}}],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_replays_with_the_same_result(name: str, tmp_path: Path):
    recording = Recording.load(HERE / f"{name}.yaml")
    replay = recording.replay()
    with activated(replay.handle):
        try:
            result = SESSIONS[name].act(BoundProject(new_org(), tmp_path / "replayed", ROOT))
        except UnknownRequest as error:
            pytest.fail(
                f"{error}\nIf the new request is meant, record anew: python -m tests.recordings.sessions"
            )
    assert replay.unused == ()
    fresh, expected = make(name, tmp_path / "made")
    assert result == expected == EXPECTED.get(name, expected)
    assert [(each.method, each.status) for each in fresh.exchanges] == [
        (each.method, each.status) for each in recording.exchanges
    ]


@pytest.mark.parametrize("name", SESSIONS)
def test_the_mock_org_answers_every_recording_in_the_same_shape(name: str):
    org = new_org()
    assert list(map(str, Recording.load(HERE / f"{name}.yaml").compare(org))) == []


def test_the_recorded_intake_is_not_trivial():
    answers = [str(each.answer.value) for each in Recording.load(HERE / "intake.yaml").exchanges]
    assert sum(text.count("'created': True") for text in answers) > FORMS / 2


def test_the_recorded_bulk_load_has_a_refused_row():
    exchanges = Recording.load(HERE / "bulk_load.yaml").exchanges
    failed = next(each for each in exchanges if each.path.endswith("failedResults"))
    assert len(failed.answer.value) == 2
    assert "STRING_TOO_LONG" in str(failed.answer.value)
