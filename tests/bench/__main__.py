"""Runs the benchmarks and prints the table; the exit code is 1 when a row misses its bar."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import aftersales, charge_card, importing, journal, mappings, mock_org, startup, workbooks
from tests.bench.measure import Plan, Row

TOPICS = {
    "startup": startup.rows,
    "charge_card": charge_card.rows,
    "aftersales": aftersales.rows,
    "mapping": mappings.rows,
    "importing": importing.rows,
    "workbook": workbooks.rows,
    "journal": journal.rows,
    "mock_org": mock_org.rows,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of the rows, fewer runs.")
    parser.add_argument("--json", action="store_true", help="One JSON object on stdout instead of the table.")
    parser.add_argument("--only", metavar="NAME", choices=TOPICS, action="append", help=", ".join(TOPICS))
    words = parser.parse_args()
    measured = []
    if not words.json:
        _say(_line("what", "against", "ratio", "bar", "") + "\n")
    for row in _rows(words.only or list(TOPICS), quick=words.quick):
        measured.append(row)
        if not words.json:
            _say(_line(row.name, row.compared, _figure(row.ratio), _verdict(row), row.detail))
    if words.json:
        _say(json.dumps({"quick": words.quick, "rows": [row.to_json() for row in measured]}))
    return int(any(row.passed is False for row in measured))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _rows(names: list[str], *, quick: bool) -> Iterator[Row]:
    with TemporaryDirectory(prefix="sfsync-bench-") as scratch:
        for name in names:
            yield from TOPICS[name](Plan(Path(scratch), quick))


def _line(name: str, compared: str, figure: str, bar: str, detail: str) -> str:
    return f"{name:<26}{compared:<46}{figure:>9}  {bar:<18}{detail}".rstrip()


def _figure(ratio: float) -> str:
    return f"{ratio:.2f} ×" if ratio >= 0.1 else f"1 / {1 / ratio:,.0f}"


def _verdict(row: Row) -> str:
    return "" if row.passed is None else f"{row.bar} {'ok' if row.passed else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
