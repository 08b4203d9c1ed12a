import pytest

from sfsync.tabular.ragged import Shape

RECORDS = [
    ["CC-1", "Jan", "jan@x.example", "0089", "01/02/2024", ""],
    ["CC-2", "Zoë de Wit", "zoe@x.example", "0090", "02/02/2024", "ring twice"],
    ["CC-3", "B.V. Stroom", "bv@x.example", "0091", "03/02/2024", ""],
]
SHAPE = Shape.of(RECORDS, 6)


@pytest.mark.parametrize(
    ("record", "shifted"),
    [
        (["CC-4", "An", "an@x.example", "0092", "04/02/2024", "", "", ""], False),
        (["CC-4", "Wit; An", "an@x.example", "0092", "04/02/2024", ""], False),
        (["CC-4", "Wit", " An", "an@x.example", "0092", "04/02/2024", ""], True),
        (["CC-4", "An", "an@x.example", "0092", "04/02/2024", "", "extra"], True),
        (["CC-4", "An", "an@x.example", "00O2", "04/02/2024", "", ""], False),
        (["CC-4", "An", "", "", "", "", ""], False),
        (["CC-4", "An"], False),
    ],
)
def test_shifted(record, shifted):
    assert SHAPE.shifted(record) is shifted


def test_problems_say_what_was_found():
    short = SHAPE.problem(7, ["CC-4", "An"], ";")
    assert (short.row, short.problem, short.severity) == (7, "ragged_short", "warn")
    assert "2 fields" in short.message
    assert "6" in short.message
    torn = SHAPE.problem(8, ["CC-4", "Wit", " An", "an@x.example", "0092", "04/02/2024", ""], ",")
    assert (torn.problem, torn.severity) == ("ragged_long", "error")
    assert "comma" in torn.message


def test_columns_without_a_look_prove_nothing():
    shape = Shape.of([["a", "b"], ["c d", "e"]], 2)
    assert shape.looks == (None, None)
    assert not shape.shifted(["x", "y", ""])
