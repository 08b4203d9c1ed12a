"""`sfsync doctor`: checks everything that a run needs, and says what to mend."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError, SfsyncError

if TYPE_CHECKING:
    from sfsync.project import Project
    from sfsync.transports.base import Inbox, Outbox

GOOD, WARN, BAD = "ok", "warn", "bad"
_LITTLE = 200_000_000
"""Bytes free where state lies below which somebody should look."""
_MARKS = {GOOD: "✓", WARN: "!", BAD: "✗"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``state``: ok, warn, bad; ``exit_code`` counts when it is bad."""

    name: str
    state: str
    found: str
    mend: str = ""
    exit_code: int = ConfigError.exit_code


@click.command(name="doctor")
@common_options
def command(options: Options) -> int:
    """Check project, mappings, journal, folders, mail, org and partners' places; says what to mend. Writes nothing.

    The exit code is that of the first thing to mend.
    """
    from sfsync.project import open_project

    try:
        project = open_project(options.project, org=options.org)
    except SfsyncError as error:
        checks = [_bad("project", error)]
    else:
        checks = list(_checks(project))
    width = max(len(check.name) for check in checks)
    for check in checks:
        mend = f"\n    → {check.mend}" if check.mend else ""
        options.say(f"{_MARKS[check.state]} {check.name:<{width}} {check.found}{mend}")
    code = next((check.exit_code for check in checks if check.state == BAD), 0)
    body = [{"name": c.name, "state": c.state, "found": c.found, "mend": c.mend} for c in checks]
    options.result({"status": "failed" if code else "ok", "checks": body})
    return code


def _checks(project: "Project") -> Iterator[Check]:
    yield Check("project", GOOD, str(project.root))
    for name, look in (
        ("content", _content),
        ("mappings", _mappings),
        ("exports", _exports),
        ("languages", _languages),
        ("state", _state),
        ("journal", _journal),
        ("mail", _mail),
        ("org", _org),
    ):
        yield _guarded(name, look, project)
    yield _guarded("partners", _partners, project)
    with suppress(ConfigError):  # told by the line before
        for name, open_place in project.places.all():
            yield _guarded(name, partial(_place, name, open_place), project)


def _guarded(name: str, look: Callable[["Project"], Check], project: "Project") -> Check:
    try:
        return look(project)
    except SfsyncError as error:
        return _bad(name, error)


def _bad(name: str, error: SfsyncError) -> Check:
    problems = error.problems if isinstance(error, ConfigError) else ()
    mend = error.hint or "\n      ".join(map(str, problems))
    return Check(name, BAD, error.message, mend, error.exit_code)


def _content(project: "Project") -> Check:
    content = project.content
    for flow in content.flow_names:
        content.flow(flow)
    for partner_file in content.partner_file_names:
        content.partner_file(partner_file)
    flows, files = ", ".join(content.flow_names), ", ".join(content.partner_file_names)
    return Check("content", GOOD, f"flows: {flows}; partner files: {files}")


def _mappings(project: "Project") -> Check:
    names = sorted(path.stem for path in (project.root / "mappings").rglob("*.yaml"))
    return _all("mappings", names, project.content.mapping)


def _exports(project: "Project") -> Check:
    return _all("exports", project.content.export_names, project.content.export)


def _all(kind: str, names: Sequence[str], load: Callable[[str], object]) -> Check:
    """Load each of them, and tell the mistakes of all at once."""
    wrong: list[str] = []
    for name in names:
        try:
            load(name)
        except ConfigError as error:
            wrong += map(str, error.problems) if error.problems else [str(error)]
    if not wrong:
        return Check(kind, GOOD, f"{len(names)} without a mistake")
    found = "a mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
    return Check(kind, BAD, found, "\n      ".join(wrong), ConfigError.exit_code)


def _languages(project: "Project") -> Check:
    from sfsync.languages.heads import HEADS

    names = sorted(path.stem for path in (project.root / "config" / "languages").glob("*.yaml"))
    check = _all("languages", names, project.content.catalogue)
    if check.state == GOOD and (headless := [name for name in names if name not in HEADS]):
        text = f"answers in {', '.join(headless)} have English headings: Result, Reason, Field, Suggestion"
        return Check(
            "languages", WARN, text, "docs/languages.md says where the headings of a language stand."
        )
    return check


def _state(project: "Project") -> Check:
    folder = project.state
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        return Check(
            "state",
            BAD,
            f"{folder} cannot be written: {error.strerror}.",
            "Make it writable, or set SFSYNC_STATE to another folder.",
        )
    free = shutil.disk_usage(folder).free
    if free < _LITTLE:
        text = f"{folder}, with only {free // 1_000_000:,} MB free"
        return Check("state", WARN, text, "Free some space: files and the journal need it.")
    return Check("state", GOOD, str(folder))


def _journal(project: "Project") -> Check:
    runs = project.journal.runs(limit=1)
    last = f"last run {runs[0].id}: {runs[0].status}" if runs else "no runs yet"
    return Check("journal", GOOD, last)


def _mail(project: "Project") -> Check:
    if project.settings.mail is None:
        return Check(
            "mail", WARN, "no server configured", "Fill in `mail:` in config/sfsync.yaml to send activations."
        )
    return Check("mail", GOOD, f"{project.settings.mail.host}:{project.settings.mail.port}")


def _partners(project: "Project") -> Check:
    from sfsync.engine.flow import Group, Inbox

    partners, taken = project.places.partners, set()
    for flow in map(project.content.flow, project.content.flow_names):
        for part in flow.steps:
            steps = part.steps if isinstance(part, Group) else (part,)
            taken |= {step.partner_file for step in steps if isinstance(step, Inbox)}
    idle = [name for name, partner in partners.items() if partner.inbox is not None and name not in taken]
    if idle:
        return Check("partners", WARN, f"no flow takes files from the inbox of {', '.join(idle)}")
    return Check("partners", GOOD, f"{len(partners)} with places of their own")


def _place(name: str, open_place: "Callable[[], Inbox | Outbox]", _: "Project") -> Check:
    return Check(name, GOOD, open_place().check())


def _org(project: "Project") -> Check:
    limits = project.org.limits()
    left = (
        f"{limits.api.remaining:,} of {limits.api.maximum:,} API calls left today"
        if limits.api
        else "no limits told"
    )
    missing = [
        name for name, fields in _needed(project).items() for field in fields if _lacks(project, name, field)
    ]
    if missing:
        text = f"{project.org.url} lacks fields of sfsync on {', '.join(sorted(set(missing)))}"
        return Check("org", BAD, text, "`sfsync org check` lists them; `sfsync org deploy` adds them.")
    return Check("org", GOOD, f"{project.org.url}, {left}")


def _needed(project: "Project") -> dict[str, list[str]]:
    objects = project.root / "config" / "org" / "objects"
    return {
        folder.name: [path.name.removesuffix(".field-meta.xml") for path in (folder / "fields").glob("*.xml")]
        for folder in sorted(objects.iterdir())
    }


def _lacks(project: "Project", name: str, field: str) -> bool:
    return project.org.describe(name).field(field) is None
