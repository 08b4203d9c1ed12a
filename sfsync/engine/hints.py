"""What a partner may have meant: the known word that is nearest to the one that was not understood."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sfsync.cells import fold
from sfsync.engine.flow import Decision, FileRows
from sfsync.languages.reason import Reason

if TYPE_CHECKING:
    from sfsync.engine.tables import TableFile
    from sfsync.mapping.bind import Bound

ABOUT_WORDS = frozenset({"word_unknown", "one_of", "country_unknown"})
"""Rules that a word breaks which is not known."""

_NEAR = 0.7


def nearest_words(file: "FileRows | TableFile", asked: Mapping[int, str]) -> Mapping[int, Reason]:
    """Row number → a suggestion, for rows that were refused for a word; the file is read again for them.

    ``asked`` are numbers of rows, and our name of the word that was refused (see ``about_a_word``).
    """
    bound: Bound = file.bound
    places = {name: bound.columns.positions.get(name) for name in set(asked.values())}
    words = {name: _words(bound, name) for name, place in places.items() if place is not None}
    if not any(words.values()):
        return {}
    found = {}
    for number, name, typed in _typed(file, asked, places):
        near = difflib.get_close_matches(fold(typed), words.get(name, {}), n=1, cutoff=_NEAR)
        if near:
            found[number] = Reason("did_you_mean", "Did you mean {word}?", word=words[name][near[0]])
    return found


def about_a_word(decisions: Iterable[Decision]) -> dict[int, str]:
    """The rows that were refused for a word, with our name of it."""
    return {
        decision.number: decision.field
        for decision in decisions
        if decision.number is not None and getattr(decision.reason, "code", "") in ABOUT_WORDS
    }


def _words(bound: "Bound", name: str) -> dict[str, str]:
    """Folded word → the word as the mapping writes it."""
    from sfsync.mapping.kinds import type_of, words

    rule = next((item.rule for item in bound.columns.plan.names if item.name == name), None)
    if rule is None or type_of(rule) not in {"picklist", "text", "key"}:
        return {}
    known = words(rule)
    return {fold(word): word for value in known for word in (*known[value], value)}


def _typed(
    file: "FileRows | TableFile", asked: Mapping[int, str], places: Mapping[str, int | None]
) -> Iterator[tuple[int, str, str]]:
    import polars as pl

    for frame in file.table.pick(pl.Series(sorted(asked), dtype=pl.UInt32)):
        for row in frame.iter_rows(named=True):
            name = asked[row["row"]]
            typed = row.get(str(places[name]))
            if typed:
                yield row["row"], name, typed
