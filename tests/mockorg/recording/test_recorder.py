"""The recording proxy: passes on what comes, leads links back to itself, keeps only what may be kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from sfsync.cli.mock import command
from sfsync.mockorg import MockOrg, Request, Response
from sfsync.mockorg.recorder import Recorder, Upstream, checked
from sfsync.mockorg.recording import Recording, RecordingError
from sfsync.mockorg.spool import IN_MEMORY
from tests.mockorg.surface.conftest import METADATA

ROOT = Path(__file__).parents[3]
API = "/services/data/v62.0"


@pytest.fixture
def org() -> MockOrg:
    return MockOrg(metadata=[METADATA])


def test_a_session_through_the_proxy_is_recorded(org: MockOrg):
    with org.serve() as server, Recorder(server.url, schema=org.core.schema) as recorder:
        headers = {"Authorization": f"Bearer {server.token}"}
        made = requests.post(
            f"{recorder.url}{API}/sobjects/Account", json={"Name": "Jansen B.V."}, headers=headers, timeout=5
        )
        token = requests.post(
            f"{recorder.url}/services/oauth2/token", {"grant_type": "password"}, timeout=5
        ).json()
        missing = requests.get(f"{recorder.url}{API}/nothing", headers=headers, timeout=5)
        recording = recorder.recording("three calls")
    assert (made.status_code, missing.status_code) == (201, 404)
    assert token["instance_url"] == recorder.url or token["instance_url"].startswith("http://127.0.0.1:")
    assert recorder.url == ""
    assert org.query("SELECT Name FROM Account") == [
        {"attributes": org.query("SELECT Name FROM Account")[0]["attributes"], "Name": "Jansen B.V."}
    ]
    assert [each.status for each in recording.exchanges] == [201, 200, 404]
    assert "Jansen" not in str(recording)
    assert server.token not in str(recording)
    assert recording.exchanges[1].answer.value["instance_url"] == "https://org.example.com"


def test_links_lead_back_to_the_proxy(org: MockOrg):
    with org.serve() as server, Recorder(server.url, schema=org.core.schema) as recorder:
        token = requests.post(
            f"{recorder.url}/services/oauth2/token", {"grant_type": "password"}, timeout=5
        ).json()
        assert token["instance_url"] == recorder.url


def test_an_upload_is_never_on_disk(org: MockOrg, monkeypatch: pytest.MonkeyPatch):
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)
    seen: list[int] = []

    def forward(request: Request) -> Response:
        seen.append(len(request.body))
        return Response(201)

    with Recorder("https://acme.my.salesforce.com", schema=org.core.schema, forward=forward) as recorder:
        body = b"LastName\n" + b"Jansen\n" * 40_000
        assert len(body) > IN_MEMORY
        url = f"{recorder.url}{API}/jobs/ingest/7500000000000001/batches"
        assert requests.put(url, body, headers={"Content-Type": "text/csv"}, timeout=20).status_code == 201
    assert seen == [len(body)]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://acme.my.salesforce.com", "not protected"),
        ("acme", "not the address"),
        ("ftp://acme", "not the address"),
        ("https://user:secret@acme.my.salesforce.com", "no user name"),
    ],
)
def test_only_protected_orgs_are_recorded(url: str, words: str):
    with pytest.raises(RecordingError, match=words):
        checked(url)
    assert checked("https://acme.my.salesforce.com/path") == "https://acme.my.salesforce.com"
    assert checked("http://localhost:80") == "http://localhost:80"


def test_an_org_that_does_not_answer_is_a_lost_answer():
    assert Upstream("http://127.0.0.1:1").send(Request("GET", "/")).lost


def test_recording_a_command(org: MockOrg, tmp_path: Path):
    target = tmp_path / "limits.yaml"
    with org.serve() as server:
        env = {**os.environ, "SF_INSTANCE_URL": server.url, "SF_ACCESS_TOKEN": server.token}
        sfsync = [sys.executable, "-m", "sfsync"]
        line = [*sfsync, "mock", "record", "--to", str(target), "--about", "limits", "--json", "--"]
        line += [*sfsync, "org", "limits"]
        done = subprocess.run(line, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"file": str(target), "exchanges": 1, "exit_code": 0}
    recording = Recording.load(target)
    assert (recording.about, recording.exchanges[0].line) == ("limits", f"GET {API}/limits")
    result = CliRunner().invoke(command, ["compare", str(target), "--json", "--metadata", str(METADATA)])
    assert json.loads(result.output)["recordings"][0]["differences"] == []


def test_comparing_says_what_differs(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text(f"recording: 1\nexchanges:\n- method: GET\n  path: {API}/nothing\n  status: 200\n")
    result = CliRunner().invoke(
        command, ["compare", str(path), "--metadata", str(METADATA)], standalone_mode=False
    )
    assert result.return_value == 1
    assert "status: recorded 200, mock org 404" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["record", "--to", "nowhere/x.yaml", "--url", "https://acme.my.salesforce.com"], "does not exist"),
        (["record", "--to", "x.yaml", "--url", "http://acme.my.salesforce.com"], "not protected"),
        (
            ["record", "--to", "x.yaml", "--url", "http://127.0.0.1:1", "--", "no-such-command"],
            "cannot be started",
        ),
    ],
)
def test_mistakes_are_said_in_a_sentence(arguments: list[str], words: str):
    result = CliRunner().invoke(command, arguments)
    assert words in str(result.exception)
    assert not Path("x.yaml").exists()


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\n")
    assert "not a recording" in str(CliRunner().invoke(command, ["compare", str(path)]).exception)
