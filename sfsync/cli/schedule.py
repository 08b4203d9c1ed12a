"""`sfsync schedule`: the project's timetable as crontab lines or as systemd units, to copy where they belong."""

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError, Problem

if TYPE_CHECKING:
    from sfsync.mapping.yamlfile import YamlFile
    from sfsync.settings import ScheduleEntry

_LEASE = (
    "No flock is needed: a run takes the flow's lease in the journal. A run that finds it taken says so and leaves",
    "with exit code 75, and the lease of a run that died lapses by itself. That holds across machines, too, when",
    "they share a PostgreSQL journal.",
)
_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
_PART = re.compile(r"(?:\*|(?P<first>\d+)(?:-(?P<last>\d+))?)(?:/(?P<step>\d+))?")
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.command(name="schedule")
@click.option(
    "--format",
    "style",
    type=click.Choice(["cron", "systemd"]),
    default="cron",
    show_default=True,
    help="What the lines are for.",
)
@common_options
def command(options: Options, style: str) -> None:
    """Print the project's timetable as crontab lines or as systemd units. Changes nothing.

    The timetable is the `schedule:` section of config/sfsync.yaml.
    """
    from sfsync.mapping.yamlfile import read_yaml
    from sfsync.project import MARK, open_project

    project = open_project(options.project, org=options.org)
    entries = project.settings.schedule
    check(entries, read_yaml(project.root / MARK))
    root, zone = str(project.root), project.settings.timezone
    if style == "cron":
        lines = crontab(entries, program(), root, options.org, zone)
        options.result({"format": style, "lines": lines})
        options.say("\n".join(lines))
        return
    files = units(entries, program(), root, options.org, zone)
    options.result({"format": style, "files": files})
    options.say("\n\n".join(f"# {name}\n{text.rstrip()}" for name, text in files.items()))


def program() -> list[str]:
    """The command that starts sfsync here: cron and systemd know nothing of a virtual environment's PATH."""
    beside = Path(sys.executable).with_name("sfsync")
    found = str(beside) if beside.is_file() else shutil.which("sfsync")
    return [found] if found else [sys.executable, "-m", "sfsync"]


def check(entries: Mapping[str, "ScheduleEntry"], file: "YamlFile") -> None:
    """Raises ConfigError for every entry whose time is not five cron fields, or whose name is no file name.

    ``file`` is config/sfsync.yaml, for the lines of the mistakes.
    """
    problems = [
        Problem(file.name, file.line(("schedule", name, key)), message)
        for name, entry in entries.items()
        for key, message in _mistakes(name, entry.at, entry.command)
    ]
    if problems:
        raise ConfigError("The schedule has mistakes.", problems=problems)
    if not entries:
        raise ConfigError(
            "The project has no schedule.",
            hint='Add to config/sfsync.yaml: schedule: {nightly: {command: run charge_card, at: "0 2 * * *"}}.',
        )


def _mistakes(name: str, at: str, what: str) -> list[tuple[str, str]]:
    found = []
    if not re.fullmatch(r"[\w.-]+", name):
        found.append(("", f"{name!r} is no name: use letters, digits, dots and dashes"))
    if not shlex.split(what):
        found.append(("command", "there is no command"))
    fields = at.split()
    if len(fields) != len(_FIELDS):
        found.append(("at", f"{at!r} has {len(fields)} fields, expected 5, such as 0 7 * * 1-5"))
        return found
    for field, (title, lowest, highest) in zip(fields, _FIELDS, strict=True):
        if not all(_in_range(part, lowest, highest) for part in field.split(",")):
            allowed = f"{lowest}-{highest}, *, lists, ranges and /steps"
            found.append(("at", f"{field!r} is no {title} ({allowed})"))
    return found


def _in_range(part: str, lowest: int, highest: int) -> bool:
    found = _PART.fullmatch(part)
    if not found:
        return False
    numbers = [int(text) for text in (found["first"], found["last"]) if text]
    rising = len(numbers) < 2 or numbers[0] <= numbers[1]
    return (
        rising and all(lowest <= number <= highest for number in numbers) and found["step"] not in ("0", "00")
    )


def crontab(
    entries: Mapping[str, "ScheduleEntry"], start: list[str], root: str, org: str | None, zone: str
) -> list[str]:
    """Crontab lines. Commands are quiet, so that cron mails errors and nothing else."""
    lines = [
        "# sfsync: add these lines with `crontab -e`. cron mails to MAILTO what a command has to complain of.",
        f"# Times are the machine's local times; the project's zone is {zone}. cron's environment is empty:",
        "# set variables that hold secrets above these lines, or keep the secrets in files or a keyring.",
        *(f"# {line}" for line in _LEASE),
    ]
    runs = (f"{entry.at} {_command(start, entry.command, root, org)}" for entry in entries.values())
    return [*lines, *(line.replace("%", r"\%") for line in runs)]  # a bare % ends the command in a crontab


def _command(start: list[str], what: str, root: str, org: str | None) -> str:
    chosen = ["--org", org] if org else []
    return shlex.join([*start, *shlex.split(what), "--project", root, *chosen, "--quiet"])


def units(
    entries: Mapping[str, "ScheduleEntry"], start: list[str], root: str, org: str | None, zone: str
) -> dict[str, str]:
    """Systemd units by file name: a service and a timer for each entry.

    Exit code 75 (another run is at work) counts as success, and 1 (some rows were not applied) too: both are
    told in the journal and the answer file, and neither is a broken machine. Variables come from one file for all.
    """
    files: dict[str, str] = {}
    for name, entry in entries.items():
        about = f"sfsync {entry.command}"
        files[f"sfsync-{name}.service"] = "\n".join(
            [
                *(f"# {line}" for line in _LEASE),
                "[Unit]",
                f"Description={about}",
                "Wants=network-online.target",
                "After=network-online.target",
                "",
                "[Service]",
                "Type=oneshot",
                f"ExecStart={_escaped(_command(start, entry.command, root, org))}",
                "EnvironmentFile=-%h/.config/sfsync/environment",
                "SuccessExitStatus=1 75",
                "",
            ]
        )
        files[f"sfsync-{name}.timer"] = "\n".join(
            [
                f"# ~/.config/systemd/user/, then: systemctl --user enable --now sfsync-{name}.timer",
                "[Unit]",
                f"Description={about}, on time",
                "",
                "[Timer]",
                *(f"OnCalendar={when} {zone}" for when in calendar(entry.at)),
                "Persistent=true",
                "",
                "[Install]",
                "WantedBy=timers.target",
                "",
            ]
        )
    return files


def _escaped(command: str) -> str:
    return command.replace("%", "%%").replace("$", "$$")


def calendar(at: str) -> list[str]:
    """A cron time as systemd calendar expressions.

    Where day of the month and day of the week are both given, cron takes either: that needs two expressions.
    Steps are written out: systemd 252 finds no next time for steps of months in a named zone.
    """
    minute, hour, day, month, weekday = (
        _steps(field, lowest, highest)
        for field, (_, lowest, highest) in zip(at.split(), _FIELDS, strict=True)
    )
    time = f"{hour}:{minute}:00"
    dated = f"*-{month}-{day} {time}"
    if weekday == "*":
        return [dated]
    daily = f"{_weekdays(at.split()[4])} *-{month}-* {time}"
    return [daily] if day == "*" else [dated, daily]


def _steps(field: str, lowest: int, highest: int) -> str:
    return ",".join(_step(part, lowest, highest) for part in field.split(","))


def _step(part: str, lowest: int, highest: int) -> str:
    span, _, step = part.partition("/")
    if not step:
        return span.replace("-", "..")
    first, _, last = (f"{lowest}-{highest}" if span == "*" else span).partition("-")
    return ",".join(map(str, range(int(first), int(last or highest) + 1, int(step))))


def _weekdays(field: str) -> str:
    """Week days by name. 0 and 7 are both Sunday; a step counts through the days of its range."""
    days: list[str] = []
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0-6" if span == "*" else span).partition("-")
        end = int(last) if last else 6 if step else int(first)
        days += [_DAYS[number] for number in range(int(first), end + 1, int(step or 1))]
    return ",".join(dict.fromkeys(days))
