import pytest

from sfsync.errors import FileRefused
from sfsync.tabular.encoding import Encoding, detect, first_undecodable

FRENCH = "Réf;Société;Téléphone\nA1;Château d'Été – Noël;0475\nA2;Crème brûlée à l'œuf;0476\n"
POLISH = (
    "Nr;Imię i nazwisko;Ulica\n1;Grażyna Żółwińska;Źródlana\n"
    "2;Stanisław Brzęczyszczykiewicz;Łąkowa\n3;Świętosława Gąsior;Kręta\n"
)
CHINESE = "编号,状态,备注\nA1,已预约,客户希望更换轮胎\nA2,未成交,请在下午六点后回电𠮷\n"
RUSSIAN = "Номер;Имя;Адрес\n1;Иван Петров;улица Ленина\n2;Мария Сидорова;Московский проспект\n"


def found(tmp_path, content, fixed=None):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return detect(path, fixed)


@pytest.mark.parametrize(
    ("content", "name", "bom"),
    [
        (b"a;b\n", "utf-8", False),
        (FRENCH.encode(), "utf-8", False),
        (FRENCH.encode("utf-8-sig"), "utf-8", True),
        (FRENCH.encode("utf-16"), "utf-16-le", True),
        (b"\xfe\xff" + FRENCH.encode("utf-16-be"), "utf-16-be", True),
        (FRENCH.encode("utf-16-le"), "utf-16-le", False),
        (FRENCH.encode("utf-16-be"), "utf-16-be", False),
        (FRENCH.encode("utf-32"), "utf-32-le", True),
        (FRENCH.encode("cp1252"), "windows-1252", False),
        ("prix;5 €\n".encode("cp1252"), "windows-1252", False),
        ("prezzo;5 €\ncittà;è\n".encode("iso8859-15"), "iso-8859-15", False),
        (CHINESE.encode("gb18030"), "gb18030", False),
        (POLISH.encode("cp1250"), "windows-1250", False),
        (RUSSIAN.encode("cp1251"), "windows-1251", False),
        ("volume;3 m³ à 20°\n".encode("cp1252"), "windows-1252", False),
    ],
)
def test_detects(tmp_path, content, name, bom):
    encoding = found(tmp_path, content)
    assert (encoding.name, encoding.bom) == (name, bom)


def test_one_accent_in_the_last_line_decides(tmp_path):
    assert found(tmp_path, b"a;b\n" * 600_000 + "é\n".encode("cp1252")).name == "windows-1252"


def test_a_setting_wins(tmp_path):
    assert found(tmp_path, FRENCH.encode("cp1252"), "ISO-8859-1").name == "iso-8859-1"
    assert found(tmp_path, FRENCH.encode("utf-8-sig"), "utf8").bom
    assert found(tmp_path, FRENCH.encode("utf-16"), "UTF-16").name == "utf-16-le"
    assert found(tmp_path, CHINESE.encode("gb18030"), "gbk").name == "gb18030"


@pytest.mark.parametrize(
    ("content", "fixed", "kind", "words"),
    [
        (b"a\n\xe9;b\n", "utf-8", "bad_encoding", "line 2 .*0xE9.*utf-8"),
        (b"a", "klingon", "encoding_unknown", "klingon"),
        (b"a", "hex", "encoding_unknown", "hex"),
        (b"a\0b\0\0\0\0;", None, "not_a_table", "binary"),
        (("é" * 50 + "\nx").encode() + b"\xe9;\n", None, "bad_encoding", "line 2 .*0xE9"),
        (FRENCH.encode("utf-16")[:-1], None, "bad_encoding", "utf-16"),
    ],
)
def test_refuses(tmp_path, content, fixed, kind, words):
    with pytest.raises(FileRefused, match=words) as caught:
        found(tmp_path, content, fixed)
    assert caught.value.kind == kind


def test_first_undecodable_counts_lines(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(b"ok\n" * 500_000 + b"no \xff\n")
    assert first_undecodable(path, detect(path, "latin-1")) is None
    assert first_undecodable(path, Encoding("utf-8")) == (500_001, 0xFF)


@pytest.mark.parametrize(
    ("tail", "found"),
    [("é\n".encode(), None), (b"\xe9\n", (600_001, 0xE9)), ("é".encode()[:1], (600_001, 0xC3))],
)
def test_a_large_file_is_proved_to_its_last_byte(tmp_path, tail, found):
    path = tmp_path / "large.csv"
    path.write_bytes("köln;1\n".encode() * 600_000 + tail)
    assert first_undecodable(path, Encoding("utf-8")) == found


def test_a_large_file_in_one_line_is_proved_too(tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes("é".encode() * 3_000_000)
    assert first_undecodable(path, Encoding("utf-8")) is None
