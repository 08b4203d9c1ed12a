"""The lines of a text, counted, from pieces of any size; the one place that knows where a line ends.

A line ends with LF or CRLF, or with CR alone in a file that holds no LF at all (old Macintosh programs). A lone CR
elsewhere is text. No other character ends a line, whatever Unicode says of U+2028 or of NEL.
"""

import csv
from collections.abc import Iterator
from itertools import islice

from sfsync.errors import FileRefused

_END = "\x1e end of sfsync text \x1e"
_LONE_CR = "\ue00d"  # stands for a lone CR while the csv module reads, which would end the record there
LONGEST_LINE = 16_000_000
LONGEST_FIELD = 131_072
"""Characters of a field; more means a quote left open. The csv module's own limit is shared with everybody."""


class Lines:
    """An iterator of lines, each ending in LF (after a CR, where the file has CRLF).

    ``number`` is that of the last line given out, 1-based; ``consumed`` counts characters.
    """

    def __init__(
        self, file: str, pieces: Iterator[str], *, old_mac: bool | None = None, number: int = 0
    ) -> None:
        self.number = number
        self.consumed = 0
        self._file = file
        self._pieces = pieces
        self._lines: list[str] = []
        self._next = 0
        self._rest = ""
        self._done = False
        self._old_mac = old_mac
        self._lone_cr = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if not self.more():
            raise StopIteration
        line = self._lines[self._next] + "\n"
        self._next += 1
        self.number += 1
        self.consumed += len(line)
        return line

    def more(self) -> bool:
        """Whether another line follows; fetches it."""
        while self._next >= len(self._lines):
            if self._done:
                return False
            self._fetch()
        return True

    @property
    def old_mac(self) -> bool:
        """Whether CRs end the lines; known once the first line was read."""
        return bool(self._old_mac)

    def rest(self) -> str:
        """What was read and not given out; another may go on with it."""
        return "".join(f"{line}\n" for line in self._lines[self._next :]) + self._rest

    def guarded(self) -> Iterator[str]:
        """The lines as the csv module needs them, with an end mark that shows a quote left open."""
        for line in self:
            body = line.rstrip("\r\n")
            if "\r" in body:
                self._lone_cr = True
                line = body.replace("\r", _LONE_CR) + line[len(body) :]  # noqa: PLW2901  the same line, masked
            yield line
        yield _END

    def ended(self, start: int, record: list[str]) -> bool:
        """Whether the record is the end mark; refuses a file whose last quote was never closed."""
        if record == [_END]:
            return True
        if record and (_END in record[-1] or max(map(len, record)) > LONGEST_FIELD):
            raise self._open_quote(start)
        return False

    def restored(self, record: list[str]) -> list[str]:
        """The record with its lone CRs back in place."""
        return [field.replace(_LONE_CR, "\r") for field in record] if self._lone_cr else record

    def refusal(self, start: int, error: csv.Error) -> FileRefused:
        if "field larger" in str(error):
            return self._open_quote(start)
        return FileRefused(
            self._file,
            "not_a_table",
            f"the record on line {start} cannot be read as separated values ({error}).",
        )

    def _open_quote(self, start: int) -> FileRefused:
        return FileRefused(
            self._file,
            "open_quote",
            f'a quote (") opened in the record on line {start} is never closed.',
            hint='Close it, or double it ("") if it is part of the text.',
        )

    def _fetch(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            self._done = True
            text, self._rest = self._rest, ""
        else:
            text = self._rest + piece
        if self._old_mac is None and text:
            # A piece may end between CR and LF.
            self._old_mac = "\n" not in text and "\r" in text.removesuffix("\r")
        if self._old_mac:
            text = text.replace("\r", "\n")
        self._lines, self._next = text.split("\n"), 0
        last = self._lines.pop()
        if not self._done:
            self._rest = last
            if len(last) > LONGEST_LINE:
                raise FileRefused(
                    self._file,
                    "line_too_long",
                    f"line {self.number + len(self._lines) + 1} is longer than {LONGEST_LINE:,} characters.",
                    hint="This is probably not a table.",
                )
        elif last:
            self._lines.append(last)


def records(lines: Lines, delimiter: str, skip: int = 0) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, last line, fields) of each record; the first ``skip`` lines are passed over."""
    for _ in islice(lines, skip):
        pass
    reader = csv.reader(lines.guarded(), delimiter=delimiter)
    while True:
        start = lines.number + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise lines.refusal(start, error) from None
        if lines.ended(start, record):
            return
        yield start, lines.number, lines.restored(record)
