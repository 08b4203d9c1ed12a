"""A mapping tied to one file, and the file's blocks mapped one by one."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import polars as pl

from sfsync.ahead import ahead, beside
from sfsync.languages.reason import Reason
from sfsync.mapping.block import LookedUp, map_block
from sfsync.mapping.columns import Columns
from sfsync.mapping.distinct import Distinct
from sfsync.mapping.duplicates import find_duplicates
from sfsync.mapping.kinds import reason
from sfsync.mapping.model import Mapping, Rule
from sfsync.mapping.plan import Lookup
from sfsync.mapping.rows import MappedBlock, RowProblem
from sfsync.mapping.rules import NUMBERS, rows_reason
from sfsync.mapping.source import Blocks, source_of
from sfsync.mapping.transforms import own_reason

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Bound:
    """A mapping tied to one file: which column holds what, and how blocks become mapped blocks."""

    columns: Columns

    @property
    def mapping(self) -> Mapping:
        """The mapping itself."""
        return self.columns.plan.mapping

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """What must be looked up in the org before rows can be mapped."""
        return tuple(item.lookup for item in self.columns.plan.fields if item.lookup)

    def heading(self, name: str) -> str:
        """The partner's own heading of one of our names; empty when it is absent."""
        return self.columns.heading(name)

    def reason(self, problem: RowProblem) -> Reason:
        """Why a row has a problem, as a value that can be said in the partner's language."""
        if isinstance(problem.message, Reason):
            return problem.message
        if problem.rows:
            return rows_reason(problem.rule, problem.rows)
        if problem.rule == "transform":
            plan = self.columns.plan
            readers = [*(item.reader for item in plan.names), *(item.reader for item in plan.fields)]
            found = (own_reason(reader, problem.message) for reader in readers)
            return next(filter(None, found), Reason(problem.rule, problem.message))
        for rule in self._rules(problem.name) if problem.rule in NUMBERS else ():
            told = reason(problem.rule, rule, self.mapping.file)
            if told == problem.message:
                return told
        return Reason(problem.rule, problem.message)  # the mapping's own rejection, or a broken file

    def _rules(self, name: str) -> Iterator[Rule]:
        """The rules that a name stands for: our name's, and the field's of the same name."""
        yield from (item.rule for item in self.columns.plan.names if item.name == name)
        if name in self.mapping.fields:
            yield self.mapping.fields[name]

    @property
    def language(self) -> str:
        """The language to answer in: the one that the mapping says, else that of most headings of the file."""
        return self.mapping.file.language or self.columns.language

    @property
    def unused(self) -> tuple[str, ...]:
        """Headings that no name of the mapping matches; they are ignored."""
        return self.columns.unused

    @property
    def absent(self) -> tuple[str, ...]:
        """Our names for which the file has no column."""
        return self.columns.absent

    def map(
        self,
        blocks: Blocks,
        *,
        lookups: Map[Lookup, LookedUp] | None = None,
        broken: Map[int, tuple[str, str]] | None = None,
    ) -> Iterator[MappedBlock]:
        """Map the blocks of the file, in order.

        Where the mapping says ``unique``, the columns concerned are read before, and the rows where something
        stands twice: give the table, or a function that returns the blocks, and memory stays flat. A list works too;
        an iterator that can be walked only once is held in memory. Some blocks are mapped in threads, ahead of the
        one that is given out.

        ``lookups``: what was found in the org, value → wanted value, for each of ``CompiledMapping.lookups``;
        without it, fields that need a lookup are left out. ``broken``: rows that the file itself broke, with rule
        and message, refused whatever their cells say; it may grow while the blocks are read (``Table.broken``).
        """
        return self.each(blocks, _itself, lookups=lookups, broken=broken)

    def each(
        self,
        blocks: Blocks,
        work: Callable[[MappedBlock], R],
        *,
        lookups: Map[Lookup, LookedUp] | None = None,
        broken: Map[int, tuple[str, str]] | None = None,
    ) -> Iterator[R]:
        """What ``work`` makes of each block of ``map``; it is done in the thread that mapped the block."""
        source, plan = source_of(blocks, once=not self.columns.plan.unique), self.columns.plan
        with ExitStack() as stack:
            doubles = None
            if plan.unique:
                apart = source is blocks  # others may be one stream, or note what they read
                judged = find_duplicates(self.columns, source)
                doubles = stack.enter_context(beside(judged, threads=plan.threads if apart else 1))
            mapped = partial(map_block, self.columns, seen=Distinct(), doubles=doubles, lookups=lookups)

            def done(part: Callable[[], pl.DataFrame]) -> R | None:
                held = [part()]
                if held[0].is_empty():
                    return None
                return work(mapped(held.pop()).without(broken or {}))  # what is done must not be held

            for made in ahead(done, source.parts(), threads=plan.threads):
                if made is not None:
                    yield made


def _itself(block: MappedBlock) -> MappedBlock:
    return block
