"""What pip-audit answered and what is installed, judged. No network here."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

IGNORED: Mapping[str, str] = {}
"""Vulnerabilities that do not touch us: id → the reason."""

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;#]+)")


@dataclass(frozen=True, slots=True)
class Audited:
    """What the service knows: how many pins it knew, and a line for each vulnerability."""

    known: int
    vulnerable: tuple[str, ...]


def pins(text: str) -> dict[str, str]:
    """Name → version of a requirements file; anything but comments and exact pins is a ValueError."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.partition("#")[0].strip()
        if not plain:
            continue
        pin = _PIN.fullmatch(plain)
        if pin is None:
            raise ValueError(f"requirements.txt:{number}: {plain!r} is no exact pin such as name==1.2.3.")
        found[canonicalize_name(pin["name"])] = pin["version"]
    return found


def audited(answer: str) -> Audited | None:
    """What pip-audit's JSON says; None when it is none, for pip-audit ended with an error."""
    try:
        dependencies = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    known = [one for one in dependencies if "skip_reason" not in one]
    lines = [
        f"{one['name']} {one['version']}: {vulnerability['id']}"
        + (
            f", mended in {', '.join(vulnerability['fix_versions'])}"
            if vulnerability.get("fix_versions")
            else ""
        )
        for one in known
        for vulnerability in one.get("vulns", ())
        if not IGNORED.keys() & {vulnerability["id"], *vulnerability.get("aliases", ())}
    ]
    return Audited(len(known), tuple(lines))


def differences(pinned: Mapping[str, str], installed: Mapping[str, str], needed: Iterable[str]) -> list[str]:
    """Where pins and installed versions part: a sentence each. Pins of what is not installed here are no matter."""
    found = [
        f"{name} is pinned to {version}, installed is {installed[name]}."
        for name, version in sorted(pinned.items())
        if name in installed and installed[name] != version
    ]
    return found + [
        f"{name} {installed[name]} is needed and not pinned." for name in sorted(needed) if name not in pinned
    ]


def needed_by(name: str, distributions: Mapping[str, Distribution], extras: Iterable[str] = ()) -> set[str]:
    """All installed distributions that one needs, with these extras and what they need themselves."""
    found: set[str] = set()
    waiting = [(canonicalize_name(name), frozenset(extras))]
    seen = set(waiting)
    while waiting:
        own, wanted = waiting.pop()
        if own not in distributions:
            continue
        found.add(own)
        for text in distributions[own].requires or ():
            requirement = Requirement(text)
            if requirement.marker and not any(
                requirement.marker.evaluate({"extra": extra}) for extra in wanted or {""}
            ):
                continue
            each = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return found - {canonicalize_name(name), "pip"}  # pip comes with the environment
