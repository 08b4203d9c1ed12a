"""Where the shared samples lie; tests that need them are skipped where they are not."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("SFSYNC_SHARED", Path(__file__).resolve().parents[1].parent / "shared"))
SAMPLES = SHARED / "samples"
