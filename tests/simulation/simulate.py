"""Plays schedules and judges them."""

import atexit
import logging
import random
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from requests import sessions

from sfsync.mapping.bind import Bound
from sfsync.mapping.rows import MappedBlock
from sfsync.mapping.source import source_of
from tests.simulation.judge import only, picture, sound, untouched
from tests.simulation.scenarios import SCENARIOS, Course, Scenario, Violation
from tests.simulation.schedule import Aim, Schedule
from tests.simulation.world import World


@dataclass
class Prepared:
    """A scenario ready to be played again and again."""

    scenario: Scenario
    snapshot: bytes
    wanted: dict[str, Any]
    boundaries: int


@dataclass
class Verdict:
    """What one schedule came to. ``problem`` is empty when every promise held."""

    seed: int
    scenario: str
    struck: Counter[str]
    outcomes: Counter[str]
    problem: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    """The picture of the org in the end."""
    log: list[str] = field(default_factory=list)


class Simulator:
    """Plays schedules one after the other in this process; use it as a context manager."""

    def __init__(self, scenarios: Iterable[Scenario] = SCENARIOS) -> None:
        """Prepare these scenarios; only they can be played."""
        logging.disable(logging.CRITICAL)  # thousands of scripted troubles, each told once too often
        memory = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(prefix="sfsync-sim-", dir=memory if memory.is_dir() else None))
        self._undo = ExitStack()
        self._undo.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = str(self._folder)
        self._undo.callback(setattr, sessions, "get_environ_proxies", sessions.get_environ_proxies)
        sessions.get_environ_proxies = lambda *_, **__: {}  # nothing goes out; asking takes long
        self._undo.callback(setattr, Bound, "map", Bound.map)
        Bound.map = _remembering(Bound.map)
        self.world = World(self._folder)
        self._undo.enter_context(self.world.moves())
        # all of them now: what a test takes away later must not show in what schedules are held against
        self._prepared = {scenario.name: self._prepare(scenario) for scenario in scenarios}

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *_: object) -> None:
        logging.disable(logging.NOTSET)
        self._undo.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def play(self, seed: int, *, calm: bool = False, aim: Aim | None = None) -> Verdict:
        """One seed, one schedule: the same every time. ``calm``: without any trouble; ``aim``: with this one."""
        random.seed(seed)  # the jitter of pauses
        prepared = self._prepared[SCENARIOS[seed % len(SCENARIOS)].name]
        schedule = Schedule(seed, prepared.boundaries, calm=calm, aim=aim)
        verdict = Verdict(seed, prepared.scenario.name, schedule.struck, Counter(), log=schedule.log)
        scenario = prepared.scenario
        self.world.begin(prepared.snapshot, schedule, bulk_from=scenario.bulk_from, rivals=scenario.rivals)
        course = Course(self.world, outcomes=verdict.outcomes)
        try:
            prepared.scenario.play(course)
            found = verdict.found = picture(self.world)
            sound(self.world)
            wanted = prepared.wanted
            if self.world.touched:
                others = untouched(wanted, self.world.touched)
                wanted, found = only(wanted, others), only(found, others)
            if found != wanted:
                verdict.problem = f"the org differs: {_difference(wanted, found)}"
        except Violation as broken:
            verdict.problem = str(broken)
        except Exception:  # noqa: BLE001  anything else is a bug, and the verdict says so
            verdict.problem = traceback.format_exc()
        finally:
            self.world.end()
        return verdict

    def _prepare(self, scenario: Scenario) -> Prepared:
        self.world.org.reset()
        scenario.prepare(self.world)
        snapshot = self.world.org.snapshot()
        calm = Schedule(0, 2)
        calm._places = set()
        self.world.begin(snapshot, calm, bulk_from=scenario.bulk_from)
        scenario.play(Course(self.world))
        prepared = Prepared(scenario, snapshot, picture(self.world), calm.passed)
        self.world.end()
        return prepared


def _remembering(real: Any) -> Any:
    """``Bound.map`` that maps the same rows once: the same few rows come thousands of times."""
    known: dict[Any, list[MappedBlock]] = {}

    def mapped(
        bound: Bound, blocks: Any, *, lookups: Any = None, broken: Any = None
    ) -> Iterable[MappedBlock]:
        frames = list(source_of(blocks, once=True).blocks())
        rows = tuple((*frame.columns, *frame.rows()) for frame in frames)
        key = (id(bound.columns.plan), bound.columns.headings, rows)
        if lookups or broken:  # filled by the reading of the frames
            return real(bound, frames, lookups=lookups, broken=broken)
        if key not in known:
            known[key] = list(real(bound, frames))
        return known[key]

    return mapped


def _difference(wanted: Any, found: Any, path: str = "") -> str:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in wanted:
            if wanted[name] != found.get(name):
                return _difference(wanted[name], found.get(name), f"{path}.{name}")
    if isinstance(wanted, list) and isinstance(found, list):
        for index, item in enumerate(wanted):
            if index >= len(found) or item != found[index]:
                return _difference(item, found[index] if index < len(found) else None, f"{path}[{index}]")
    return f"{path}: expected {wanted!r}, found {found!r}"


_here: Simulator | None = None


def play_all(seeds: Iterable[int]) -> list[Verdict]:
    """Play in this process; its simulator, with all it has prepared, is kept until the process ends."""
    global _here  # noqa: PLW0603  one simulator a process
    if _here is None:
        _here = Simulator()
        atexit.register(_here.__exit__)
    return [_here.play(seed) for seed in seeds]
