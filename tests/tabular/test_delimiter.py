import pytest

from sfsync.cells import fold
from sfsync.tabular.delimiter import guess, sep_line


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b;c\n1;2;3\n", ";"),
        ("a\tb\tc\n1\t2\t3\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ("name;price\nx;1,50\ny;2,75\n", ";"),
        ("key;remark\nA;one, two, three, four\nB;one, two, three, four\n", ";"),
        ("a;b;c\n1;2\n1;2;3;4\n1;2;3\n", ";"),
        ("Report of March, April\nkey;name\n1;x\n2;y\n3;z\n", ";"),
        ('a,b\n"x;y;z","1;2;3"\n"p;q;r","4;5;6"\n', ","),
        ("email\nx@y.example\n", ","),
    ],
)
def test_guess(text, delimiter):
    assert guess(text.splitlines(keepends=True)) == delimiter


def test_known_headings_decide():
    lines = ["one,two|three,four\n", "a,b|c,d\n"]
    assert guess(lines, frozenset({fold("two|three")})) == ","
    assert guess(lines, frozenset({fold("three,four")})) == "|"


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sep=;\r\n", ";"),
        ('"sep=,"\n', ","),
        ("SEP=|\n", "|"),
        ("sep=\t\n", "\t"),
        ("sep=ab\n", None),
        ("a;b\n", None),
    ],
)
def test_sep_line(line, delimiter):
    assert sep_line(line) == delimiter
