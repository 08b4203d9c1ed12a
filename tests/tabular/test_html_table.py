import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import FileRefused
from sfsync.tabular.model import Hints
from sfsync.tabular.table import open_table

PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">
<style>.x{{}}</style></head><body><p>before</p>
<table><tr><td>menu</td></tr></table>
<table border=1><caption>Cards</caption>
<tr><td colspan=3><b>Return of &eacute;t&eacute;</b></td></tr>
<tr><th>Order</th><th>Name</th><th>Note</th></tr>
<tr><td> A1 </td><td>Zoë   de
Wit</td><td>line 1<br>line 2<script>alert(1)</script></td></tr>
<tr><td>A2<td>5 &lt; 6 &amp; 7<td>&nbsp;</tr>
<tr></tr>
<tr><td>A3</td><td><table><tr><td>inner</td></tr></table></td><td></td></tr>
</table></body></html>"""


@pytest.mark.parametrize("charset", ["windows-1252", "utf-8", "iso-8859-15"])
def test_the_widest_table_with_tr_numbers(tmp_path, charset):
    path = tmp_path / "page.xls"
    path.write_bytes(PAGE.format(charset=charset).encode(charset))
    table = open_table(path)
    assert (table.format, table.encoding, table.header_row) == ("html", charset, 2)
    assert table.columns == ("Order", "Name", "Note")
    rows = [row for block in table.blocks() for row in block.iter_rows()]
    assert rows == [
        (3, "A1", "Zoë de Wit", "line 1\nline 2"),
        (4, "A2", "5 < 6 & 7", "\u00a0"),
        (6, "A3", "inner", None),
    ]


def test_wanted_headings_choose_the_table(tmp_path):
    path = tmp_path / "page.xls"
    path.write_text(
        "<table><tr><th>a<th>b<tr><td>1<td>2</table><table><tr><th>Key<tr><td>K1</table>", encoding="utf-8"
    )
    assert open_table(path, Hints.wanting("key")).columns == ("Key",)


def test_a_page_that_lies_about_its_charset(tmp_path):
    path = tmp_path / "page.xls"
    path.write_bytes('<html><meta charset="utf-8"><table><tr><th>Prénom<th>x<tr><td>é<td>y'.encode("cp1252"))
    assert open_table(path).columns == ("Prénom", "x")


@settings(max_examples=150)
@given(st.text("<>/trdh abletml\"'=&;!-1", max_size=120))
def test_any_markup_is_a_table_or_refused(tmp_path, text):
    path = tmp_path / "page.xls"
    path.write_text("<table>" + text, encoding="utf-8")
    try:
        columns = open_table(path).columns
    except FileRefused as refusal:
        columns = (refusal.kind,)
    assert columns
