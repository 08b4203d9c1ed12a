"""The values in an XML text, replaced without touching anything else; prefixes and order stay as they are."""

import re
from collections.abc import Callable
from xml.sax.saxutils import escape, unescape

_LEAF = re.compile(r"<([\w.-]+:)?([\w.-]+)((?:\s[^<>]*)?)(?<!/)>([^<>]*)</(?:[\w.-]+:)?[\w.-]+>")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")
_KEPT_ATTRIBUTE = re.compile(
    r"^(xmlns(:.*)?|xsi:\w+|version|encoding|standalone|[\w-]+:(mustUnderstand|encodingStyle))$"
)
_ENTITIES = {"&quot;": '"', "&apos;": "'", "&#39;": "'", "&#34;": '"'}


def scrub_xml(text: str, scrub: Callable[[str, str], str]) -> str | None:
    """Replace the text of every element by ``scrub(name without prefix, text)``.

    None for what this cannot see through: document types, comments, CDATA, text beside elements, other attributes.
    """
    if "<!" in text:
        return None
    head = re.match(r"\s*<\?xml[^<>]*\?>", text)
    rest = text[head.end() :] if head else text
    if "<?" in rest:
        return None
    for attributes in re.findall(r"<[\w.:-]+(\s[^<>]*)>", rest):
        if not all(_KEPT_ATTRIBUTE.match(name) for name, _ in _ATTRIBUTE.findall(attributes)):
            return None
    left = _LEAF.sub("", rest)
    if re.sub(r"<[^<>]*>", "", left).strip():
        return None

    def replace(match: re.Match[str]) -> str:
        value = unescape(match[4], _ENTITIES)
        if not value.strip():
            return match[0]
        made = scrub(match[2], value)
        if made == value:
            return match[0]
        start = match.start(4) - match.start()
        return match[0][:start] + escape(made) + match[0][start + len(match[4]) :]

    return (head[0] if head else "") + _LEAF.sub(replace, rest)
