"""How hard the tests try: examples, mutants and schedules that chance makes are a few on every change.

`make thorough`, or `SFSYNC_EFFORT=20 pytest tests/fuzz`, makes so many times as many.
"""

import os

EFFORT = int(os.environ.get("SFSYNC_EFFORT", "1"))
