import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from sfsync.cli.org import command
from sfsync.errors import ConfigError, OrgError
from sfsync.mockorg import MockOrg

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("SFSYNC_PROJECT", raising=False)

    def invoke(*words):
        return CliRunner().invoke(
            command, words, catch_exceptions=False, standalone_mode=False, help_option_names=["-h", "--help"]
        )

    return invoke


@pytest.fixture
def org(monkeypatch):
    mock = MockOrg(metadata=[ROOT / "config" / "org"])
    monkeypatch.setenv("SF_INSTANCE_URL", "https://mock.my.salesforce.com")
    monkeypatch.setenv("SF_ACCESS_TOKEN", mock.token)
    with mock.activate():
        yield mock
    mock.close()


@pytest.fixture
def bare_org(monkeypatch):
    mock = MockOrg(metadata=[])
    monkeypatch.setenv("SF_INSTANCE_URL", "https://mock.my.salesforce.com")
    monkeypatch.setenv("SF_ACCESS_TOKEN", mock.token)
    with mock.activate():
        yield mock
    mock.close()


@pytest.fixture
def sf(monkeypatch, tmp_path):
    """A Salesforce CLI that notes where and how it was called, and ends with a code of our choice."""

    def install(code=0):
        script = tmp_path / "sf"
        script.write_text(f'#!/bin/sh\nprintf "%s " "$PWD" "$@" > "{tmp_path}/called"\nexit {code}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "called"

    return install


def test_check_passes_on_an_org_with_our_metadata(run, org):
    result = run("check")
    assert result.return_value == 0
    assert "Logged in to https://mock.my.salesforce.com" in result.stdout
    assert "checks passed, 0 failed." in result.stdout


def test_check_as_json_is_one_object(run, org):
    result = run("check", "--json")
    body = json.loads(result.stdout)
    assert (body["status"], body["version"]) == ("ok", "62.0")
    assert {"login", "field", "queue"} <= {item["check"] for item in body["checks"]}


def test_check_of_an_org_without_our_metadata_says_what_to_do(run, bare_org):
    result = run("check")
    assert result.return_value == 2
    assert "MISSING  field: Lead.Sfsync_Key__c is not there" in result.stdout
    assert "sfsync org deploy" in result.stdout


def test_limits(run, org):
    assert "DailyApiRequests" in run("limits").stdout
    assert "MassEmail" not in run("limits").stdout
    assert "MassEmail" in run("limits", "--all").stdout
    limits = json.loads(run("limits", "--json").stdout)["limits"]
    assert limits["DailyApiRequests"]["maximum"] == 15000


def test_deploy_prints_what_it_would_do(run):
    result = run("deploy", "--print", "--target-org", "dev", "--dry-run")
    assert result.stdout.strip().endswith(
        "config && sf project deploy start --source-dir org --target-org dev --dry-run"
    )


def test_deploy_runs_the_salesforce_cli_in_the_config_folder(run, sf):
    called = sf()
    assert json.loads(run("deploy", "--target-org", "dev", "--json").stdout)["deployed"] is True
    assert called.read_text() == f"{ROOT}/config project deploy start --source-dir org --target-org dev "


def test_deploy_says_when_the_cli_fails_or_is_missing(run, sf, monkeypatch):
    sf(code=1)
    with pytest.raises(OrgError, match="ended with 1"):
        run("deploy")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError, match="not installed"):
        run("deploy")
