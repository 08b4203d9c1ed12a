"""A large file is looked at in stretches; characters on their seams count as they do in the whole."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfsync.tabular import encoding

PIECES = st.sampled_from(
    [b"a", b"\n", "é".encode(), "€".encode(), "😀".encode(), b"\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"]
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("utf8") / "some.csv"


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(PIECES, max_size=30), st.integers(1, 9), st.sampled_from([0, 3]))
def test_stretches_tell_what_the_whole_tells(path, monkeypatch, pieces, size, mark):
    monkeypatch.setattr(encoding, "_LARGE", size)
    text = b"".join(pieces)
    path.write_bytes(b"\xef\xbb\xbf"[:mark] + text)
    try:
        text.decode()
        sound = True
    except UnicodeDecodeError:
        sound = False
    assert encoding._is_utf8(path, mark) is sound
