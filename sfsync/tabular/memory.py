"""Memory that large blocks have used stays with the process, for the blocks that come after them."""

import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's ``mallopt`` (malloc.h)."""
_LARGEST = 32 << 20
"""Bytes: the most that glibc lets stay in its heap."""
_KEPT = 128 << 20
"""Free bytes at the end of a heap that are not given back."""


@cache
def keep_memory() -> None:
    """Have glibc keep what is freed, instead of giving it back to the system; elsewhere nothing happens.

    A file is read in blocks of some megabytes, and each is let go before others come. glibc gives memory of that size
    back at once, and the system clears every page of it again for the next block: a tenth of all the time.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
