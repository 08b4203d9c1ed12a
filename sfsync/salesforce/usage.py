"""How many API calls were made, and how many the org still allows."""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LIMIT_INFO = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")


class ApiUsage:
    """Calls of one session by kind, and the org's own count. Safe to share among threads.

    Kinds: query, composite, collections, convert, bulk2, bulk1, describe, login, other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.by_kind: Counter[str] = Counter()
        self.used: int | None = None
        self.maximum: int | None = None

    @property
    def calls(self) -> int:
        """API calls of this session; logins do not count against the org's limit."""
        with self._lock:
            return sum(self.by_kind.values()) - self.by_kind["login"]

    @property
    def remaining(self) -> int | None:
        """Calls that the org allows until its limit; None as long as the org has not said."""
        with self._lock:
            return None if self.maximum is None or self.used is None else max(0, self.maximum - self.used)

    def count(self, kind: str) -> None:
        """One more call of that kind was sent."""
        with self._lock:
            self.by_kind[kind] += 1
            if self.used is not None and kind != "login":
                self.used += 1  # until the org says better: SOAP and Bulk 1.0 answers carry no figures

    def read(self, limit_info: str | None) -> None:
        """Take over the org's figures: ``api-usage=18/5000`` (header Sforce-Limit-Info, "Limit Info Header")."""
        found = _LIMIT_INFO.search(limit_info or "")
        if found:
            with self._lock:
                self.used, self.maximum = int(found[1]), int(found[2])


def kind_of(path: str) -> str:
    """The kind of a call by its path."""
    path = path.partition("?")[0].rstrip("/").casefold()
    if "/services/soap/" in path:
        return "convert"
    if "/services/async/" in path:
        return "bulk1"
    rest = re.sub(r"^/services/data/v[\d.]+/", "", path)
    head, _, tail = rest.partition("/")
    if head in {"query", "queryall"}:
        return "query"
    if head == "composite":
        return "collections" if tail.startswith("sobjects") else "composite"
    if head == "jobs":
        return "bulk2"
    if rest == "sobjects" or (head == "sobjects" and path.endswith("/describe")):
        return "describe"
    return "other"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the org."""

    maximum: int
    remaining: int

    @property
    def used(self) -> int:
        return self.maximum - self.remaining


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that the org reports, by the org's own names, such as ``DailyApiRequests``."""

    by_name: Mapping[str, Limit]

    @property
    def api(self) -> Limit | None:
        """The daily API requests."""
        return self.by_name.get("DailyApiRequests")


def parse_limits(body: Any) -> Limits:
    """Read the answer of ``GET limits`` ("Limits" resource); entries of another shape are left out."""
    entries = body.items() if isinstance(body, dict) else ()
    return Limits(
        {
            name: Limit(int(entry["Max"]), int(entry["Remaining"]))
            for name, entry in entries
            if isinstance(entry, dict) and "Max" in entry and "Remaining" in entry
        }
    )
