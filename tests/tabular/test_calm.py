import os

import pytest

from sfsync.errors import FileRefused
from sfsync.tabular.calm import calm


class PanicException(BaseException):
    """Stands in for the one that cannot be imported."""


@pytest.mark.parametrize("error", [PanicException("index out of bounds"), ValueError("x"), OSError("x")])
def test_whatever_breaks_inside_is_a_refusal_and_silent(tmp_path, capfd, error):
    def break_down():
        with calm(tmp_path / "file.xls"):
            os.write(2, b"thread panicked")
            raise error

    with pytest.raises(FileRefused, match=r"file\.xls: the file is damaged or incomplete") as caught:
        break_down()
    assert caught.value.kind == "truncated"
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), AssertionError()])
def test_what_is_no_fault_of_the_file_goes_through(tmp_path, error):
    with pytest.raises(type(error)), calm(tmp_path / "file.xls"):
        raise error
