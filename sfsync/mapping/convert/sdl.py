r"""Data Loader's .sdl: Java properties, column on the left, field on the right (Data Loader Guide, "Map Columns").

``Parent\:Account-Key__c`` on the right links a parent by its external id, ``"text"`` on the left is a constant, and
several fields may take one column.
"""

import re
from collections.abc import Iterator

from sfsync.mapping.convert.draft import Draft, parent_link, plain_name

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_LINK = re.compile(r"(?P<relationship>[A-Za-z]\w*):(?:(?P<object>[A-Za-z]\w*)-)?(?P<key>[A-Za-z]\w*)")


def read_sdl(raw: bytes, name: str, target: str, key: str | None) -> Draft:
    """A draft for the object ``target``, which the file does not tell."""
    draft = Draft(plain_name(name.rsplit(".", 1)[0]), target, name, key)
    updates_by_id = False
    for line, left, right in properties(raw):
        fields = [field.strip() for field in right.split(",") if field.strip()]
        for field in fields:
            if (link := _LINK.fullmatch(field)) is not None:
                _link(draft, left, link, line)
            elif left.startswith('"'):
                _constant(draft, left, field, line)
            elif not left:
                draft.note(f"{field} has no column; it was left out.", line=line)
            else:
                draft.take(field, {"from": draft.column(left)}, line)
                updates_by_id = updates_by_id or field.casefold() == "id"
    if draft.key is None and updates_by_id:
        draft.key, draft.operation = (
            next(field for field in draft.fields if field.casefold() == "id"),
            "update",
        )
    if draft.key is None:
        draft.note(
            "Data Loader keeps the external id of an upsert elsewhere, so the mapping has no key.",
            "Convert with `--key`, or add `key:` with the external-id field.",
        )
    return draft


def _link(draft: Draft, left: str, link: re.Match[str], line: int) -> None:
    relationship, target = link["relationship"], link["object"]
    if target is None:
        target = draft.object if relationship.casefold() == "parent" else relationship.replace("__r", "__c")
        draft.note(
            f"The file does not say which object {relationship} is; {target} was taken.",
            f"Correct `lookup:` of {relationship} if it is another one.",
            line,
        )
    if left.startswith('"') or not left:
        draft.note(f"{relationship} is linked to a constant; it was left out.", line=line)
    else:
        parent_link(relationship, target, link["key"], left, draft, line)


def _constant(draft: Draft, left: str, field: str, line: int) -> None:
    text = left.strip('"')
    if text.strip():
        draft.take(field, {"value": text}, line)
    else:
        draft.note(f"{field} is always emptied in Data Loader; it was left out.", line=line)


def properties(raw: bytes) -> Iterator[tuple[int, str, str]]:
    """(line, key, value) of Java properties (java.util.Properties, "load")."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # what Java reads properties as
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        piece = line.lstrip(" \t\f")
        if not held and (not piece or piece[0] in "#!"):
            continue
        first = first if held else number
        held += piece
        if _continues(held):
            held = held[:-1]
            continue
        yield first, *_split(held)
        held = ""
    if held:
        yield first, *_split(held)


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _split(line: str) -> tuple[str, str]:
    found = re.match(r"((?:\"[^\"]*\"|\\.|[^=:\\\s])*)[ \t\f]*[=:]?[ \t\f]*(.*)", line, re.DOTALL)
    assert found is not None  # noqa: S101  every part may be empty
    return _plain(found[1]).strip(), _plain(found[2]).strip()


def _plain(text: str) -> str:
    return _ESCAPE.sub(
        lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else _CONTROLS.get(found[1], found[1]),
        text,
    )
