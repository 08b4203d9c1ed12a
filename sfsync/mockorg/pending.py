"""Transactions of the store, and the rows that wait in them to be written many at a time.

A statement for each row, and a savepoint around it, cost SQLite as much again as the row. So rows wait until
somebody wants to see their table or the transaction ends, and a transaction begins in SQLite when something is
written in it. What anybody reads is the same as if every row were written at once.
"""

import sqlite3
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

Row = dict[str, Any]
"""A stored record: every column of its table by field name."""

Waiting = tuple[Row, str]
"""A new row and "", or what changes in a row and its id."""

_MOST = 500
"""Rows that wait at most, so that a long transaction needs no memory."""


class Transaction:
    """A transaction under way; everything inside happens or nothing. ``rollback()`` lets it end undone, and so does
    an exception.
    """

    __slots__ = ("_pending", "begun", "lasting", "mark", "undone")

    def __init__(self, pending: "Pending", *, lasting: bool) -> None:
        self._pending = pending
        self.lasting = lasting
        self.undone = False
        self.begun = False
        self.mark = 0

    def rollback(self) -> None:
        """Undo everything since the transaction began, when it ends."""
        self.undone = True

    def __enter__(self) -> "Transaction":
        self._pending.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.undone = True
        self._pending.end(self)


class Pending:
    """The transactions under way, the outermost first, and the rows that wait: ``mark`` of a transaction that has not
    begun in SQLite is how many were waiting when it was entered.
    """

    def __init__(self, database: sqlite3.Connection, write: Callable[[str, Sequence[Waiting]], None]) -> None:
        self._db = database
        self._write = write
        self._stack: list[Transaction] = []
        self._rows: list[tuple[str, Waiting]] = []
        self._tables: set[str] = set()
        self._lasts = False

    def transaction(self, *, lasting: bool = False) -> Transaction:
        """A transaction to enter; transactions nest. An outermost one that is ``lasting`` is committed by ``keep``,
        together with those after it.
        """
        return Transaction(self, lasting=lasting)

    def begin(self, transaction: Transaction) -> None:
        """Enter a transaction."""
        if not self._stack and not transaction.lasting:
            self.keep()
        transaction.mark = len(self._rows)
        self._stack.append(transaction)

    def end(self, transaction: Transaction) -> None:
        """Leave the innermost transaction."""
        outer = len(self._stack) == 1
        try:
            if outer and not transaction.undone and self._rows:
                self.settle()
        except BaseException:
            transaction.undone = True
            raise
        finally:
            self._stack.pop()
            if transaction.undone:
                del self._rows[0 if transaction.begun else transaction.mark :]
            if transaction.begun:
                self._finish(transaction, outer=outer)

    def _finish(self, transaction: Transaction, *, outer: bool) -> None:
        name = f"level{len(self._stack)}"
        if outer and not transaction.lasting:
            self._db.execute("ROLLBACK" if transaction.undone else "COMMIT")
            return
        if transaction.undone:
            self._db.execute(f"ROLLBACK TO {name}")
        self._db.execute(f"RELEASE {name}")

    def write(self, table: str, row: Row, record_id: str = "") -> None:
        """Add a row, or change one, now or later; what is given belongs to the store from here on."""
        if not self._stack:
            self.keep()
            self._write(table, ((row, record_id),))
            return
        self._rows.append((table, (row, record_id)))
        self._tables.add(table)
        if len(self._rows) >= _MOST:
            self.reading()

    def reading(self, table: str = "") -> None:
        """Somebody wants to see a table, or any: its rows are written first."""
        if self._rows and (not table or table in self._tables):
            self._settle(len(self._rows))

    def settle(self) -> None:
        """Somebody writes in another way: what waits is written first, and every transaction begins that has not."""
        if self._stack:
            self._settle(-1)
        else:
            self.keep()

    def _settle(self, unused: int) -> None:
        """Write what waits, each row in its transaction. One that was entered when ``unused`` rows waited has nothing
        to write and need not begin.
        """
        place = 0
        for level, transaction in enumerate(self._stack):
            if transaction.begun:
                continue
            if transaction.mark == unused:
                transaction.mark = 0
                continue
            self._flush(place, transaction.mark)
            place, transaction.mark = transaction.mark, 0
            self._start(level, lasting=transaction.lasting)
            transaction.begun = True
        self._flush(place, len(self._rows))
        self._rows.clear()
        self._tables.clear()

    def _start(self, level: int, *, lasting: bool) -> None:
        if level or lasting:
            if not level and not self._lasts:
                self._db.execute("BEGIN")
                self._lasts = True
            self._db.execute(f"SAVEPOINT level{level}")
        else:
            self._db.execute("BEGIN")

    def _flush(self, start: int, stop: int) -> None:
        by_table: dict[str, list[Waiting]] = {}
        for table, row in self._rows[start:stop]:
            by_table.setdefault(table, []).append(row)
        for table, rows in by_table.items():
            self._write(table, rows)

    def keep(self) -> None:
        """Commit what lasting transactions have written; not inside a transaction."""
        if self._lasts and not self._stack:
            self._lasts = False
            self._db.execute("COMMIT")
