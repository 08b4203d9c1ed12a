"""Bytes that are written once and read often: in memory while few, in an unnamed file from then on.

Uploads, results and query results of Bulk jobs are kept here, so that millions of rows need disk and not memory.
"""

import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import IO

IN_MEMORY = 256 * 1024
_BLOCK = 1024 * 1024


class Spool:
    """One run of bytes that only grows. Several threads may read while one writes. The file goes with it."""

    def __init__(self, folder: Path | None = None, data: bytes = b"") -> None:
        self.size = 0
        self._folder = folder
        self._few = bytearray()
        self._file: IO[bytes] | None = None
        self._guard = Lock()
        self.write(data)

    def write(self, data: bytes) -> None:
        """Add at the end."""
        with self._guard:
            if self._file is None:
                self._few += data
                if len(self._few) > IN_MEMORY:
                    self._file = tempfile.TemporaryFile(  # noqa: SIM115  it lives as long as the job
                        dir=self._folder, buffering=0
                    )
                    weakref.finalize(self, self._file.close)
                    self._append(self._file, self._few)
                    self._few = bytearray()
            else:
                self._append(self._file, data)
            self.size += len(data)

    def _append(self, file: IO[bytes], data: bytes | bytearray) -> None:
        file.seek(0, 2)
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """The bytes from ``start``, at most ``length`` of them."""
        length = max(self.size - start, 0) if length is None else length
        with self._guard:
            if self._file is None:
                return bytes(self._few[start : start + length])
            self._file.seek(start)
            return self._file.read(length)

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` to ``stop`` (default: the end), in handy pieces."""
        stop = self.size if stop is None else stop
        for place in range(start, stop, _BLOCK):
            yield self.read(place, min(_BLOCK, stop - place))

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """The lines from ``start`` on, each with the line feed that ends it."""
        rest = b""
        while block := self.read(start, _BLOCK):
            start += len(block)
            lines = (rest + block).split(b"\n") if b"\n" in block else [rest + block]
            rest = lines.pop()
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest
