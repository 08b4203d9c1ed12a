"""The timetable: crontab lines and systemd units that mean the same, and mistakes told with their line."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cli.schedule import calendar, check, crontab, units
from sfsync.errors import ConfigError
from sfsync.mapping.yamlfile import parse_yaml
from sfsync.settings import ScheduleEntry

START = ["/opt/sfsync/bin/sfsync"]
ENTRIES = {
    "charge-card": ScheduleEntry(command="run charge_card", at="*/15 * * * *"),
    "morning": ScheduleEntry(command="export activation", at="0 7 * * 1-5"),
}


def entry(at: str, name: str = "nightly", command: str = "run charge_card") -> dict[str, ScheduleEntry]:
    return {name: ScheduleEntry(command=command, at=at)}


def complaints(entries: dict[str, ScheduleEntry]) -> str:
    file = parse_yaml(
        b"timezone: UTC\nschedule:\n  nightly:\n    command: x\n    at: y\n", "config/sfsync.yaml"
    )
    with pytest.raises(ConfigError) as refused:
        check(entries, file)
    return str(refused.value)


def test_crontab_lines_name_program_project_and_org():
    lines = crontab(ENTRIES, START, "/srv/my project", "production", "Europe/Paris")
    assert (
        "*/15 * * * * /opt/sfsync/bin/sfsync run charge_card --project '/srv/my project' --org production --quiet"
        in lines
    )
    comments = "\n".join(line for line in lines if line.startswith("#"))
    assert "lease" in comments
    assert "Europe/Paris" in comments


def test_a_percent_sign_does_not_end_a_crontab_line():
    (line,) = [x for x in crontab(ENTRIES, START, "/srv/100%", None, "UTC") if x.startswith("0 7")]
    assert r"100\%" in line


def test_each_entry_is_a_service_and_a_timer():
    files = units(ENTRIES, START, "/srv/p", None, "Europe/Rome")
    assert sorted(files) == [
        "sfsync-charge-card.service",
        "sfsync-charge-card.timer",
        "sfsync-morning.service",
        "sfsync-morning.timer",
    ]
    assert (
        "ExecStart=/opt/sfsync/bin/sfsync export activation --project /srv/p --quiet"
        in files["sfsync-morning.service"]
    )
    assert "SuccessExitStatus=1 75" in files["sfsync-morning.service"]
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 7:0:00 Europe/Rome" in files["sfsync-morning.timer"]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("*/15 * * * *", ["*-*-* *:0,15,30,45:00"]),
        ("5,35 8-18 * * *", ["*-*-* 8..18:5,35:00"]),
        ("0 2 1 */3 *", ["*-1,4,7,10-1 2:0:00"]),
        ("0 7 * * 0", ["Sun *-*-* 7:0:00"]),
        ("0 7 * * 5-7", ["Fri,Sat,Sun *-*-* 7:0:00"]),
        ("0 7 * * */2", ["Sun,Tue,Thu,Sat *-*-* 7:0:00"]),
        ("0 7 13 * 5", ["*-*-13 7:0:00", "Fri *-*-* 7:0:00"]),
    ],
)
def test_cron_times_as_calendar_expressions(cron: str, expected: list[str]):
    assert calendar(cron) == expected


def _fields(lowest: int, highest: int) -> st.SearchStrategy[str]:
    number = st.integers(lowest, highest)
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(1, highest).map(str)
    single = st.one_of(number.map(str), span, step.map("*/{}".format), st.tuples(span, step).map("/".join))
    return st.one_of(st.just("*"), st.lists(single, min_size=1, max_size=3).map(",".join))


CRON = st.tuples(_fields(0, 59), _fields(0, 23), _fields(1, 28), _fields(1, 12), _fields(0, 7)).map(" ".join)


@given(CRON)
def test_every_cron_time_passes_the_check_and_has_a_calendar(cron: str):
    check(entry(cron), parse_yaml(b"a: b", "x"))
    assert all(expression.endswith(":00") for expression in calendar(cron))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@settings(max_examples=20)  # a process each
@given(CRON)
def test_systemd_understands_the_calendar(cron: str):
    for expression in calendar(cron):
        done = subprocess.run(
            ["systemd-analyze", "calendar", f"{expression} Europe/Rome"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("*/15 * * *", "has 4 fields, expected 5"),
        ("61 * * * *", "'61' is no minute (0-59"),
        ("0 24 * * *", "'24' is no hour"),
        ("0 0 0 * *", "'0' is no day of the month"),
        ("0 0 * 13 *", "'13' is no month"),
        ("0 0 * * Mon", "'Mon' is no day of the week"),
        ("9-5 * * * *", "'9-5' is no minute"),
        ("*/0 * * * *", "'*/0' is no minute"),
    ],
)
def test_a_wrong_time_is_told_with_its_line(at: str, said: str):
    complaint = complaints(entry(at))
    assert said in complaint
    assert "config/sfsync.yaml:5:" in complaint


def test_other_mistakes():
    assert "is no name" in complaints(entry("* * * * *", name="a b"))
    assert "there is no command" in complaints(entry("* * * * *", command=" "))
    assert "no schedule" in complaints({})
