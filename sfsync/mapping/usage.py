"""Which of our names a mapping reads and then uses for nothing."""

from collections.abc import Iterator
from typing import Any

from sfsync.mapping.model import Mapping, When


def unused_names(mapping: Mapping) -> list[str]:
    """Names that no field, condition or phone region uses; content in Python may use them all the same."""
    used = {source.from_ for _, source in mapping.sources()}
    for _, source in mapping.sources():
        used |= set(_named(source.when))
    for rule in (*mapping.file.headers.values(), *mapping.fields.values()):
        used |= {*_named(rule.required_if), rule.region_from}
    for rejection in mapping.reject_if:
        used |= set(_named(rejection.when))
    return [name for name in mapping.file.headers if name not in used]


def _named(when: When | None) -> Iterator[Any]:
    for alternative in when or ():
        yield from alternative
