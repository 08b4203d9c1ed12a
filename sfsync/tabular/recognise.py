"""Which partner file is this? By its headings alone: what a file is called, or where it lies, proves nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sfsync.cells import fold


@dataclass(frozen=True, slots=True)
class Match:
    """How well a file fits one partner file. Names are ours; ``matched`` tells the heading that was found."""

    name: str
    matched: Mapping[str, str]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether every column of the partner file is there."""
        return not self.missing

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Better matches rank higher: complete ones first, then by the share of columns found, then by number."""
        return self.fits, len(self.matched) / max(len(self.matched) + len(self.missing), 1), len(self.matched)


def recognise(
    headings: Sequence[str],
    candidates: Mapping[str, Mapping[str, Collection[str]]],
    optional: Mapping[str, Collection[str]] | None = None,
) -> list[Match]:
    """The candidates (partner file → our column name → headings partners use), best match first.

    ``optional`` names, per candidate, the columns that a file may lack; they are never ``missing``.
    """
    there = {fold(heading): heading for heading in reversed(headings) if fold(heading)}
    matches = [
        _match(name, columns, there, frozenset((optional or {}).get(name, ())))
        for name, columns in candidates.items()
    ]
    return sorted(matches, key=lambda match: match.rank, reverse=True)


def _match(
    name: str, columns: Mapping[str, Collection[str]], there: Mapping[str, str], optional: frozenset[str]
) -> Match:
    matched = {}
    for ours, aliases in columns.items():
        found = next((there[key] for key in map(fold, aliases) if key in there), None)
        if found is not None:
            matched[ours] = found
    missing = tuple(ours for ours in columns if ours not in matched and ours not in optional)
    known = {fold(heading) for heading in matched.values()}
    unknown = tuple(heading for key, heading in there.items() if key not in known)
    return Match(name, matched, missing, unknown)


def certain(matches: Sequence[Match]) -> Match | None:
    """The one candidate that is meant, or None when nothing fits or two fit equally well."""
    fitting = [match for match in matches if match.fits and match.matched]
    if not fitting or (len(fitting) > 1 and fitting[0].rank == fitting[1].rank):
        return None
    return fitting[0]
