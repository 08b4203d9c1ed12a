"""`python -m tests.fuzz`: fuzzes each target for some time, prints a line for each, exits 1 when one broke."""

import argparse
import os
import random
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.mutate import mutant
from tests.fuzz.targets import TARGETS, crash_seeds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this one; can be repeated")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument(
        "--keep", type=Path, default=Path(".fuzz"), help="where inputs that break something go"
    )
    parser.add_argument(
        "--repeat", type=Path, metavar="FILE", help="give a target this file once; needs --target"
    )
    words = parser.parse_args()
    if words.repeat:
        TARGETS[words.target[0]].run(words.repeat.read_bytes())
        print("nothing broke")
        return 0
    words.keep.mkdir(parents=True, exist_ok=True)
    guided = find_spec("atheris") is not None
    print(
        "guided by coverage (atheris)" if guided else "atheris is not installed: random mutants, not guided"
    )
    broken = 0
    for name in words.target or TARGETS:
        runs, seconds, problem = (_apart if guided else _random)(name, words.seconds, words.keep)
        broken += bool(problem)
        print(f"{name:<10}{runs:>10,} inputs {seconds:>5.0f} s  {problem or 'nothing broke'}", flush=True)
    return int(bool(broken))


def _apart(name: str, seconds: int, keep: Path) -> tuple[int, float, str]:
    """Fuzz in a process of its own: it ends where something breaks."""
    started = time.monotonic()
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="sfsync-fuzz-", dir=memory if memory.is_dir() else None) as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate((*TARGETS[name].seeds, *crash_seeds()[name])):
            (corpus / str(number)).write_bytes(seed)
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.guided", name, str(corpus), str(seconds), str(keep)],
            env=os.environ | {"TMPDIR": scratch},
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    runs = [int(number) for number in re.findall(r"(?:#|Done )(\d+)", done.stderr)]
    problem = ""
    if done.returncode:
        (keep / f"{name}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
        problem = f"broke: {keep / name}.log and the input beside it"
    return max(runs, default=0), time.monotonic() - started, problem


def _random(name: str, seconds: int, keep: Path) -> tuple[int, float, str]:
    started, dice, runs = time.monotonic(), random.Random(), 0
    target = TARGETS[name]
    seeds = (*target.seeds, *crash_seeds()[name])
    while time.monotonic() - started < seconds:
        data, runs = mutant(seeds, dice), runs + 1
        try:
            target.run(data)
        except BaseException as error:  # noqa: BLE001  anything that is no sentence is a bug
            path = keep / f"{name}-{runs}"
            path.write_bytes(data)
            return runs, time.monotonic() - started, f"broke with {type(error).__name__}: {path}"
    return runs, time.monotonic() - started, ""


if __name__ == "__main__":
    sys.exit(main())
