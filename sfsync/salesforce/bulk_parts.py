"""Cuts rows into the files of bulk jobs: on disk, so that memory holds one key per row of one part."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from types import TracebackType
from typing import IO, Any, Self

from sfsync.errors import SfsyncError
from sfsync.records import Outcome, State
from sfsync.salesforce import csv_rows

LARGEST_PART = 100_000_000
"""Bytes of one upload: a job takes 150 MB after base64 encoding ("Bulk API and Bulk API 2.0 Limits")."""

_LOOK_AHEAD = 10_000
"""Rows whose columns are known before the first is written; a later new column starts a new part."""


@dataclass(slots=True)
class Part:
    """The file of one job. ``places`` leads from a row's key, as ``comparable`` makes it, to its place in the input.

    ``refused`` holds rows that cannot be sent, with their outcomes. Close it to be rid of the file.
    """

    columns: list[str]
    file: IO[bytes]
    known: frozenset[str]
    places: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[int, Outcome]] = field(default_factory=list)
    size: int = 0

    @property
    def rows(self) -> int:
        """Rows in the file."""
        return len(self.places)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


def comparable(key_field: str | None) -> Callable[[str], str]:
    """How keys of one job are told apart: external ids in any case, record ids by their first 15 characters."""
    return str.casefold if key_field is not None else _short


def parts(
    rows: Iterable[Mapping[str, Any]], key_field: str | None, part_bytes: int = LARGEST_PART
) -> Iterator[Part]:
    """Write ``rows`` to parts of at most ``part_bytes``, each ready to be read from its start.

    Rows are told apart by ``key_field``, or by ``Id`` when that is None. A part is yielded before the next one is
    written, and the caller closes it. A row that cannot be sent is in ``Part.refused``: it has no key or a value
    that a cell cannot say, or its key is in the part already, where the org may take either first.
    """
    name, same = key_field or "Id", comparable(key_field)
    source = iter(_flat(rows))
    ahead = list(islice(source, _LOOK_AHEAD))
    part = _begin(csv_rows.columns_of(item for _, item in ahead if not isinstance(item, Outcome)))
    try:
        for place, item in chain(ahead, source):
            if isinstance(item, Outcome):
                part.refused.append((place, item))
                continue
            key = same(item.get(name, csv_rows.NULL))
            if refusal := _refusal(key, part, missing=same(csv_rows.NULL)):
                part.refused.append((place, refusal))
                continue
            new = [column for column in item if column not in part.known]
            text = _line(part, item)
            if new or (part.rows and part.size + len(text) > part_bytes):
                columns = part.columns + new
                if part.rows or part.refused:
                    yield _end(part)
                else:
                    part.file.close()
                part = _begin(columns)
                text = _line(part, item)
            part.places[key] = place
            part.file.write(text)
            part.size += len(text)
        if part.rows or part.refused:
            yield _end(part)
        else:
            part.file.close()
    except OSError as error:
        part.file.close()
        raise no_room(error) from error


def _flat(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, str] | Outcome]]:
    for place, row in enumerate(rows):
        try:
            yield place, csv_rows.flat(row)
        except ValueError as error:
            yield place, Outcome(State.REFUSED, code="NOT_SENDABLE", message=f"not sent: {error}")


def _begin(columns: list[str]) -> Part:
    try:
        file = tempfile.TemporaryFile(prefix="sfsync-bulk-")  # noqa: SIM115  the part's user closes it
    except OSError as error:
        raise no_room(error) from error
    part = Part(columns, file, frozenset(columns))
    header = csv_rows.line(columns)
    part.file.write(header)
    part.size = len(header)
    return part


def _end(part: Part) -> Part:
    part.file.flush()
    part.file.seek(0)
    return part


def _line(part: Part, item: Mapping[str, str]) -> bytes:
    return csv_rows.line([item.get(column, csv_rows.UNCHANGED) for column in part.columns])


def _refusal(key: str, part: Part, *, missing: str) -> Outcome | None:
    if key == missing:
        return Outcome(State.REFUSED, code="NOT_SENDABLE", message="not sent: the row has no key")
    if key in part.places:
        return Outcome(
            State.REFUSED,
            code="DUPLICATE_IN_JOB",
            message="not sent: another row of the same job has the same key, and the org takes rows in any order",
        )
    return None


def _short(record_id: str) -> str:
    return record_id[:15]


def no_room(error: OSError) -> SfsyncError:
    """What to tell when the disk has no room for the data of a job."""
    return SfsyncError(
        f"The data of a bulk job cannot be written to {tempfile.gettempdir()}: {error.strerror}.",
        hint="Free some space there, or point TMPDIR to a folder that has some.",
    )
