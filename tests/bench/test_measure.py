"""The benchmarks compare what they say they compare."""

import json
import subprocess
import sys

import pytest

from tests.bench.measure import ROOT, Cost, Pair, Plan, Work, alternate, process, side


def test_the_ratio_is_that_of_the_medians():
    pair = Pair([Cost(3, 10), Cost(100, 30), Cost(2, 20)], [Cost(1, 10), Cost(1.5, 10), Cost(0, 10)])
    assert pair.time == 3
    assert pair.memory == 2


def test_the_sides_take_turns():
    order: list[str] = []

    def run(name: str) -> Cost:
        order.append(name)
        return Cost(len(order), 1)

    pair = alternate(2, lambda: run("ours"), lambda: run("theirs"))
    assert order == ["ours", "theirs"] * 2
    assert [cost.seconds for cost in pair.theirs] == [2, 4]


def wasteful(megabytes: str) -> Work:
    """A side that takes memory, and says how much."""

    def work() -> int:
        return len(bytes(int(megabytes) * 1024 * 1024))

    return work


def test_a_side_runs_in_a_process_of_its_own():
    small, large = side(wasteful, 1)(), side(wasteful, 200)()
    assert large.value == 200 * 1024 * 1024
    assert 0 < large.seconds < 60
    assert small.megabytes > 0


def test_a_side_that_fails_ends_the_benchmark():
    with pytest.raises(SystemExit, match=r"ended with 3\."):
        process([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize(("quick", "rows", "runs"), [(False, 1000, 7), (True, 100, 2)])
def test_quick_measures_less(tmp_path, quick: bool, rows: int, runs: int):
    plan = Plan(tmp_path, quick)
    assert (plan.rows(1000), plan.runs(7), plan.runs(1)) == (rows, runs, 1)


def test_the_bars_hold_and_the_table_is_an_object_on_request():
    """The two things that are promised: the calls from lead to order, and (on a quiet machine) the start."""
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", "--only", "charge_card"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["quick"] is True
    calls = found["rows"][0]
    assert (calls["name"], calls["passed"]) == ("API calls, lead to order", True)
    assert calls["ratio"] < 1
