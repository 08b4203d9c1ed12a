"""Made-up values, always the same for the same original, recognisable as made up.

They are valid for the kind of field they stand in (an e-mail address is one, an id keeps its object's prefix and
has the right checksum), so that a recording can be sent to an org, and be matched against other values.
"""

import re

from sfsync.mockorg import ids

SECRET = "scrubbed"  # noqa: S105  it stands where a secret was
POD = "Rec"
"""Characters 4 to 6 of every made-up id."""

PATTERN = re.compile(
    r"text-\d+~*|~\d+|person\d+@example\.com|\+1 ?\d{3} ?555 ?01\d\d|https://example\.com/\d+|scrubbed"
    r"|[0-9A-Za-z]{3}(?:Rec|REC)\d{9}(?:[A-Z0-5]{3})?(?![0-9A-Za-z])"
)
"""Finds every made-up value in a text."""


_AREAS = tuple(range(201, 211)) + tuple(range(301, 311)) + tuple(range(401, 411))
"""Area codes of North America, each with a hundred numbers for fiction."""

_PLAIN_PHONE = re.compile(r"\+\d+")

_SHORTEST, _LONG, _LONGEST = 8, 60, 1_000
"""Lengths of texts: up to which the short form is used, from which it is filled up, and how far."""

_SHORT = 5
"""Originals shorter than this are only found as whole words: "is" stands in every sentence."""


class Pseudonyms:
    """The originals met so far, and what stands for each."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}

    def record_id(self, text: str) -> str:
        """An id for an id, of 15 or 18 characters like it; an id in capitals gets one in capitals."""
        whole = ids.normalise(text) or text
        made = self._known.get(("id", whole[:15]))
        if made is None:
            id15 = f"{whole[:3]}{POD}{self._next('id'):09d}"
            made = self._known["id", whole[:15]] = id15 + ids.checksum(id15)
        made = made[: len(text)]
        return made.upper() if text.isupper() and text != whole else made

    def email(self, text: str) -> str:
        return self._made("email", text.casefold(), "person{}@example.com")

    def phone(self, text: str) -> str:
        """A number kept for fiction, the same with and without the country's code, and
        parted where the original was.
        """
        digits = "".join(character for character in text if character.isdigit())[-8:] or text
        known = self._known.get(("phone", digits))
        if known is None:
            area, number = divmod(self._next("phone") - 1, 100)
            known = self._known["phone", digits] = f"+1{_AREAS[area % len(_AREAS)]}55501{number:02d}"
        if not _PLAIN_PHONE.fullmatch(text):
            known = f"{known[:2]} {known[2:5]} {known[5:8]} {known[8:]}"
        self._known["phone", text] = known  # as it may be quoted
        return known

    def link(self, text: str) -> str:
        return self._made("link", text, "https://example.com/{}")

    def text(self, text: str) -> str:
        """``text-12``; the shorter ``~12`` where the original was short, and filled up where it was long: fields have
        lengths.
        """
        made = self._made("text", text, "text-{}" if len(text) > _SHORTEST else "~{}")
        return made.ljust(min(len(text), _LONGEST), "~") if len(text) > _LONG else made

    def secret(self, text: str) -> str:
        """One word for all secrets; remembered, so that it is found where it is quoted."""
        self._known.setdefault(("secret", text), SECRET)
        return SECRET

    def _made(self, kind: str, original: str, form: str) -> str:
        known = self._known.get((kind, original))
        if known is None:
            known = self._known[kind, original] = form.format(self._next(kind))
        return known

    def _next(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def in_prose(self, text: str) -> str:
        """The text with every original that was met before replaced; the longest first."""
        found = {
            original: made
            for (kind, original), made in self._known.items()
            if kind != "id" and len(original) > 1 and original in text
        }
        if not found:
            return text
        longest = sorted(found, key=lambda original: -len(original))
        parts = [
            rf"(?<!\w){re.escape(each)}(?!\w)" if len(each) < _SHORT else re.escape(each) for each in longest
        ]
        return re.sub("|".join(parts), lambda match: found[match[0]], text)
