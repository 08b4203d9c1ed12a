import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync import logs


@pytest.fixture(autouse=True)
def restore():
    logger = logging.getLogger("sfsync")
    before = logger.level
    yield
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.setLevel(before)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    "secret",
    [
        "00D000000000001!AQ.abc_def.GHI",
        "Bearer 00Dabc!xyz123",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln",
        "access_token=abcdef",
        '"client_secret": "hunter2"',
        "<sessionId>zzz</sessionId>",
        "jane.doe+x@example.co.uk",
        "jane%40example.org",
        "+31 6 1234 5678",
        "+49 (0)30 123456",
        "0612345678",
        "020-123 45 67",
        "-----{} PRIVATE KEY-----\nMIIE\n-----{} PRIVATE KEY-----".format("BEGIN", "END"),
    ],
)
def test_secrets_and_personal_data_are_left_out(secret):
    text = logs.redact(f"before {secret} after")
    assert text.startswith("before ")
    assert text.endswith(" after")
    for part in ("AQ.", "xyz", "eyJpc", "abcdef", "hunter2", "zzz", "jane", "1234", "123", "MIIE"):
        assert part not in text


@pytest.mark.parametrize(
    "text",
    [
        "WF-2024000001-2",
        "2024-01-31T10:00:00+00:00",
        "01-02-2024",
        "006000000000001AAA",
        "6371801234567890123",
        "v62.0 took 0.25 s",
        "row 1,000 of 3000000",
    ],
)
def test_keys_dates_and_numbers_stay(text):
    assert logs.redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    once = logs.redact(text)
    assert logs.redact(once) == once


@given(st.emails())
def test_no_usual_address_survives(address):
    user, _, host = address.partition("@")
    assert f"{user}@{host}" not in logs.redact(f"to {address}")


def test_machines_get_json_lines():
    stream = io.StringIO()
    logs.configure(1, stream)
    log = logging.getLogger("sfsync.test")
    logs.event(log, logging.INFO, "test.done", rows=3, who="a@b.cd", nested={"x": ["+31612345678"]})
    line = json.loads(stream.getvalue())
    assert line.pop("time")
    assert line == {
        "level": "info",
        "logger": "sfsync.test",
        "event": "test.done",
        "rows": 3,
        "who": "[e-mail]",
        "nested": {"x": ["[phone]"]},
    }


def test_people_get_short_text():
    stream = Terminal()
    logs.configure(0, stream)
    logs.event(logging.getLogger("sfsync.test"), logging.WARNING, "test.slow", seconds=2)
    assert stream.getvalue().endswith(" warning test.slow seconds=2\n")


@pytest.mark.parametrize(
    ("verbosity", "events"), [(-1, ["e"]), (0, ["e", "w"]), (1, ["e", "w", "i"]), (2, ["e", "w", "i", "d"])]
)
def test_verbosity(verbosity, events):
    stream = io.StringIO()
    logs.configure(verbosity, stream)
    log = logging.getLogger("sfsync.test")
    for level, name in ((40, "e"), (30, "w"), (20, "i"), (10, "d")):
        logs.event(log, level, name)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == events


def test_configuring_again_replaces():
    first, second = io.StringIO(), io.StringIO()
    logs.configure(0, first)
    logs.configure(0, second)
    logging.getLogger("sfsync.test").warning("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_an_exception_is_logged_without_its_secrets():
    stream = io.StringIO()
    logs.configure(0, stream)
    try:
        raise ValueError("jane@example.org")
    except ValueError:
        logging.getLogger("sfsync.test").exception("bug")
    assert "ValueError" in stream.getvalue()
    assert "jane" not in stream.getvalue()


def test_a_closed_stream_is_left_alone(capsys):
    stream = io.StringIO()
    logs.configure(0, stream)
    stream.close()
    logging.getLogger("sfsync.test").warning("nobody reads this")
    assert capsys.readouterr().err == ""


def test_every_line_of_a_run_bears_its_id():
    stream = io.StringIO()
    logs.configure(0, stream)
    log = logging.getLogger("sfsync.test")
    token = logs.RUN.set("20260101-0000-abcd")
    logs.event(log, logging.WARNING, "sfsync.during", rows=3)
    logs.RUN.reset(token)
    logs.event(log, logging.WARNING, "sfsync.after")
    during, after = map(json.loads, stream.getvalue().splitlines())
    assert (during["run"], during["rows"]) == ("20260101-0000-abcd", 3)
    assert "run" not in after
