"""How texts compare: without case beyond A to Z, loosely for duplicate rules, and in people's order."""

import unicodedata
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    folded = letter.casefold()
    # What folds to several letters (ß) or to ASCII stays itself: SQLite's own comparison does not know it either.
    return folded if len(folded) == 1 and not folded.isascii() else letter


def fold(text: Any) -> Any:
    """Text without case, beyond the letters A to Z that SQLite's own collation knows; other values as they are."""
    if not isinstance(text, str):
        return text
    if text.isascii():
        return text.lower()
    return "".join(each.lower() if each.isascii() else _fold_letter(each) for each in text)


def variants(text: str, most: int = 64) -> list[str] | None:
    """The ways to write a text with its letters beyond ASCII in either case, so that an index can find them; None
    when there are more than ``most``.
    """
    found = [""]
    for letter in text:
        forms = {letter}
        if not letter.isascii():
            both = {_fold_letter(letter), letter.upper(), letter.lower(), letter.title()}
            forms |= {each for each in both if len(each) == 1 and _fold_letter(each) == _fold_letter(letter)}
        found = [head + form for head in found for form in sorted(forms)]
        if len(found) > most:
            return None
    return found


def loose(text: Any) -> Any:
    """Letters and digits alone, without accents and case: how duplicate rules compare loosely."""
    if not isinstance(text, str):
        return text
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def sort_key(text: Any) -> Any:
    """What text is sorted by: letters first, then accents, then case, as people expect it."""
    if not isinstance(text, str) or text.isascii():
        return text.lower() if isinstance(text, str) else text
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return f"{plain.casefold()}\x00{text.casefold()}"
