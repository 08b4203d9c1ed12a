"""Did you mean …? One way to say it, for keys, types, names and fields."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known word, or with all of them when they are few; else nothing."""
    options = {option.casefold(): option for option in known}
    if close := difflib.get_close_matches(word.casefold(), options, n=1, cutoff=0.6):
        return f"Did you mean {options[close[0]]}?"
    if 0 < len(options) <= 15:
        return f"Known are: {', '.join(sorted(options.values()))}."
    return ""
