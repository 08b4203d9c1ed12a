from sfsync.tabular.inspect import inspect, letter, unique
from tests.tabular.workbooks import workbook


def test_the_contract_of_the_json(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("key;name;name\nA;x;y\nB;z\n;;\n", encoding="utf-8")
    found = inspect(path, rows=1).as_json()
    assert found.items() >= {
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ";",
        "sheet": None,
        "header_row": 1,
        "columns": ["key", "name", "name"],
        "rows": [{"key": "A", "name (column B)": "x", "name (column C)": "y"}],
        "row_numbers": [2],
        "rows_total": 2,
        "skipped": [{"row": 4, "why": "blank"}],
    }.items()  # fmt: skip
    (problem,) = found["problems"]
    assert (problem["row"], problem["column"], problem["problem"]) == (3, None, "ragged_short")


def test_errors_and_missing_results_are_problems(tmp_path):
    path = workbook(tmp_path / "in.xlsx", ("S", [["key", "v"], ["A", "=1"], ["B", "#N/A"]]))
    found = inspect(path)
    assert [(p.row, p.column, p.problem) for p in found.problems] == [
        (2, 1, "formula_no_value"),
        (3, 1, "error_cell"),
    ]
    assert [p["column"] for p in found.as_json()["problems"]] == ["v", "v"]
    assert found.rows_total == 2


def test_names_are_unique():
    assert unique(("a", "", "a", "b")) == ("a (column A)", "(column B)", "a (column C)", "b")
    assert [letter(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
