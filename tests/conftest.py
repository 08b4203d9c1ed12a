"""The house for end-to-end tests: a mock org behind the in-process door, the project's content, a state folder.

What hundreds of tests would read again and again, and nothing changes, is read once in a process.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from ruamel.yaml import YAML

from sfsync.mockorg import MockOrg
from sfsync.mockorg import dml as mockorg_dml
from sfsync.mockorg import org as mockorg_org
from sfsync.mockorg.callbacks import activated
from sfsync.mockorg.metadata import Metadata, load
from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.prepared import Prepared, prepare
from sfsync.mockorg.schema import ObjectDef
from sfsync.testing.bound import BoundProject

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
def _read_once() -> Iterator[None]:
    """The same metadata is loaded once: a schema is immutable; and so is all but three parts of what writing to its
    objects needs. The same YAML is parsed once: its nodes are only walked. Together they are most of what a mock
    org, and a run of a flow, take to begin.
    """
    loaded: dict[object, Metadata] = {}
    kept: set[int] = set()

    def known(folders: Sequence[Path]) -> Metadata:
        files = [path for folder in folders for path in sorted(folder.rglob("*.*")) if path.is_file()]
        key = (*folders, *((path, path.read_bytes()) for path in files))
        if key not in loaded:
            loaded[key] = load(folders)
            kept.add(id(loaded[key].rules))
        return loaded[key]

    ready: dict[tuple[int, int], Prepared] = {}  # by the identity of what ``loaded`` keeps

    def prepared(thing: ObjectDef, book: RuleBook) -> Prepared:
        if id(book) not in kept:
            return prepare(thing, book)
        found = ready.get((id(thing), id(book)))
        if found is None:
            found = ready[id(thing), id(book)] = prepare(thing, book)
        updates, creates = found.writable
        return replace(found, writable=(updates.copy(), creates.copy()), numbers={}, start=("", "", {}))

    compose = YAML.compose
    composed = lru_cache(maxsize=256)(lambda text: compose(YAML(typ="safe", pure=True), text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mockorg_org, "load", known)
        patch.setattr(mockorg_dml, "prepare", prepared)
        patch.setattr(YAML, "compose", lambda _, text: composed(text))
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
