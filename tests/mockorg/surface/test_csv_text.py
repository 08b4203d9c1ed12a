import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.csv_text import BadCsv, BadRow, read, written

CELLS = st.text(st.characters(codec="utf-8"), max_size=8)


@given(lines=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6), delimiter=st.sampled_from(",;|\t^`"),
       ending=st.sampled_from(["LF", "CRLF"]))  # fmt: skip
def test_what_is_written_can_be_read(lines: list[list[str]], delimiter: str, ending: str):
    text = written(lines, delimiter, ending).decode()
    assert list(read(text, delimiter)) == lines


@given(st.text(alphabet='a",\n\r ;', max_size=30))
def test_any_text_is_read_or_refused(text: str):
    try:
        found = list(read(text))
    except BadCsv:
        assert '"' in text
        return
    assert sum(map(len, found)) <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,\r\n\r\n,b\r\n", [["a", ""], ["", "b"]]),
        ('"a\nb","c""d"\n', [["a\nb", 'c"d']]),
        ("a,", [["a", ""]]),
        ("", []),
        ('a\n""\n\nb\n', [["a"], [""], ["b"]]),
    ],
)
def test_forms(text: str, lines: list[list[str]]):
    assert list(read(text)) == lines


@pytest.mark.parametrize("text", ['a, "b"\nc,d\n', '"a"x,b\nc,d\n'])
def test_a_misplaced_quote_spoils_its_row_only(text: str):
    bad, good = read(text)
    assert isinstance(bad, BadRow)
    assert "quote" in bad.reason
    assert good == ["c", "d"]
