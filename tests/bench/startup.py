"""How long the first answer takes, against Python itself doing nothing."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.measure import Plan, Row, alternate, process

BAR = 3.0
_NOTHING = [sys.executable, "-c", "pass"]
_DOORS = {
    "sfsync --help": [str(Path(sys.executable).with_name("sfsync")), "--help"],
    "python -m sfsync --help": [sys.executable, "-m", "sfsync", "--help"],
}


def rows(plan: Plan) -> Iterator[Row]:
    for name, command in _DOORS.items():
        pair = alternate(plan.runs(31), partial(process, command), partial(process, _NOTHING))
        yield Row(name, "python -c pass, whole processes", pair.time, "", f"≤ {BAR:g}", pair.time <= BAR)
