"""`python -m tests.audit`: prints what was found; exits 1 on a known vulnerability or a pin that does not hold."""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.utils import canonicalize_name

from tests.audit.audit import Audited, audited, differences, needed_by, pins

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
"""Patience with the service, for all pins."""


def main() -> int:
    pinned = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    here = {canonicalize_name(one.name): one for one in distributions()}
    problems = differences(
        pinned,
        {name: one.version for name, one in here.items()},
        needed_by("sfsync", here, here["sfsync"].metadata.get_all("Provides-Extra") or ()),
    )
    check = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    problems += check.stdout.splitlines() if check.returncode else []
    found = _ask(
        dict(list(pinned.items())[:1])
    )  # one first: a service that is not there is not asked for all
    if found and found.known:
        found = _ask(pinned)
    problems += found.vulnerable if found else ()
    if found is None or not found.known:
        print(
            "audit: the vulnerability service cannot be reached from here, so vulnerabilities were not looked for."
        )
    else:
        print(
            f"audit: {found.known} of {len(pinned)} pins looked up, {len(found.vulnerable)} vulnerabilities."
        )
    print(*(f"audit: {problem}" for problem in problems), sep="\n", end="\n" if problems else "")
    print(f"audit: {len(pinned)} pins, {len(problems)} problems.")
    return int(bool(problems))


def _ask(chosen: dict[str, str]) -> Audited | None:
    with TemporaryDirectory(prefix="sfsync-audit-") as scratch:
        path = Path(scratch) / "requirements.txt"
        path.write_text("".join(f"{name}=={version}\n" for name, version in chosen.items()), encoding="utf-8")
        words = [
            "-r",
            str(path),
            "--no-deps",
            "--disable-pip",
            "-f",
            "json",
            "--timeout",
            "5",
            "--progress-spinner=off",
        ]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pip_audit", *words],
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return None
    return audited(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
