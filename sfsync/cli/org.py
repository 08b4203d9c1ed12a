"""`sfsync org`: check the connection and the org's fields, show its limits, deploy our metadata."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError, OrgError

if TYPE_CHECKING:
    from sfsync.project import Project
    from sfsync.salesforce.check import Finding

_MARKS = {"ok": "ok     ", "missing": "MISSING", "forbidden": "DENIED ", "look": "look   "}
_ALWAYS = {"login", "API version"}


@click.group(help="Check the connection, the limits and the org's fields.")
def command() -> None: ...


@command.command(
    help="Log in, and see whether the org has the fields, values, queues and rights that flows need."
)
@common_options
def check(options: Options) -> int:
    from sfsync.salesforce.check import check as checks
    from sfsync.salesforce.wanted import read_wanted

    project = _open(options)
    wanted = read_wanted(project.root / "config" / "org")
    org = project.org
    findings: list[Finding] = []
    for finding in checks(org, wanted):
        findings.append(finding)
        if finding.state != "ok" or finding.check in _ALWAYS or options.verbosity > 0:
            options.say(
                f"  {_MARKS[finding.state]}  {finding.check}: {finding.message} {finding.hint}".rstrip()
            )
    code = _exit_code(findings)
    good = sum(finding.state == "ok" for finding in findings)
    wrong = sum(finding.state in {"missing", "forbidden"} for finding in findings)
    options.say(f"{good} checks passed, {wrong} failed.")
    options.result(
        {
            "status": "failed" if code else "ok",
            "org": org.url,
            "version": org.session.version,
            "api_remaining": org.usage.remaining,
            "checks": [
                {"check": item.check, "state": item.state, "message": item.message, "hint": item.hint}
                for item in findings
            ],
        }
    )
    return code


def _exit_code(findings: "Sequence[Finding]") -> int:
    """2 when something must be set up, 3 when only rights are missing."""
    states = {finding.state for finding in findings}
    return 2 if "missing" in states else 3 if "forbidden" in states else 0


@command.command(help="The org's limits: what is allowed, used and left.")
@click.option("--all", "everything", is_flag=True, help="Also limits that are not touched at all.")
@common_options
def limits(options: Options, *, everything: bool) -> None:
    found = _open(options).org.limits()
    shown = {
        name: limit
        for name, limit in sorted(found.by_name.items())
        if everything or limit.used > 0 or name == "DailyApiRequests"
    }
    options.result(
        {
            "limits": {
                name: {"maximum": limit.maximum, "used": limit.used, "remaining": limit.remaining}
                for name, limit in found.by_name.items()
            }
        }
    )
    width = max(map(len, shown), default=0)
    for name, limit in shown.items():
        options.say(f"{name:{width}}  {limit.used:>12,} of {limit.maximum:>12,}  {limit.remaining:>12,} left")


@command.command(
    help="Deploy the fields, value sets, queue and permission set of config/org with the Salesforce CLI."
)
@click.option("--target-org", metavar="ALIAS", help="Alias of `sf org login` (default: the alias of --org).")
@click.option("--dry-run", is_flag=True, help="Let the org check the deployment without keeping it.")
@click.option("--print", "only_print", is_flag=True, help="Print the command instead of running it.")
@common_options
def deploy(options: Options, *, target_org: str | None, dry_run: bool, only_print: bool) -> None:
    project = _open(options)
    folder = project.root / "config"
    if not (folder / "org").is_dir():
        raise ConfigError(
            f"{folder / 'org'} is not there.", hint="`sfsync init DIR` copies it into a project."
        )
    words = _deploy_words(target_org or _alias(project), dry_run=dry_run)
    options.say(f"cd {shlex.quote(str(folder))} && {shlex.join(words)}")
    if only_print:
        options.result({"status": "ok", "command": words, "folder": str(folder), "deployed": False})
        return
    _run(words, folder, quiet=options.json)
    options.result({"status": "ok", "command": words, "folder": str(folder), "deployed": not dry_run})
    options.say("Now assign the permission set Sfsync to the integration user, then run `sfsync org check`.")


def _deploy_words(alias: str | None, *, dry_run: bool) -> list[str]:
    words = ["sf", "project", "deploy", "start", "--source-dir", "org"]
    return words + (["--target-org", alias] if alias else []) + (["--dry-run"] if dry_run else [])


def _alias(project: "Project") -> str | None:
    found = project.settings.orgs.get(project.org_name or "")
    return found.alias if found is not None else None


def _run(words: list[str], folder: Path, *, quiet: bool) -> None:
    if shutil.which(words[0]) is None:
        raise ConfigError(
            "The Salesforce CLI `sf` is not installed, and only it can deploy metadata.",
            hint="Install it (npm install --global @salesforce/cli), or run the command with --print elsewhere.",
        )
    done = subprocess.run(words, cwd=folder, check=False, stdout=subprocess.DEVNULL if quiet else None)
    if done.returncode:
        raise OrgError(f"`sf` ended with {done.returncode}; the org keeps what it had.")


def _open(options: Options) -> "Project":
    from sfsync.project import open_project

    return open_project(options.project, org=options.org)
