"""The process of one side: prepares, times the work, prints the time and what the work returned as JSON."""

import importlib
import json
import sys
from time import perf_counter


def main() -> None:
    place, *arguments = sys.argv[1:]
    module, _, name = place.partition(":")
    work = getattr(importlib.import_module(module), name)(*arguments)
    started = perf_counter()
    value = work()
    print(json.dumps({"seconds": perf_counter() - started, "value": value}))  # noqa: T201  read by measure.process


if __name__ == "__main__":
    main()
