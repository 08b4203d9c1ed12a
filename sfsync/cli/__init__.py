"""The command line. One file per command group; a group's file is imported only when it is called."""

import gc
import sys

from sfsync.cli.front import answer
from sfsync.cli.streams import outlive_readers

_OBJECTS = 50_000
"""New objects after which Python looks for those that hold each other. Imports alone make many times its usual 700,
and nearly all of them stay: the looking takes a tenth of a short run."""


def main() -> None:
    """The entry point of `sfsync`, `python -m sfsync` and `python cli.py`; ends the process with its exit code."""
    collect_rarely()
    outlive_readers()
    text = answer(sys.argv[1:])
    if text is None:
        from sfsync.cli.root import main as main_with_click

        main_with_click()
    else:
        print(text)


def collect_rarely() -> None:
    """Set Python's cyclic collector for a process of ours."""
    gc.set_threshold(_OBJECTS)
