"""The styles of a partner's workbook, and those that an answer adds to them; what is there stays as it is.

ECMA-376 part 1, 18.8: a cell names its format by its place in ``cellXfs``, a format its fill by that in ``fills``.
"""

import re

_ATTENTION = b"FFFFF2CC"
"""Light amber, readable when printed."""
_TEXT_FORMAT = b"49"
"""The number format ``@`` (18.8.30, numFmt)."""


class Styles:
    """Formats of cells by their number. A workbook without styles, as some programs write it, gets none."""

    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        root = re.search(rb"<([\w.-]+:)?styleSheet\b", xml)
        self._prefix = prefix = root[1] or b"" if root else b""
        fills, formats = (
            re.search(rb"(<%s%s\b[^>]*>)(.*?)</%s%s>" % (prefix, name, prefix, name), xml, re.DOTALL)
            for name in (b"fills", b"cellXfs")
        )
        self._fills, self._formats = fills, formats
        self._there: list[bytes] = []
        self._fill = 0
        if fills and formats:
            self._there = re.findall(
                rb"<%sxf\b[^>]*?(?:/>|>.*?</%sxf>)" % (prefix, prefix), formats[2], re.DOTALL
            )
            self._fill = len(re.findall(rb"<%sfill[\s/>]" % prefix, fills[2]))
        self._added: dict[bytes, int] = {}

    def like(self, number: int, *, text: bool = False, attention: bool = False) -> int:
        """The number of a format like another one, but for text or in the colour that calls for attention."""
        if not self._there:
            return number
        made = self._there[number if number < len(self._there) else 0]
        if text:
            made = with_attribute(with_attribute(made, b"numFmtId", _TEXT_FORMAT), b"applyNumberFormat", b"1")
        if attention:
            made = with_attribute(with_attribute(made, b"fillId", b"%d" % self._fill), b"applyFill", b"1")
        return self._added.setdefault(made, len(self._there) + len(self._added))

    def xml(self) -> bytes:
        """The part with the formats that were asked for."""
        if not (self._fills and self._formats and self._added):
            return self._xml
        p = self._prefix
        fill = b'<%sfill><%spatternFill patternType="solid"><%sfgColor rgb="%s"/></%spatternFill></%sfill>'
        more = {
            self._fills: (self._fill + 1, fill % (p, p, p, _ATTENTION, p, p)),
            self._formats: (len(self._there) + len(self._added), b"".join(self._added)),
        }
        xml = self._xml
        for found in sorted(more, key=lambda found: found.start(), reverse=True):
            count, added = more[found]
            begin = with_attribute(found[1], b"count", b"%d" % count)
            xml = xml[: found.start()] + begin + found[2] + added + xml[found.end(2) :]
        return xml


def with_attribute(element: bytes, name: bytes, value: bytes) -> bytes:
    """An element whose start tag has an attribute with this value, instead of another one or newly."""
    end = element.index(b">")
    tag = re.sub(rb"""\s%s\s*=\s*("[^"]*"|'[^']*')""" % name, b"", element[:end])
    begin = re.match(rb"<[^\s/>]+", tag)
    at = begin.end() if begin else len(tag)
    return b'%s %s="%s"%s%s' % (tag[:at], name, value, tag[at:], element[end:])
