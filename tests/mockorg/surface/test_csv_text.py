import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.csv_text import BadCsv, BadRow, Run, lines_of, read, runs, written
from sfsync.mockorg.spool import Spool

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


def _places(found: list[Run]) -> list[tuple[int, list[str]]]:
    """Each record with its place."""
    records: list[tuple[int, list[str]]] = []
    for began, run in found:
        place = began
        for line in [run] if isinstance(run, list) else run.splitlines(keepends=True):
            records.append((place, line if isinstance(line, list) else lines_of(line)[0].split(",")))
            place += len(line)
    return records


PIECES = ["a", '"', ",", "\n", "\r\n", "\r", '"b",', '"c"\n', "é", "\x85", "dd,e\n"]


@given(text=st.lists(st.sampled_from(PIECES)).map("".join), block=st.integers(1, 12))
def test_the_size_of_a_block_does_not_matter(text: str, block: int):
    data = Spool(data=text.encode())
    try:
        whole = list(runs(data, block=10_000))
    except BadCsv as trouble:
        with pytest.raises(BadCsv, match=str(trouble)):
            list(runs(data, block=block))
        return
    assert _places(list(runs(data, block=block))) == _places(whole)
    assert [record for _, record in _places(whole)] == list(read(text))


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
