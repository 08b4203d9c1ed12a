"""Text that a spreadsheet program would run as a formula, made harmless in CSV, and read back as it was.

OWASP, "CSV Injection": a cell that begins with = + - @, a tab or a line break gets an apostrophe in front. Excel's
own text guard ``="0089"`` is unwrapped instead: with an apostrophe before it nobody could read the value again.
"""

import re

_DANGEROUS = r"(?:[\s\x00\x1c-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"
_FORMULA = re.compile(_DANGEROUS)
_NUMBER = r"[+-]?\d{1,30}(?:[.,]\d{1,30})*"
_PLAIN_NUMBER = re.compile(_NUMBER)
_GUARD = re.compile(r'="([\w .-]*)"')

DANGEROUS = rf"^{_DANGEROUS}"
"""What a spreadsheet would run, as a regular expression that polars knows too."""
PLAIN_NUMBER = rf"^{_NUMBER}$"
"""What stays as it is, although it may begin with a sign; polars knows this one too."""
ESCAPED = rf"^'+{_DANGEROUS}"
"""A value with our apostrophe before it; polars knows this one too."""
_ESCAPED = re.compile(ESCAPED)


def harmless(text: str) -> str:
    """The text as a CSV value that no spreadsheet takes for a formula; plain numbers stay as they are."""
    if text[:1].isalnum():  # most are: no formula begins so
        return text
    if guarded := _GUARD.fullmatch(text):
        return harmless(guarded[1])
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def escaped(text: str) -> str:
    """As ``harmless``, for a file that is read back: a value that had such an apostrophe itself gets another one."""
    return f"'{text}" if text[:1] == "'" and _ESCAPED.match(text) else harmless(text)
