"""`python -m tests.simulation`: thousands of schedules, a table of faults and outcomes; exits 1 on a violation."""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.simulate import Verdict, play_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="play this one schedule and tell it step by step")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    if options.seed is not None:
        return _tell(play_all([options.seed])[0])
    started = time.monotonic()
    seeds = range(options.first, options.first + options.schedules)
    chunks = [seeds[start : start + 100] for start in range(0, len(seeds), 100)]
    verdicts: list[Verdict] = []
    os.environ["POLARS_MAX_THREADS"] = "1"  # the workers fill the cores already
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=spawn) as pool:
        for done in as_completed([pool.submit(play_all, chunk) for chunk in chunks]):
            verdicts += done.result()  # a worker that dies raises here
            print(f"\r{len(verdicts):,} schedules", end="", file=sys.stderr)
    print(file=sys.stderr)
    return _table(verdicts, time.monotonic() - started)


def _tell(verdict: Verdict) -> int:
    print(f"seed {verdict.seed}: {verdict.scenario}")
    print(*verdict.log, sep="\n")
    print(verdict.problem or "every promise held")
    return 1 if verdict.problem else 0


def _table(verdicts: list[Verdict], seconds: float) -> int:
    struck: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        for fault, times in verdict.struck.items():
            struck[fault]["struck"] += times
            struck[fault]["schedules"] += 1
            struck[fault]["violations"] += bool(verdict.problem)
    print(f"{'fault':<36}{'struck':>8}{'schedules':>11}{'violations':>12}")
    for fault in sorted(struck):
        row = struck[fault]
        print(f"{fault:<36}{row['struck']:>8,}{row['schedules']:>11,}{row['violations']:>12,}")
    outcomes = sum((verdict.outcomes for verdict in verdicts), Counter[str]())
    print("runs: " + ", ".join(f"{count:,} {name}" for name, count in outcomes.most_common()))
    broken = [verdict for verdict in verdicts if verdict.problem]
    print(f"{len(verdicts):,} schedules, {len(broken):,} violations, {seconds:.0f} s")
    for verdict in broken[:10]:
        print(f"  seed {verdict.seed} ({verdict.scenario}): {verdict.problem.strip().splitlines()[-1][:300]}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
