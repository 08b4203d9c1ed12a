"""A file that is made while something else is done stands in its place only when it is wanted."""

import threading
from pathlib import Path

import pytest

from sfsync.engine.running import meanwhile


def test_a_file_is_made_in_a_thread_and_put_where_it_is_wanted(tmp_path: Path) -> None:
    begun, wanted = threading.Event(), tmp_path / "answer.csv"
    makers: list[threading.Thread] = []

    def make(path: Path) -> None:
        makers.append(threading.current_thread())
        path.write_text(f"made as {path.suffix}", encoding="utf-8")
        begun.set()

    with meanwhile("answer.csv", make) as put:
        assert begun.wait(10)
        assert not wanted.exists()
        put(wanted)
    assert wanted.read_text(encoding="utf-8") == "made as .csv"
    assert makers != [threading.current_thread()]


def test_trouble_of_the_thread_comes_when_the_file_is_wanted(tmp_path: Path) -> None:
    def make(path: Path) -> None:
        raise OSError(f"no room for {path.name}")

    with meanwhile("answer.csv", make) as put, pytest.raises(OSError, match="no room"):
        put(tmp_path / "answer.csv")


def test_a_file_that_nobody_wants_leaves_nothing_behind(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        path.touch()
        made.append(path)

    with pytest.raises(ValueError, match="the journal"), meanwhile("answer.csv", make):
        raise ValueError("the journal")
    assert not made[0].exists()
    assert not list(tmp_path.iterdir())
