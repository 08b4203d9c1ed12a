import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from sfsync.cli.mock import command
from sfsync.mockorg import MockOrg

REPOSITORY = Path(__file__).parents[3]


def test_serve_until_stopped(tmp_path: Path):
    ready = tmp_path / "ready.json"
    line = [sys.executable, "-m", "sfsync", "mock", "serve", "--seed", "charge_card:5", "--ready-file", str(ready),
            "--data", str(tmp_path / "org.sqlite"), "--switch", "newest_version=64"]  # fmt: skip
    with subprocess.Popen(line, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        assert json.loads(ready.read_text()) == told
        assert told["pid"] == process.pid
        headers = {"Authorization": f"Bearer {told['token']}"}
        url = f"{told['url']}/services/data/v62.0/query?q=SELECT+COUNT()+FROM+Lead"
        assert requests.get(url, headers=headers, timeout=20).json()["totalSize"] == 5
        versions = requests.get(f"{told['url']}/services/data", timeout=20).json()
        assert versions[-1]["version"] == "64.0"
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0
    assert not ready.exists()


def test_reset_empties_and_seeds(org: MockOrg):
    org.seed("charge_card", 2)
    with org.serve() as server:
        result = CliRunner().invoke(
            command, ["reset", "--url", server.url + "/", "--seed", "catalogue", "--json"]
        )
    assert result.exit_code == 0, result.output
    counts = json.loads(result.output)["counts"]
    assert "Lead" not in counts
    assert counts["Product2"] == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reset", "--url", "https://login.salesforce.com"], "not the address of a mock org"),
        (["reset", "--url", "http://127.0.0.1:1"], "No mock org answers"),
        (["serve", "--seed", "nothing", "--port", "0"], "There is no seed"),
        (["serve", "--seed", "charge_card:x"], "whole number"),
        (["serve", "--switch", "page_sise=5"], "Did you mean page_size?"),
        (["serve", "--switch", "page_size=many"], "page_size is a number"),
        (["serve", "--switch", "web_names=yes"], "web_names is true or false"),
        (["serve", "--switch", "page_size"], "expected NAME=VALUE"),
    ],
)
def test_mistakes_are_said_in_a_sentence(arguments: list[str], words: str):
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code != 0
    assert words in str(result.exception)


def test_reset_says_what_the_org_refuses(org: MockOrg):
    with org.serve() as server:
        result = CliRunner().invoke(command, ["reset", "--url", server.url, "--seed", "nothing"])
    assert "There is no seed" in str(result.exception)
