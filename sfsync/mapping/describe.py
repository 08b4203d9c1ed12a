"""A mapping against the object as the org describes it: names, types, lengths, picklists, what may be written."""

from collections.abc import Iterator, Mapping as Map
from typing import Any

from sfsync.errors import Problem
from sfsync.mapping.model import Mapping


def check_against(mapping: Mapping, describe: Map[str, Any]) -> list[Problem]:
    """Every mismatch, in file order. ``describe`` is the JSON of ``/sobjects/<object>/describe``."""
    return list(_mismatches(mapping, describe))


def _mismatches(mapping: Mapping, describe: Map[str, Any]) -> Iterator[Problem]:
    yield from ()
