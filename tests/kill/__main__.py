"""`python -m tests.kill`: kills a run at each of its requests and prints a line for each; exits 1 on a problem."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.kill.site import Point, Site, Verdict, points


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--leads", type=int, default=200)
    parser.add_argument(
        "--bulk-from", type=int, metavar="N", help="use Bulk API 2.0 from N records of one kind"
    )
    parser.add_argument("--request", type=int, metavar="N", help="only this request")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="begin at this request")
    parser.add_argument("--last", type=int, default=10**6, metavar="N", help="end with this request")
    words = parser.parse_args()
    started = time.monotonic()
    with TemporaryDirectory(prefix="sfsync-kill-") as scratch:
        site = Site(Path(scratch), words.leads, bulk_from=words.bulk_from)
        with site.open():
            calm = site.calm()
            _say(
                f"{words.leads} leads: {calm.requests} requests, {calm.written} records written when undisturbed"
            )
            _say(_line("point", "when", "lease of the dead", "request", "wrote", "second", "result"))
            verdicts = []
            for point in points(calm.requests):
                if words.request in {None, point.number} and words.first <= point.number <= words.last:
                    verdicts.append(site.play(point, calm))
                    _say(_row(verdicts[-1]))
    return _sum(verdicts, time.monotonic() - started)


def _row(verdict: Verdict) -> str:
    point: Point = verdict.point
    result = verdict.problem or ("same org, third run wrote nothing" if verdict.request else "not reached")
    numbers = (f"{verdict.written:,}", f"{verdict.rewritten:,}")
    return _line(str(point.number), point.when, point.lease, verdict.request, *numbers, result)


def _line(number: str, when: str, lease: str, request: str, wrote: str, second: str, result: str) -> str:
    return f"{number:>5}  {when:<7} {lease:<18} {request:<40} {wrote:>6} {second:>6}  {result}"


def _sum(verdicts: list[Verdict], seconds: float) -> int:
    reached = [verdict for verdict in verdicts if verdict.request]
    broken = [verdict for verdict in verdicts if verdict.problem]
    twice = sum(verdict.written + verdict.rewritten for verdict in reached)
    _say(
        f"{len(reached)} kills, {len(verdicts) - len(reached)} points not reached, {len(broken)} problems; "
        f"{twice:,} records written by the dead and their successors; {seconds:.0f} s"
    )
    return int(bool(broken) or not reached)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
