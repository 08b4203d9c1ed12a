"""`python -m tests.traffic --leads 100000 --dealers 500 --days 60`: the whole of it; see ``tests/traffic``."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.traffic.simulate import Size, Traffic


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.traffic", description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--dealers", type=int, default=500)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument(
        "--every", type=int, default=7, help="Days between two files of a dealer, on average."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-q", "--quiet", action="store_true", help="Only the end.")
    words = parser.parse_args()
    started = perf_counter()
    with TemporaryDirectory(prefix="sfsync-traffic-") as folder:
        traffic = Traffic(Size(words.leads, words.dealers, words.days, words.every, words.seed), Path(folder))
        report = traffic.run(
            lambda line: (
                None if words.quiet else print(f"{perf_counter() - started:6.0f} s  {line}", flush=True)
            )
        )
    for title, counts in (
        ("leads by status", report.statuses),
        ("traffic", report.counts),
        ("trouble", report.trouble),
    ):
        print(f"{title}: " + ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())))
    for problem in report.problems[:40]:
        print(f"  {problem}")
    print(f"{len(report.problems)} problems, {perf_counter() - started:.0f} s")
    return int(bool(report.problems))


if __name__ == "__main__":
    sys.exit(main())
