"""Memory of blocks is used again."""

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import resource, sys
from sfsync.tabular.memory import keep_memory
if sys.argv[1] == "keep":
    keep_memory()
for _ in range(20):
    blocks = [bytearray(8 << 20) for _ in range(4)]
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def _faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_blocks_that_follow_each_other_use_the_same_pages() -> None:
    assert _faults("keep") < _faults("leave") / 2
