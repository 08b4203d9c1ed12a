"""`python -m tests.audit`: prints what was found; exits 1 on a known vulnerability or a pin that does not hold.

With ``--osv-url URL`` another service is asked, which answers as osv.dev does: a company's own, or that of a test.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.utils import canonicalize_name

from tests.audit.audit import Audited, audited, differences, needed_by, pins

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
"""Patience with the service, for all pins."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.audit")
    parser.add_argument("--osv-url", help="ask this service, which answers as osv.dev does")
    osv_url = parser.parse_args(arguments).osv_url
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
        dict(list(pinned.items())[:1]), osv_url
    )  # one first: a service that is not there is not asked for all
    if found and found.known:
        found = _ask(pinned, osv_url)
    problems += found.vulnerable if found else ()
    if found is None or not found.known:
        print(
            "audit: NOT AUDITED. The vulnerability service cannot be reached from here, so vulnerabilities were not "
            "looked for, and none was found or ruled out. Run `make audit` where it can be reached."
        )
    else:
        print(
            f"audit: {found.known} of {len(pinned)} pins looked up, {len(found.vulnerable)} vulnerabilities."
        )
    print(*(f"audit: {problem}" for problem in problems), sep="\n", end="\n" if problems else "")
    print(f"audit: {len(pinned)} pins, {len(problems)} problems.")
    return int(bool(problems))


def _ask(chosen: dict[str, str], osv_url: str | None) -> Audited | None:
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
            *(["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []),
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
