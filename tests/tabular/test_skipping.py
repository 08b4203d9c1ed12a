from pathlib import Path

import pytest

from sfsync.tabular.model import Hints, Skipped
from sfsync.tabular.text import open_text


def read(tmp_path: Path, text: str, block: int = 8 << 20):
    path = tmp_path / "file.csv"
    path.write_text("key;name;city;count\n" + text, encoding="utf-8")
    table = open_text(path, Hints(header_row=1), block=block)
    rows = [row for frame in table.blocks() for row in frame["row"]]
    return rows, table.skipped


@pytest.mark.parametrize("block", [1, 40, 8 << 20])
def test_blank_total_and_footer(tmp_path, block):
    text = "A1;x;y;1\n;;;\n \t;;\u00a0;\nA2;x;y;2\nTotaal: 2;;;3\nPrinted by CardTool 4.1;;;page 1\n"
    rows, skipped = read(tmp_path, text, block)
    assert rows == [2, 5]
    assert sorted(skipped, key=lambda s: s.row) == [
        Skipped(3, "blank"),
        Skipped(4, "blank"),
        Skipped(6, "total"),
        Skipped(7, "footer"),
    ]


@pytest.mark.parametrize(
    "last",
    ["A3;;;", "A3;only name;;", "Total Energies;x;y;4", "Totalis;x;;", "A 3;x;y;4"],
    ids=["key only", "key and name", "a company", "another word", "full row with a space"],
)
def test_data_is_never_taken_for_a_footer_or_total(tmp_path, last):
    rows, skipped = read(tmp_path, f"A1;x;y;1\nA2;x;y;2\n{last}\n")
    assert rows == [2, 3, 4]
    assert skipped == []


@pytest.mark.parametrize("block", [1, 8 << 20])
def test_a_sentence_in_the_middle_is_data(tmp_path, block):
    rows, skipped = read(tmp_path, "A1;x;y;1\nwhat is this;;;\nA2;x;y;2\n", block)
    assert rows == [2, 3, 4]
    assert skipped == []


def test_a_sentence_at_the_end_is_data_where_keys_are_sentences(tmp_path):
    rows, _ = read(tmp_path, "Jan de Vries;x;y;1\nAn Jansen;;;\n")
    assert rows == [2, 3]


@pytest.mark.parametrize(
    "word", ["Total", "TOTAAL", "Grand total: 12", "Summe", "合计", "Totaux", "Subtotaal 4"]
)
def test_words_for_total(tmp_path, word):
    rows, skipped = read(tmp_path, f"A1;x;y;1\n;{word};;9\n")
    assert rows == [2]
    assert skipped == [Skipped(3, "total")]
