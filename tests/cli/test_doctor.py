"""`sfsync doctor`: all mistakes of a project at once, each with file and line."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.conftest import Shell


@pytest.fixture
def project(shell: Shell) -> Path:
    folder = shell.folder / "project"
    assert shell("init", folder).code == 0
    for name in (
        "flows",
        "partner_files",
    ):  # Python knows packages of these names already, those of this repository
        shutil.rmtree(folder / name)
    return folder


def check(shell: Shell, project: Path, name: str) -> dict[str, Any]:
    (found,) = [
        one for one in shell("doctor", "--project", project, "--json").json["checks"] if one["name"] == name
    ]
    return found


def test_the_mistakes_of_all_mappings_and_exports_are_told(shell: Shell, project: Path) -> None:
    for name in ("one", "two"):
        (project / "mappings" / f"{name}.yaml").write_text(f"mapping: {name}\nobjekt: Lead\n")
        (project / "exports" / f"{name}.yaml").write_text(f"export: {name}\nobjekt: Lead\n")
    for kind in ("mappings", "exports"):
        found = check(shell, project, kind)
        assert found["state"] == "bad"
        assert {f"{name}.yaml:2" in found["mend"] for name in ("one", "two")} == {True}
    assert shell("doctor", "--project", project).code == 2


def test_a_language_without_headings_is_told(shell: Shell, project: Path) -> None:
    assert check(shell, project, "languages")["state"] == "ok"
    (project / "config" / "languages" / "es.yaml").write_text('reasons: {missing: "Falta el valor."}\n')
    found = check(shell, project, "languages")
    assert found["state"] == "warn"
    assert "answers in es have English headings" in found["found"]
    (project / "config" / "languages" / "es.yaml").write_text('reason: {missing: "Falta el valor."}\n')
    found = check(shell, project, "languages")
    assert (found["state"], "es.yaml:1" in found["mend"]) == ("bad", True)


def test_a_disk_that_is_nearly_full_is_told(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=17_000_000))
    found = check(shell, project, "state")
    assert found["state"] == "warn"
    assert "with only 17 MB free" in found["found"]
