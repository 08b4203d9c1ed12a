"""The fixtures, as a stranger's project has them: by entry point, and at no cost for those who do not use them."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
PLUGIN = "sfsync.testing.pytest_plugin"

TESTS = """
import requests

def test_in_process(mock_org):
    url = "https://anything.example/services/data/v62.0/limits"
    assert requests.get(url, headers={"Authorization": f"Bearer {mock_org.token}"}).ok
    assert mock_org.query("SELECT Id FROM Product2")

def test_fresh(mock_org):
    assert mock_org.stats.requests == 0

def test_served(mock_org_server):
    found = requests.get(mock_org_server.url + "/services/data", timeout=10)
    assert found.ok
    assert mock_org_server.env["SF_ACCESS_TOKEN"] == mock_org_server.token
    assert mock_org_server.org.stats.requests == 1

def test_project(sfsync_project):
    sfsync_project.org.seed("charge_card", 2)
    result = sfsync_project.run("charge_card.intake")
    assert [step.selected for step in result.steps] == [2]
    assert len(sfsync_project.records("SELECT Id FROM Lead WHERE Intake_Status__c = 'Qualified'")) == 2
    before = sfsync_project.written
    sfsync_project.plan()
    assert sfsync_project.written == before
    assert sfsync_project.deliver("allocation", "a.csv", "x").read_text() == "x"
"""


def run(*line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *line], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_fixtures_work_in_a_project_of_its_own(tmp_path: Path):
    path = tmp_path / "test_theirs.py"
    path.write_text(TESTS)
    done = run("-m", "pytest", "-q", "-p", PLUGIN, "-c", "/dev/null", "--rootdir", str(tmp_path), str(path))
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_is_registered_under_its_own_name():
    """So that naming it with `-p` where it is installed does not register it twice."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}


def test_a_start_of_pytest_imports_nothing_heavy():
    script = (
        f"import pytest, sys; before = set(sys.modules); import {PLUGIN}; "
        "print(sorted(each for each in set(sys.modules) - before))"
    )
    done = run("-c", script)
    assert done.stdout.strip() == "['sfsync', 'sfsync.testing', 'sfsync.testing.pytest_plugin']", done.stderr


def test_a_file_that_is_only_taken_cannot_be_given(tmp_path: Path):
    from sfsync.errors import ConfigError
    from sfsync.testing.bound import BoundProject, new_org

    project = BoundProject(new_org(str(ROOT)), tmp_path / "state", ROOT)
    with project.org.activate(), pytest.raises(ConfigError, match="cannot be exported"):
        project.give("web_forms")


def test_mails_fail_as_they_are_told():
    from sfsync.testing.bound import Mails

    mails = Mails(fail=requests.ConnectionError())
    with pytest.raises(requests.ConnectionError):
        mails.send(None)  # type: ignore[arg-type]  # what is sent does not matter here
    assert mails.sent == []
