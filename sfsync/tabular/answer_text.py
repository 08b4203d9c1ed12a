"""The answer to a text file: as text in the same encoding, with the four cells behind every record.

Most files are answered by columns (``answer_lines``). Where a record is quoted in a way that only the whole file
tells, and where an earlier answer stands in the file, the csv module reads it. Both write the same bytes.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TextIO

from sfsync.tabular.answer_cells import Answer, Place
from sfsync.tabular.delimiter import sep_line
from sfsync.tabular.injection import escaped, harmless
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.text import raw_records
from sfsync.tabular.write import mark, replacing


def annotate_text(source: Path, table: Table, results: Mapping[int, Answer], place: Place, out: Path) -> None:
    """Write the answer to a text file (see ``answer.write_answer``)."""
    from sfsync.tabular.answer_lines import NotByLine, Spoken, by_lines

    sheet = Sheet(table, place)
    encoding = table.encoding or "utf-8"
    with replacing(out) as target:

        def write(fill: Callable[[TextIO], None]) -> None:
            # A reason may quote a character that the partner's code page does not have.
            with target.open("w", encoding=encoding, errors="replace", newline="") as stream:
                stream.write(mark(encoding, bom=table.bom))
                fill(stream)

        def by_columns(spoken: Spoken, stream: TextIO) -> None:
            for piece in by_lines(source, sheet, spoken):
                if encoding == "utf-8":
                    stream.flush()
                    stream.buffer.write(piece)
                else:
                    stream.write(piece.decode())

        if isinstance(results, Spoken) and not place.there:
            with suppress(NotByLine):
                write(partial(by_columns, results))
                return
        records = raw_records(source, table)
        write(
            lambda stream: stream.writelines(
                sheet.text(line, record, results.get(line)) for line, record in records
            )
        )


class Sheet:
    """What one record becomes. Several threads may ask."""

    def __init__(self, table: Table, place: Place) -> None:
        self.table, self.place = table, place
        self.delimiter = table.delimiter or ","
        self._mend = harmless if place.there else escaped  # an earlier answer has its apostrophes already
        self._long: frozenset[int] | None = None
        self._reading = Lock()

    def text(self, line: int, record: Sequence[str], answer: Answer | None) -> str:
        """A record with its answer as text; ``line`` is the number of its first line."""
        if line == 1 and len(record) == 1 and sep_line(record[0]):
            return record[0] + "\r\n"
        columns = len(self.table.columns)
        # Most fields are empty or begin with a letter or digit: those need no call.
        fields = [field if not field or field[0].isalnum() else self._mend(field) for field in record]
        if line == self.table.header_row:
            fields = self.place.put(_fitted(fields, columns), self.place.headings)
        elif answer is not None:
            cells = [harmless(text) for text in self.place.cells(answer)]
            # A row whose values have shifted stays as long as it is, so that it is refused again until mended.
            if len(fields) > columns and line in self._shifted():
                fields = self.place.put_shifted(fields, cells, columns)
            else:
                fields = self.place.put(_fitted(fields, columns), cells)
        return self.line(fields)

    def line(self, fields: Sequence[str]) -> str:
        """Fields as a line of the file."""
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n").writerow(fields)
        return text.getvalue()

    def _shifted(self) -> frozenset[int]:
        with self._reading:
            if self._long is None:
                whole = Notes()
                for _ in self.table.source(whole):
                    pass
                self._long = frozenset(
                    note.row
                    for note in whole.problems
                    if note.problem == "ragged_long" and note.severity == "error"
                )
        return self._long


def _fitted(fields: Sequence[str], width: int) -> list[str]:
    return [*fields[:width], *[""] * (width - len(fields))]
