"""Which encoding a text file is in: a byte order mark, valid UTF-8, the shape of UTF-16, or the likeliest code page.

Only encodings that partners' programs write are candidates. UTF-8 is proved by reading the whole file, for one
accent in the last line decides it. Where two code pages read the same bytes alike, windows-1252 is named.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sfsync.ahead import ahead
from sfsync.errors import FileRefused

CHUNK = 1 << 20
_SAMPLE = 1 << 18
_LARGE = 4 * CHUNK
"""Bytes of a file from which on polars is worth its import."""
_LONGEST = 4
"""Bytes of a character in UTF-8 at most."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {
    "cp1252": "windows-1252",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "iso8859-1": "iso-8859-1",
    "iso8859-15": "iso-8859-15",
    "iso8859-2": "iso-8859-2",
    "cp1253": "windows-1253",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
_C1 = re.compile(rb"[\x80-\x9f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_PAIR = re.compile(rb"[\x81-\xfe][\x80-\xfe]|[\x81-\xfe][0-9][\x81-\xfe][0-9]")
_VALID_MULTIBYTE = re.compile(
    rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}"
)
_COMMON_HANZI = range(0xA1, 0xD8)
"""First bytes of punctuation and of the usual Chinese characters in GB 2312."""
# What is a letter in Central Europe and a sign in the West, between letters: no western word has ³, ¹ or ¿ inside.
_SIGN_IN_WORD = re.compile(
    rb"(?<=[A-Za-z])[\xa5\xb1\xb3\xb6\xb9\xbc\xbf\xb5](?=[A-Za-z])|(?<![A-Za-z])[\xa3\xaf](?=[a-z])"
)
_CP1252_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """``name`` as people know it (utf-8, windows-1252, …); ``mark`` is the number of bytes of the BOM."""

    name: str
    mark: int = 0

    @property
    def bom(self) -> bool:
        return self.mark > 0


def detect(path: Path, fixed: str | None = None) -> Encoding:
    """The encoding of a text file; ``fixed`` (any name Python knows) wins.

    Raises FileRefused: ``encoding_unknown`` for a name that does not exist, ``bad_encoding`` when the bytes are
    not what they claim to be, ``not_a_table`` for binary data.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    marked = next((Encoding(name, len(mark)) for mark, name in _MARKS if head.startswith(mark)), None)
    if fixed is None and marked is None:
        found = _without_mark(path, head)
        if found.name == "utf-8":  # proved already
            return found
    else:
        found = _fixed(path, fixed, marked) if fixed is not None else marked or Encoding("utf-8")
    _prove(path, found)
    return found


def _fixed(path: Path, fixed: str, marked: Encoding | None) -> Encoding:
    try:
        canonical = codecs.lookup(fixed.strip()).name
        "".encode(canonical)
    except (LookupError, ValueError):
        raise FileRefused(
            path.name,
            "encoding_unknown",
            f"the encoding {fixed!r} does not exist.",
            hint="Use e.g. windows-1252.",
        ) from None
    name = _NAMES.get(canonical, canonical)
    name = name.removesuffix("-sig")
    if name in {"utf-16", "utf-32"}:
        name = marked.name if marked and marked.name.startswith(name) else f"{name}-le"
    return Encoding(name, marked.mark if marked and marked.name == name else 0)


def _without_mark(path: Path, head: bytes) -> Encoding:
    zeros = head.count(0)
    if zeros:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > 0.4 * len(head) / 2 and even < 0.1 * odd:
            return Encoding("utf-16-le")
        if even > 0.4 * len(head) / 2 and odd < 0.1 * even:
            return Encoding("utf-16-be")
        raise FileRefused(path.name, "not_a_table", "this is binary data, not a text table.")
    broken = first_undecodable(path, Encoding("utf-8"))
    if broken is None:
        return Encoding("utf-8")
    sample = _interesting(path)
    high = len(_HIGH.findall(sample))
    in_utf8 = sum(map(len, _VALID_MULTIBYTE.findall(sample)))
    if in_utf8 > 0.9 * high and high > 8:
        line, byte = broken
        raise FileRefused(
            path.name,
            "bad_encoding",
            f"the text is UTF-8, but line {line} has a byte that is not (0x{byte:02X}).",
            hint="The file may be cut off or mixed from two sources; ask for it again.",
        )
    return Encoding(_code_page(path, sample, high))


def _interesting(path: Path) -> bytes:
    """The lines that hold non-ASCII bytes, up to a quarter megabyte: the others decide nothing."""
    found = bytearray()
    with path.open("rb") as stream:
        for line in iter(lambda: stream.readline(CHUNK), b""):
            if not line.isascii():
                found += line
                if len(found) >= _SAMPLE:
                    break
    return bytes(found)


def _code_page(path: Path, sample: bytes, high: int) -> str:
    pairs = _HIGH_PAIR.findall(sample)
    if sum(map(len, pairs)) > 0.9 * high:  # high bytes in pairs: no western language writes like that
        common = sum(pair[0] in _COMMON_HANZI for pair in pairs)
        if common > 0.5 * len(pairs) and first_undecodable(path, Encoding("gb18030")) is None:
            return "gb18030"
        return _asked(sample, ["gb18030", "cp1251", "cp1253", "cp1250", "cp1252"])
    if _CP1252_UNDEFINED.search(sample) or len(set(_SIGN_IN_WORD.findall(sample))) > 1:
        return _asked(sample, ["cp1250", "iso8859_2", "cp1252"])
    # 0xA4 is the euro sign in ISO-8859-15, in windows-1252 a currency sign that nobody types; only the Windows
    # pages have characters at 0x80-0x9F.
    return "iso-8859-15" if b"\xa4" in sample and not _C1.search(sample) else "windows-1252"


def _asked(sample: bytes, candidates: list[str]) -> str:
    """What charset-normalizer thinks, of a few candidates."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=candidates, enable_fallback=False).best()
    if best is None:
        return "windows-1252"
    name = codecs.lookup(best.encoding).name
    return _NAMES.get(name, name)


def _prove(path: Path, encoding: Encoding) -> None:
    broken = first_undecodable(path, encoding)
    if broken is None:
        return
    line, byte = broken
    raise FileRefused(
        path.name,
        "bad_encoding",
        f"line {line} has a byte (0x{byte:02X}) that does not exist in {encoding.name}.",
        hint="Set the encoding that the partner's program writes, or ask for the file again.",
    )


def first_undecodable(path: Path, encoding: Encoding) -> tuple[int, int] | None:
    """The line and the byte where the text stops being what it claims to be; None when all is well."""
    if encoding.name == "utf-8" and path.stat().st_size > _LARGE and _is_utf8(path, encoding.mark):
        return None
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    line = 1
    with path.open("rb") as stream:
        stream.seek(encoding.mark)
        while True:
            chunk = stream.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding.name, "ignore")
                return line + good.count("\n"), error.object[error.start]
            line += text.count("\n")
            if not chunk:
                return None


def _is_utf8(path: Path, mark: int) -> bool:
    """Whether a large file is UTF-8 throughout; polars looks at it ten times as fast as a decoder."""
    return all(ahead(partial(_is_utf8_at, path, mark), range(mark, path.stat().st_size, _LARGE)))


def _is_utf8_at(path: Path, mark: int, start: int) -> bool:
    """Whether the characters that begin in a stretch of a file are UTF-8; one that runs on is read to its end."""
    import polars as pl

    with path.open("rb") as stream:
        stream.seek(start)
        piece = stream.read(_LARGE + _LONGEST - 1)
    begin = 0 if start == mark else _inside(piece)
    end = _LARGE + _inside(piece[_LARGE:])
    try:
        pl.Series([piece[begin:end]], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def _inside(piece: bytes) -> int:
    """How many bytes at the beginning belong to a character that began before them."""
    some = piece[: _LONGEST - 1]
    return next((n for n, byte in enumerate(some) if byte & 0xC0 != 0x80), len(some))


def decoded(path: Path, encoding: Encoding, size: int) -> Iterator[str]:
    """The text in pieces of about ``size`` bytes, without the byte order mark; line ends as they are."""
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    with path.open("rb") as stream:
        stream.seek(encoding.mark)
        while chunk := stream.read(size):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
