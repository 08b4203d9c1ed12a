"""Partner files in the engine: reading one, a step over its rows, the answer that goes back."""

import shutil
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.cells import Kind
from sfsync.engine.flow import Decision, FileRows, Result, Step
from sfsync.engine.hints import about_a_word, nearest_words
from sfsync.engine.run import Ledger
from sfsync.engine.tables import stamp
from sfsync.errors import FileRefused
from sfsync.languages.catalogue import ENGLISH, Catalogue
from sfsync.languages.reason import Reason
from sfsync.records import Bucket, Record

if TYPE_CHECKING:
    import polars as pl

    from sfsync.engine.tables import TableFile
    from sfsync.mapping.bind import Bound
    from sfsync.mapping.compile import CompiledMapping
    from sfsync.mapping.model import Mapping as Mapping_
    from sfsync.mapping.plan import Lookup
    from sfsync.mapping.rows import MappedRow
    from sfsync.tabular.answer_cells import Answer
    from sfsync.tabular.model import Table

S = TypeVar("S")


@contextmanager
def held(path: Path) -> Iterator[Path]:
    """A copy of a file that nobody else writes to: it is read more than once, and answered from at the end.

    The copy is as old as the file: some steps ask when it was made.

    Raises FileRefused ``changed`` for a file that is written to at this moment. What is no file is handed on as it
    is: the reader says what is wrong with it.
    """
    if not path.is_file():
        yield path
        return
    with TemporaryDirectory(prefix="sfsync-") as folder:
        copy = Path(folder) / path.name
        before = stamp(path)
        try:
            shutil.copyfile(path, copy)
            shutil.copystat(path, copy)
        except PermissionError:
            copy = path  # so that the reader says it
        if stamp(path) != before:
            raise FileRefused(
                path.name,
                "changed",
                "the file was replaced or written to while it was read; nothing was sent.",
                hint="Import it again when it is complete.",
            )
        yield copy


def read_file(path: Path, mapping: "CompiledMapping", name: str | None = None) -> FileRows:
    """Read and map a partner's file; raises FileRefused for a file that cannot be what the mapping describes.

    ``name`` is the partner's name for the file where it was renamed on the way in.
    """
    from sfsync.tabular.model import Hints
    from sfsync.tabular.table import digest, open_table

    table = open_table(path, Hints(wanted=mapping.wanted))
    bound = _bind(mapping, table)
    return FileRows(path, name or path.name, digest(path), map_table(bound, table), table, bound)


def state_of(mapping: "Mapping_") -> str:
    """A mapping and the state it is in, as evidence: its name, and digits that change whenever what it says does."""
    return f"{mapping.mapping} {sha256(mapping.model_dump_json().encode()).hexdigest()[:8]}"


def read_as(
    file: FileRows, parts: "Sequence[tuple[Mapping[str, Any], Collection[int]]]"
) -> "dict[int, MappedRow]":
    """Rows of a file that was read, mapped anew: each part is a notation and the numbers of its rows.

    A notation: keys of the mapping's ``file`` section, such as ``timezone``, ``dates``, ``decimal``. For files in
    which it is known only from the org, row by row, how their sender writes. Rows with the same key belong into one
    part: what stands twice is found within it.
    """
    from sfsync.mapping.compile import declaring

    mapping, functions = file.bound.mapping, file.bound.columns.plan.functions
    blocks = list(file.table.blocks()) if parts else []
    found: dict[int, MappedRow] = {}
    for notation, numbers in parts:
        bound = _bind(declaring(mapping, functions, **notation), file.table)
        own = [block.filter(block["row"].is_in(list(numbers))) for block in blocks]
        rows = map_table(bound, file.table, blocks=[block for block in own if block.height])
        found |= {row.number: row for row in rows}
    return found


def _bind(mapping: "CompiledMapping", table: "Table") -> "Bound":
    from sfsync.tabular.answered import partner_columns

    return mapping.bind(
        partner_columns(table),
        file=table.file,
        sheet=table.sheet,
        header_row=table.header_row,
        date1904=table.date1904,
    )


def map_table(
    bound: "Bound",
    table: "Table",
    lookups: "Mapping[Lookup, Mapping[str, Any]] | None" = None,
    blocks: "Sequence[pl.DataFrame] | None" = None,
) -> "list[MappedRow]":
    """All rows of a table through its mapping; ``lookups`` as for ``Bound.map``; ``blocks`` where they were read."""
    source = table if blocks is None else blocks
    return [row for block in bound.map(source, lookups=lookups, broken=table.broken) for row in block.rows()]


def map_records(mapping: "CompiledMapping", records: Sequence[Record]) -> "Iterator[MappedRow]":
    """Records of the org through a mapping whose headings are API field names; one row each, in order."""
    import polars as pl

    headings = list(mapping.mapping.file.headers)
    columns: dict[str, pl.Series] = {"row": pl.Series(range(1, len(records) + 1), dtype=pl.UInt32)}
    for position, heading in enumerate(headings):
        values = [record.get(heading) for record in records]
        columns[str(position)] = pl.Series([_text(value) for value in values], dtype=pl.String)
        kinds = [_kind(value) for value in values]
        if any(kinds):
            columns[f"{position}#"] = pl.Series(kinds, dtype=pl.UInt8)
    bound = mapping.bind(headings, file="the org", sheet=None, header_row=1)
    for block in bound.map(lambda: iter([pl.DataFrame(columns)])):
        yield from block.rows()


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _kind(value: object) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    return Kind.NUMBER if isinstance(value, int | float) else Kind.TEXT


class FileStep(Step[S]):
    """A step over the rows of a partner's file: every row gets one decision."""

    def __init__(self, file: FileRows) -> None:
        self.file = file

    def decide(self, selected: S) -> list[Decision]:
        return [self._decide(row, selected) for row in self.rows(selected)]

    def rows(self, selected: S) -> "Sequence[MappedRow]":
        """The rows to decide about: those of the file, unless the step mapped them anew."""
        return self.file.rows

    def _decide(self, row: "MappedRow", selected: S) -> Decision:
        problem = row.problem
        if problem is None:
            return self.decide_row(row, selected)
        reason = self.file.bound.reason(problem)
        return refused(row, problem.bucket or Bucket.INVALID, reason, problem.name)

    @abstractmethod
    def decide_row(self, row: "MappedRow", selected: S) -> Decision:
        """Decide about a row that the mapping found sound; pure."""


def refused(row: "MappedRow", bucket: Bucket, reason: str, field: str, suggestion: str = "") -> Decision:
    """A row for which nothing is written; ``field`` names the column that is to blame, or is empty.

    ``reason`` and ``suggestion`` are Reasons, so that the partner can be answered in their own language.
    """
    key = row.key or f"row {row.number}"
    return Decision(key, bucket, reason, number=row.number, field=field, suggestion=suggestion)


def write_answer_file(file: FileRows, ledger: Ledger, out: Path, catalogue: Catalogue = ENGLISH) -> None:
    """Write the partner's own file back with what became of every row, in the catalogue's language."""
    from sfsync.tabular.answer import write_answer

    hints = nearest_words(file, about_a_word(ledger.decisions.values()))
    results = {
        decision.number: _answer(file, decision, ledger.results[identity], catalogue, hints)
        for identity, decision in ledger.decisions.items()
        if decision.number is not None
    }
    wanted = file.bound.columns.plan.headings
    write_answer(file.path, file.table, results, out, head=catalogue.head, wanted=wanted)


def _answer(
    file: FileRows,
    decision: Decision,
    result: Result,
    catalogue: Catalogue,
    hints: Mapping[int, Reason],
) -> "Answer":
    from sfsync.tabular.answer_cells import Answer

    reason, remedy = catalogue.say(result.reason)
    suggestion, _ = catalogue.say(decision.suggestion or hints.get(decision.number or 0, ""))
    heading = file.bound.heading(decision.field) or decision.field if decision.field else ""
    return Answer(result.bucket.value, reason, heading, suggestion or remedy)


def answer_name(file: "FileRows | TableFile") -> str:
    """The answer's name: the partner's own with -result; what no program writes back comes as a workbook."""
    from sfsync.tabular.answer import answer_suffix

    return f"{Path(file.name).stem}-result{answer_suffix(file.table)}"
