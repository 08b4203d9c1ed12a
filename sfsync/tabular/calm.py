"""Call calamine so that a broken file is a refusal: its Rust code panics on some, and prints a backtrace.

A panic comes to Python as ``pyo3_runtime.PanicException``, which is no ``Exception`` and cannot be imported. The
backtrace is written straight to the process's standard error, which is therefore shut for the moment of the call.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sfsync.tabular.guards import damaged, encrypted

_ONE_AT_A_TIME = Lock()
_STANDARD_ERROR = 2


@contextmanager
def calm(path: Path) -> Iterator[None]:
    """Turn whatever calamine does on a broken file into FileRefused (encrypted or truncated)."""
    import python_calamine

    with _ONE_AT_A_TIME, _silence():
        try:
            yield
        except python_calamine.PasswordError:
            raise encrypted(path) from None
        except (python_calamine.CalamineError, OSError, ValueError, OverflowError):
            raise damaged(path) from None
        except BaseException as error:
            if type(error).__name__ == "PanicException":
                raise damaged(path) from None
            raise


@contextmanager
def _silence() -> Iterator[None]:
    sys.stderr.flush()
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:  # a process without standard error, as some services are started
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
