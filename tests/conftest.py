"""The house for end-to-end tests: a mock org behind the in-process door, the project's content, a state folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.testing.bound import BoundProject
from tests import once

ROOT = Path(__file__).resolve().parents[1]

# A busy machine is no failure: no test of properties is held to a time. What a test makes in its folder, the next
# example may overwrite.
settings.register_profile(
    "sfsync",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("sfsync")


@pytest.fixture(scope="session", autouse=True)
def _worked_out_once() -> Iterator[None]:
    with once.remembered():
        yield


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's own orgs, projects or state."""
    for name in list(os.environ):
        if name.startswith(("SF_", "SFSYNC_")) and name != "SFSYNC_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))


House = BoundProject

NewHouse = Callable[..., House]


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[NewHouse]:
    """Makes houses with N open web leads; the latest one answers requests."""
    doors = []
    count = 0

    def make(leads: int = 0) -> House:
        nonlocal count
        while doors:
            doors.pop().__exit__(None, None, None)
        count += 1
        org = MockOrg(metadata=[ROOT / "config" / "org"])
        org.seed("charge_card", leads)
        door = activated(lambda request: org.handle(request))  # noqa: PLW0108  tests replace `handle`
        door.__enter__()
        doors.append(door)
        return House(org, tmp_path / f"state-{count}", ROOT)

    yield make
    while doors:
        doors.pop().__exit__(None, None, None)


@pytest.fixture
def house(new_house: NewHouse) -> House:
    """A house with 20 open web leads."""
    return new_house(20)
