"""How the benchmarks measure: two sides in turn, each in a process of its own, and the ratio of their medians.

A side is a function that prepares (imports, generated data) and returns the work to be timed. Every side runs in a
new process, so that its peak memory is its own and neither side warms anything up for the other. This process must
stay small itself: a child's peak counts from the size of the process that started it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Work = Callable[[], Any]
Side = Callable[..., Work]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: how much sfsync takes of what the other side takes; lower is better."""

    name: str
    compared: str
    ratio: float
    detail: str = ""
    bar: str = ""
    passed: bool | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": round(self.ratio, 5)}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a side took: seconds of its work, megabytes of its process, and what the work returned."""

    seconds: float
    megabytes: float
    value: Any = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Several runs of both sides."""

    ours: Sequence[Cost]
    theirs: Sequence[Cost]

    @property
    def time(self) -> float:
        """The ratio of the median times."""
        return _median(self.ours, "seconds") / _median(self.theirs, "seconds")

    @property
    def memory(self) -> float:
        """The ratio of the median peaks of memory."""
        return _median(self.ours, "megabytes") / _median(self.theirs, "megabytes")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure: all of it, or with --quick a tenth of the rows and fewer runs."""

    scratch: Path
    quick: bool = False

    def rows(self, full: int) -> int:
        return full // 10 if self.quick else full

    def runs(self, full: int) -> int:
        return max(1, full // 3) if self.quick else full


def alternate(runs: int, ours: Callable[[], Cost], theirs: Callable[[], Cost]) -> Pair:
    """Run both sides in turn, so that a busy moment of the machine hits both."""
    costs = [(ours(), theirs()) for _ in range(runs)]
    return Pair([cost for cost, _ in costs], [cost for _, cost in costs])


def side(function: Side, *arguments: object) -> Callable[[], Cost]:
    """A side as something to run: ``function(*arguments)`` in a new process."""
    words = [f"{function.__module__}:{function.__qualname__}", *map(str, arguments)]
    return lambda: process([sys.executable, "-m", "tests.bench.child", *words], report=True)


def process(command: Sequence[str], *, report: bool = False, codes: Sequence[int] = (0,)) -> Cost:
    """Run a process to its end; its whole time counts, unless it reports the time of its work itself.

    ``codes``: the exit codes that mean success.
    """
    output = subprocess.PIPE if report else subprocess.DEVNULL
    os.sync()  # so that nothing an earlier process wrote goes to the disk beside this one
    started = perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, stdout=output, stdin=subprocess.DEVNULL, env=_environment())
    said = child.stdout.read() if child.stdout else b""
    _, status, usage = os.wait4(child.pid, 0)
    seconds = perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.stdout:
        child.stdout.close()
    if child.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}.")
    told = json.loads(said.splitlines()[-1]) if report else {"seconds": seconds, "value": None}
    return Cost(told["seconds"], usage.ru_maxrss / 1024, told["value"])


def _environment() -> dict[str, str]:
    """That of this process, but bytecode is kept: a program that was installed is not compiled at each start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _median(costs: Sequence[Cost], name: str) -> float:
    return float(median(getattr(cost, name) for cost in costs))
