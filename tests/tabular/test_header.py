from sfsync.tabular.header import find_header
from sfsync.tabular.model import Hints

WANTED = Hints.wanting("Order number", "Card number", "Ship date").wanted


def test_the_first_row_of_words_that_is_as_wide_as_the_table():
    sample = [
        ["Report", "", ""],
        ["Period", "", "2024"],
        ["", "", ""],
        ["key", "name", "date"],
        ["1", "x", "2024-01-01"],
    ]
    header = find_header(sample)
    assert header is not None
    assert (header.first, header.index, header.columns) == (3, 3, ("key", "name", "date"))


def test_wanted_headings_beat_the_look_of_a_row():
    sample = [["a", "b", "c", "d"], ["ORDER  number", "x", "card number"], ["1", "2", "3"]]
    header = find_header(sample, WANTED)
    assert header is not None
    assert (header.index, header.matched) == (1, 2)


def test_one_matching_word_among_data_is_a_coincidence():
    sample = [["No", "Type", "Value"], ["1", "Ship date", "2024"], ["2", "x", "y"]]
    header = find_header(sample, WANTED)
    assert header is not None
    assert header.index == 0


def test_two_rows_are_joined_by_their_merged_cells():
    sample = [["Card", "", "Person", ""], ["Number", "Date", "Name", "Phone"], ["1", "2", "x", "3"]]
    header = find_header(sample, merged={(0, 0): (1, 2), (0, 2): (1, 2)})
    assert header is not None
    assert (header.first, header.index) == (0, 1)
    assert header.columns == ("Card / Number", "Card / Date", "Person / Name", "Person / Phone")


def test_a_cell_merged_downwards_stands_alone_and_a_title_is_no_group():
    sample = [["Key", "Card", ""], ["", "Number", "Date"], ["1", "2", "3"]]
    header = find_header(sample, merged={(0, 0): (2, 1), (0, 1): (1, 2)})
    assert header is not None
    assert header.columns == ("Key", "Card / Number", "Card / Date")
    sample = [["Return of March", "", ""], ["Key", "Number", "Date"], ["1", "2", "3"]]
    header = find_header(sample, merged={(0, 0): (1, 3)})
    assert header is not None
    assert header.columns == ("Key", "Number", "Date")


def test_two_rows_of_a_text_file_are_joined_when_the_joined_headings_are_wanted():
    sample = [["Card", "", "Person"], ["number", "date", "name"], ["1", "2", "x"]]
    wanted = Hints.wanting("card / number", "card / date").wanted
    header = find_header(sample, wanted)
    assert header is not None
    assert (header.index, header.columns) == (1, ("Card / number", "Card / date", "Person / name"))


def test_no_text_no_header_and_a_fixed_row():
    assert find_header([["", " "], ["\u200b"]]) is None
    assert find_header([]) is None
    header = find_header([["a", "b"], ["c", "d"]], fixed=1)
    assert header is not None
    assert header.columns == ("c", "d")
    assert find_header([["a"]], fixed=4) is None


def test_headings_of_a_file_with_nothing_but_numbers_below():
    header = find_header([["1", "2"], ["3", "4"]])
    assert header is not None
    assert header.index == 0
