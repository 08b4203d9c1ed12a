"""What run, import and export leave for Prometheus, read as its text format defines it."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.engine.metrics import FAMILIES, Ended, record, render
from sfsync.project import Project, open_project
from sfsync.records import Bucket
from tests.cli.conftest import CARDS, ROOT, Shell

START, SUCCESS = "sfsync_run_last_start_timestamp_seconds", "sfsync_run_last_success_timestamp_seconds"
LABELS = {"project": "p", "org": "production", "command": "run", "flow": "charge_card"}


@dataclass
class Exposed:
    """A text in Prometheus' format: the type of each family, and every series with its value."""

    types: dict[str, str]
    series: dict[tuple[str, tuple[tuple[str, str], ...]], float]

    def value(self, name: str, **labels: str) -> float:
        (found,) = [
            value
            for (metric, own), value in self.series.items()
            if metric == name and labels.items() <= dict(own).items()
        ]
        return found

    def has(self, name: str) -> bool:
        return any(metric == name for metric, _ in self.series)


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


def parse(text: str) -> Exposed:
    """By "Exposition formats": HELP, then TYPE, then the series of a family, each once; a line feed at the end."""
    assert text.endswith("\n")
    types: dict[str, str] = {}
    helped: list[str] = []
    series: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for line in text[:-1].split("\n"):
        if found := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
            assert found[1] not in helped
            helped.append(found[1])
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (gauge|counter)", line):
            assert helped[-1] == found[1]
            types[found[1]] = found[2]
        else:
            found = re.fullmatch(rf"({NAME})\{{(.*)\}} (\S+)", line)
            assert found, line
            assert list(types)[-1] == found[1], "the series of a family stand together"
            labels = tuple(
                (name, re.sub(r"\\(.)", lambda sign: {"n": "\n"}.get(sign[1], sign[1]), value))
                for name, value in LABEL.findall(found[2])
            )
            assert LABEL.sub("", found[2]) == ""
            assert (found[1], labels) not in series
            series[found[1], labels] = float(found[3])
    return Exposed(types, series)


def one_file(folder: Path) -> Exposed:
    (path,) = folder.iterdir()  # nothing half written is left beside it
    assert path.suffix == ".prom"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    return parse(path.read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "collector"
    made.mkdir()
    return made


def test_a_run_that_went_well(shell: Shell, folder: Path):
    result = shell("run", "charge_card", "--metrics", folder, "--json").json
    found = one_file(folder)
    assert set(found.types) == set(FAMILIES)
    assert set(found.types.values()) == {"gauge"}
    assert found.value("sfsync_run_exit_code", command="run", flow="charge_card", project=ROOT.name) == 0
    assert found.value("sfsync_run_api_calls_used") == result["api_calls"]
    assert found.value("sfsync_run_api_calls_remaining") == result["api_remaining"]
    assert found.value(SUCCESS) == pytest.approx(
        found.value(START) + found.value("sfsync_run_duration_seconds"), abs=0.01
    )
    for step in result["steps"]:
        for bucket in Bucket:
            rows = found.value("sfsync_run_rows", step=step["name"], bucket=bucket.value)
            assert rows == step[bucket.value]


def test_a_run_that_fails_keeps_the_last_success(shell: Shell, folder: Path):
    shell("run", "charge_card", "--metrics", folder)
    before = one_file(folder)
    shell.org.faults.script("error", route="*", times=None)
    assert shell("run", "charge_card", "--metrics", folder).code == 4
    found = one_file(folder)
    assert found.value("sfsync_run_exit_code") == 4
    assert found.value(SUCCESS) == before.value(SUCCESS)
    assert found.value(START) > before.value(START)
    assert not found.has("sfsync_run_rows")


def test_import_and_export_have_files_of_their_own(shell: Shell, folder: Path):
    shell("run", "charge_card", "--metrics", folder)
    cards = shell.file("cards.csv", CARDS + "NO-SUCH,3104000000000000002,\n")
    assert shell("import", "allocation", cards, "--metrics", folder).code == 1
    assert shell("export", "activation", "--metrics", folder).code == 0
    found = {path.name: parse(path.read_text(encoding="utf-8")) for path in folder.iterdir()}
    assert len(found) == 3
    series = [key for exposed in found.values() for key in exposed.series]
    assert len(series) == len(set(series)), "the collector refuses a series that stands in two files"
    taken = next(exposed for name, exposed in found.items() if "import-allocation" in name)
    assert taken.value("sfsync_run_rows", step="allocation_in", bucket="not_found") == 1
    assert taken.value("sfsync_run_exit_code") == 1
    assert taken.has(SUCCESS)


def test_what_went_wrong_before_anything_began_is_told(shell: Shell, folder: Path):
    bad = shell.file("cards.csv", "colour\nred\n")
    assert shell("import", "allocation", bad, "--metrics", folder).code == 2
    found = one_file(folder)
    assert found.value("sfsync_run_exit_code", command="import", flow="allocation") == 2
    assert not found.has(SUCCESS)


def test_the_project_names_the_folder(shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch):
    shell("init", "mine")
    settings = shell.folder / "mine" / "config" / "sfsync.yaml"
    settings.write_text("metrics: ../collector\n" + settings.read_text(encoding="utf-8"), encoding="utf-8")
    named = open_project("mine").metrics
    assert named
    assert named.resolve() == shell.folder / "collector"
    assert open_project(str(ROOT)).metrics is None
    monkeypatch.setattr(Project, "metrics", folder)
    assert shell("run", "charge_card.allocation_out").code == 0
    assert one_file(folder).value("sfsync_run_exit_code", flow="charge_card.allocation_out") == 0


def test_a_slip_of_the_fingers_leaves_nothing(shell: Shell, folder: Path):
    assert shell("run", "charge_crad", "--metrics", folder).code == 2
    assert shell("export", "web_form", "--metrics", folder).code == 2
    assert list(folder.iterdir()) == []


def test_metrics_that_cannot_be_written_change_no_exit_code(shell: Shell, folder: Path):
    said = shell("run", "charge_card.allocation_out", "--metrics", folder / "gone")
    assert said.code == 0
    assert said.err.startswith("Warning: the metrics were not written to ")


def test_without_the_option_nothing_is_written(shell: Shell):
    assert shell("run", "charge_card.allocation_out").code == 0
    assert list(shell.folder.iterdir()) == []


@given(st.text(max_size=30), st.floats(0, 4e9), st.integers(0, 130))
def test_any_label_and_number_can_be_read_back(text: str, number: float, code: int):
    found = parse(render(Ended(LABELS | {"flow": text}, number, 1.5, code), last_success=12.25))
    labels = tuple((LABELS | {"flow": text}).items())
    assert found.series[START, labels] == pytest.approx(number, abs=0.001)
    assert found.series["sfsync_run_exit_code", labels] == code


def test_a_name_for_the_file_stays_in_the_folder(tmp_path: Path):
    path = record(tmp_path, Ended(LABELS | {"flow": "../../etc/x y"}, 1.0, 1.0, 0))
    assert path.parent == tmp_path
    assert path.name == "sfsync-p-production-run-.._.._etc_x_y.prom"
