"""Standard output and error that outlive their reader, and that no file can use to steer a terminal.

A run's work and its exit code must not depend on who reads its words: `sfsync run charge_card | head -1` goes on,
and ends with the code of the run. Imports only what Python has loaded already, as `sfsync --help` comes by here.
"""

import io
import os
import sys

TYPE_CHECKING = (
    False  # typing's own, which type checkers know by its name, takes longer to import than the rest
)
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Patient(io.FileIO):
    """Takes what is written to a pipe that nobody reads any more, as if somebody did."""

    def write(self, data: "ReadableBuffer") -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


STEERING = frozenset(
    map(
        chr,
        (
            *range(9),
            *range(11, 13),
            *range(14, 32),
            *range(0x7F, 0xA0),
            *range(0x202A, 0x202F),
            *range(0x2066, 0x206A),
        ),
    )
)
"""Characters that a terminal obeys instead of showing them: controls but tab and line ends, direction of text."""

_OURS = r"\x1b(?!\[[\d;]*m|\[\?25[hl]|\[\d*[AKG])"
"""An escape that begins neither a colour nor what a progress bar needs."""


class _Harmless(io.TextIOWrapper):
    """Leaves out what would steer the terminal: it came from a file, a partner or an org."""

    def write(self, text: str) -> int:
        if not STEERING.isdisjoint(text):
            import re

            strange = "".join(STEERING - {"\x1b"})
            text = re.sub(f"{_OURS}|[{re.escape(strange)}]", "?", text)
        if "\r" in text:
            import re

            text = re.sub(r"\r(?![\x1b\n])", "?", text)
        return super().write(text)


def outlive_readers() -> None:
    """Make ``sys.stdout`` and ``sys.stderr`` safe to write to: closed, left by their reader, in any encoding."""
    for name in ("stdout", "stderr"):
        setattr(sys, name, _patient(getattr(sys, name)))


def _patient(stream: io.TextIOWrapper | None) -> io.TextIOWrapper:
    if stream is None:  # closed before we started, as by `>&-`
        return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")
    if os.name == "nt":  # Windows' consoles are no files, and its pipes break in another way
        return stream
    return _Harmless(
        io.BufferedWriter(_Patient(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",  # a terminal without € must not stop a run
        line_buffering=stream.line_buffering,
    )
