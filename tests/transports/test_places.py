"""A flow whose partners' files come from servers, a mailbox and the org, and the settings that say so."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sfsync.engine.operation import plan, run_flow
from sfsync.engine.running import Nobody, Ports
from sfsync.errors import ConfigError, TransportFailed
from sfsync.records import Bucket
from sfsync.settings import ProjectSettings
from sfsync.transports.files import FilesInbox, FilesOutbox
from sfsync.transports.folder import FolderInbox, FolderOutbox
from sfsync.transports.imap import ImapServer
from sfsync.transports.places import Places
from sfsync.transports.sftp import SftpInbox
from tests.conftest import House, NewHouse
from tests.partner_files.support import card_id, order_keys
from tests.transports.mails import in_folder, mail_with, post
from tests.transports.servers import Dovecot, Sshd

Settings = dict[str, Any]


@pytest.fixture
def ordered(new_house: NewHouse) -> House:
    """A house whose orders wait for cards."""
    house = new_house(12)
    house.run()
    return house


def ports_of(house: House, settings: Settings, env: dict[str, str] | None = None) -> Ports:
    """The house's ports with other settings of places."""
    project = house.project
    parsed = ProjectSettings.model_validate(settings)
    places = replace(
        project.places,
        partners=parsed.partners,
        sftp=parsed.sftp,
        imap=parsed.imap,
        secret=lambda reference: (env or {})[reference.removeprefix("env:")],
    )
    return replace(project.ports(Nobody(), mail=house.mails), places=places)


def buckets(result: Any, step: str = "allocation_in") -> dict[Bucket, int]:
    return next(found.buckets for found in result.steps if found.name == step)


def answer(key: str) -> bytes:
    return f"Order number;Card number\n{key};{card_id(key)}\n".encode()


def run(house: House, ports: Ports, step: str | None = "allocation_in") -> Any:
    return run_flow(ports, house.project.content.flow("charge_card"), step)


def sftp_settings(sshd: Sshd, folder: Path) -> tuple[Settings, dict[str, str]]:
    place = {"sftp": "bank"}
    settings = {
        "sftp": {
            "bank": {
                "host": "127.0.0.1", "port": sshd.port, "username": sshd.user,
                "private_key": "env:KEY", "host_keys": [sshd.fingerprint],
            }
        },
        "partners": {
            "allocation": {
                "inbox": {**place, "folder": str(folder / "out"), "pattern": "*.csv"},
                "outbox": {**place, "folder": str(folder / "in")},
                "answers": {**place, "folder": str(folder / "answers")},
            }
        },
    }  # fmt: skip
    for name in ("out", "in", "answers"):
        (folder / name).mkdir()
    return settings, {"KEY": sshd.key.read_text()}


def test_a_partner_with_an_sftp_server(ordered: House, sshd: Sshd, tmp_path: Path) -> None:
    settings, env = sftp_settings(sshd, tmp_path)
    one, two = order_keys(ordered)[:2]
    for name, key in (("one.csv", one), ("two.csv", two)):
        (tmp_path / "out" / name).write_bytes(answer(key))
    (tmp_path / "out" / "bad.csv").write_bytes(b"Kleur;Maat\nrood;XL\n")
    ports = ports_of(ordered, settings, env)
    planned, _ = plan(ports, ordered.project.content.flow("charge_card"), "allocation_in")
    assert buckets(planned) == {Bucket.APPLIED: 2}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bad.csv", "one.csv", "two.csv"]
    assert buckets(run(ordered, ports)) == {Bucket.APPLIED: 2}
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.csv")) == [
        "bad.csv",
        "one.csv",
        "two.csv",
    ]
    assert not list((tmp_path / "out").glob("*.csv"))
    assert "card_key" in (tmp_path / "out" / "quarantine" / "bad.csv.reason.txt").read_text()
    answers = sorted(path.name for path in (tmp_path / "answers").iterdir())
    assert answers == ["one-result.csv", "two-result.csv"]
    written = ordered.written
    assert buckets(run(ordered, ports)) == {}
    assert ordered.written == written


def test_a_run_that_dies_before_the_file_is_archived_writes_nothing_twice(
    ordered: House, sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, env = sftp_settings(sshd, tmp_path)
    (tmp_path / "out" / "one.csv").write_bytes(answer(order_keys(ordered)[0]))
    ports = ports_of(ordered, settings, env)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(SftpInbox, "_keep", dies)
        with pytest.raises(KeyboardInterrupt):
            run(ordered, ports)
    assert buckets(run(ordered, ports)) == {Bucket.UNCHANGED: 1}
    assert len(ordered.records("SELECT Id FROM Asset WHERE Card_Id__c != null")) == 1
    assert [path.name for path in (tmp_path / "out").rglob("*.csv")] == ["one.csv"]


def test_files_for_a_partner_go_to_the_server_too(new_house: NewHouse, sshd: Sshd, tmp_path: Path) -> None:
    house = new_house(3)
    settings, env = sftp_settings(sshd, tmp_path)
    result = run(house, ports_of(house, settings, env), None)
    local = next(Path(path) for path in result.files if "outbox" in path)
    assert (tmp_path / "in" / local.name).read_bytes() == local.read_bytes()


def test_a_server_that_is_down_leaves_the_orders_to_the_next_run(
    new_house: NewHouse, sshd: Sshd, tmp_path: Path
) -> None:
    house = new_house(3)
    settings, env = sftp_settings(sshd, tmp_path)
    (tmp_path / "in").rmdir()
    with pytest.raises(TransportFailed):
        run(house, ports_of(house, settings, env), None)
    (tmp_path / "in").mkdir()
    run(house, ports_of(house, settings, env), None)
    assert list((tmp_path / "in").iterdir())


def test_an_inbox_that_cannot_be_reached_fails_the_run_but_not_its_other_steps(
    new_house: NewHouse, sshd: Sshd, tmp_path: Path
) -> None:
    house = new_house(3)
    settings, env = sftp_settings(sshd, tmp_path)
    (tmp_path / "out").rmdir()
    result = run(house, ports_of(house, settings, env), None)
    assert (result.status, result.exit_code) == ("failed", 4)
    assert any("allocation_in" in message and "No such file" in message for message in result.messages)
    assert list((tmp_path / "in").iterdir())  # the step that sends orders came after it


def test_doctor_looks_at_every_place(
    new_house: NewHouse, sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sfsync.cli.doctor import _checks

    house = new_house(0)
    settings, env = sftp_settings(sshd, tmp_path)
    settings["sftp"]["bank"] = {**settings["sftp"]["bank"], "host_keys": ["SHA256:another"]}
    project = house.project
    project.places = ports_of(house, settings, env).places
    found = {check.name: check for check in _checks(project)}
    assert [found[f"allocation.{kind}"].state for kind in ("inbox", "outbox", "answers")] == ["bad"] * 3
    assert sshd.fingerprint in found["allocation.inbox"].found
    assert "`host_keys:`" in found["allocation.inbox"].mend
    assert found["allocation.inbox"].exit_code == 4


def test_doctor_tells_of_places_that_nobody_uses(house: House) -> None:
    from sfsync.cli.doctor import _checks

    for name, state, words in (
        ("web_forms", "warn", "no flow takes files from the inbox of web_forms"),
        ("alocation", "bad", "nothing is called 'alocation'"),
        ("allocation", "ok", "1 with places"),
    ):
        project = house.project
        settings = {"partners": {name: {"inbox": {"folder": "in"}}}}
        project.settings = ProjectSettings.model_validate(settings)
        found = {check.name: check for check in _checks(project)}
        assert (found["partners"].state, words in found["partners"].found) == (state, True)
        assert (f"{name}.inbox" in found) == (state != "bad")


def test_a_partner_who_sends_mails(ordered: House, dovecot: Dovecot, tmp_path: Path) -> None:
    user = f"{tmp_path.name}@cards.example"
    settings = {
        "imap": {
            "post": {
                "host": "127.0.0.1", "port": dovecot.port, "security": "none",
                "username": user, "password": "env:IMAP",
            }
        },
        "partners": {"allocation": {"inbox": {"imap": "post", "senders": ["@partner.example"]}}},
    }  # fmt: skip
    mailbox = ImapServer("127.0.0.1", user, dovecot.password, dovecot.port, "none")
    now = ordered.project.clock.now()
    one = order_keys(ordered)[0]
    post(mailbox, mail_with({"cards.csv": answer(one)}), now)
    post(mailbox, mail_with({"cards.csv": answer(one)}, sender="eve@evil.example"), now)
    result = run(ordered, ports_of(ordered, settings, {"IMAP": dovecot.password}))
    assert buckets(result) == {Bucket.APPLIED: 1}
    assert any("`senders:`" in message for message in result.messages)
    assert (len(in_folder(mailbox, "INBOX")), len(in_folder(mailbox, "sfsync-archive"))) == (0, 1)


def test_a_partner_in_the_portal(ordered: House) -> None:
    account = ordered.org.insert("Account", {"Name": "Cards Ltd", "Sfsync_Key__c": "PARTNER-1"})
    record = {"record": "Account/Sfsync_Key__c/PARTNER-1"}
    settings = {"partners": {"allocation": {"inbox": record, "answers": record, "outbox": record}}}
    ports = ports_of(ordered, settings)
    ordered.org.insert(
        "ContentVersion",
        {
            "PathOnClient": "cards.csv",
            "VersionData": b64encode(answer(order_keys(ordered)[0])).decode(),
            "FirstPublishLocationId": account,
        },
    )
    assert buckets(run(ordered, ports)) == {Bucket.APPLIED: 1}
    shared = ordered.records(
        f"SELECT ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '{account}'"
    )
    assert sorted(link["ContentDocument"]["Title"] for link in shared) == ["cards", "cards-result"]
    written = ordered.written
    assert buckets(run(ordered, ports)) == {}
    assert ordered.written == written


# --- settings ---


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({}, "one of sftp, imap, record and folder"),
        ({"sftp": "bank", "imap": "post", "folder": "x"}, "exclude each other"),
        ({"sftp": "bank"}, "a folder of the server is needed"),
        ({"imap": "post"}, "senders are needed"),
        ({"record": "001", "folder": "x"}, "lie in no folder"),
    ],
)
def test_places_that_make_no_sense(place: Settings, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ProjectSettings.model_validate({"partners": {"allocation": {"inbox": place}}})


def test_a_mailbox_is_no_way_out() -> None:
    place = {"imap": "post", "senders": ["@x.example"]}
    with pytest.raises(ValueError, match="only takes files in"):
        ProjectSettings.model_validate({"partners": {"allocation": {"outbox": place}}})


@pytest.mark.parametrize("secret", ["hunter2", "env:", "plain:text"])
def test_secrets_are_references(secret: str) -> None:
    bank = {"host": "x", "username": "x", "password": secret}
    with pytest.raises(ValueError, match="password"):
        ProjectSettings.model_validate({"sftp": {"bank": bank}})


def test_a_server_needs_a_login_and_fingerprints_look_like_fingerprints() -> None:
    with pytest.raises(ValueError, match="is needed to log in"):
        ProjectSettings.model_validate({"sftp": {"bank": {"host": "x", "username": "x"}}})
    bank = {"host": "x", "username": "x", "password": "env:X", "host_keys": ["16:27:ac"]}
    with pytest.raises(ValueError, match="is no fingerprint"):
        ProjectSettings.model_validate({"sftp": {"bank": bank}})


def test_every_kind_of_place(house: House, tmp_path: Path) -> None:
    record = house.org.insert("Account", {"Name": "Cards Ltd"})
    settings = ProjectSettings.model_validate(
        {
            "partners": {
                "a": {"inbox": {"folder": "in"}, "outbox": {"folder": str(tmp_path / "out")}},
                "b": {"inbox": {"record": record}, "answers": {"record": record}},
                "c": {"inbox": {"sftp": "lost", "folder": "x"}},
            }
        }
    )
    places: Places = replace(house.project.places, partners=settings.partners, root=tmp_path)
    opened: dict[str, Callable[[], Any]] = dict(places.all())
    assert list(opened) == ["a.inbox", "a.outbox", "b.inbox", "b.answers", "c.inbox"]
    assert [type(opened[name]()) for name in ("a.inbox", "a.outbox")] == [FolderInbox, FolderOutbox]
    assert [type(opened[name]()) for name in ("b.inbox", "b.answers")] == [FilesInbox, FilesOutbox]
    assert opened["a.inbox"]().folder == tmp_path / "in"
    with pytest.raises(ConfigError, match="no 'lost' under `sftp:`"):
        opened["c.inbox"]()
    assert places.outbox("b") is None
    assert isinstance(places.inbox("elsewhere", print), FolderInbox)
