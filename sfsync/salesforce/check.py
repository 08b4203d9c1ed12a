"""Whether an org has what sfsync needs: version, objects, fields, values, queues, permissions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sfsync.errors import OrgError
from sfsync.salesforce.describe import SObject
from sfsync.salesforce.org import Org
from sfsync.salesforce.soql import in_list
from sfsync.salesforce.wanted import Wanted, WantedField

State = Literal["ok", "missing", "forbidden", "look"]
"""``missing``: to be deployed or set up; ``forbidden``: a right of the user; ``look``: only a person can see it."""

DEPLOY = "Deploy it with `sfsync org deploy`."
ASSIGN = "Assign the permission set Sfsync to the integration user."


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    check: str
    state: State
    message: str
    hint: str = ""


def check(org: Org, wanted: Wanted) -> Iterator[Finding]:
    """All checks in order; raises LoginFailed and OrgUnavailable, for then nothing can be checked."""
    yield _login(org)
    yield _version(org)
    described: dict[str, SObject] = {}
    for name, written in wanted.objects.items():
        found = _describe(org, name)
        if found is None:
            yield Finding("object", "missing", f"{name} is not there or hidden.", f"{_enable(name)} {ASSIGN}")
            continue
        described[name] = found
        yield _object(found, written=written)
    for field in wanted.fields:
        if field.object in described:
            yield _field(described[field.object], field)
    for (name, field_name), values in wanted.values.items():
        if name in described:
            yield _values(described[name], field_name, values)
    yield from _queues(org, wanted)
    yield _converted_status(org)
    yield from _permissions(org, wanted)
    for source, target in wanted.lead_mapping:
        yield Finding(
            "lead conversion",
            "look",
            f"Lead.{source} should become {target} on conversion; an API cannot tell.",
            "Setup → Object Manager → Lead → Fields & Relationships → Map Lead Fields.",
        )


def _login(org: Org) -> Finding:
    """The first call that needs a session: a token that was merely given proves nothing."""
    limit = org.limits().api
    left = f"; {limit.remaining:,} of {limit.maximum:,} API calls are left today" if limit else ""
    return Finding("login", "ok", f"Logged in to {org.url}{left}.")


def _version(org: Org) -> Finding:
    offered = [str(item.get("version")) for item in org.session.request("GET", "/services/data/").json()]
    version = org.session.version
    if version in offered:
        return Finding("API version", "ok", f"{version} is offered (newest {max(offered, key=float)}).")
    hint = f"Set `version` of the org in config/sfsync.yaml to one of {', '.join(offered[-3:])}."
    return Finding("API version", "missing", f"{version} is not offered by this org.", hint)


def _describe(org: Org, name: str) -> SObject | None:
    try:
        return org.describe(name)
    except OrgError as error:
        if error.status == 404 or error.code in {"NOT_FOUND", "INVALID_TYPE"}:
            return None
        raise


def _enable(name: str) -> str:
    return "Switch orders on in Setup → Order Settings." if name.startswith("Order") else DEPLOY


def _object(found: SObject, *, written: bool) -> Finding:
    if written and not (found.createable and found.updateable):
        return Finding("object", "forbidden", f"{found.name} may not be created and edited.", ASSIGN)
    if not found.queryable:
        return Finding("object", "forbidden", f"{found.name} may not be read.", ASSIGN)
    return Finding("object", "ok", f"{found.name} may be {'written' if written else 'read'}.")


def _field(found: SObject, wanted: WantedField) -> Finding:
    name = f"{wanted.object}.{wanted.name}"
    field = found.field(wanted.name)
    if field is None:
        return Finding("field", "missing", f"{name} is not there or hidden.", f"{DEPLOY} {ASSIGN}")
    if wanted.external_id and not field.external_id:
        return Finding("field", "missing", f"{name} is not an external id.", DEPLOY)
    if wanted.unique and not field.unique:
        return Finding("field", "missing", f"{name} is not unique, so doubles could be made.", DEPLOY)
    if wanted.written and not (field.createable and field.updateable):
        return Finding("field", "forbidden", f"{name} may not be edited.", ASSIGN)
    return _values(found, wanted.name, wanted.values)


def _values(found: SObject, field_name: str, values: tuple[str, ...]) -> Finding:
    field = found.field(field_name)
    active = {item.value for item in field.picklist if item.active} if field is not None else set()
    missing = [value for value in values if value not in active]
    name = f"{found.name}.{field_name}"
    if missing:
        return Finding("values", "missing", f"{name} lacks {', '.join(missing)}.", DEPLOY)
    return Finding("field", "ok", f"{name} is as it should be.")


def _queues(org: Org, wanted: Wanted) -> Iterator[Finding]:
    if not wanted.queues:
        return
    names = in_list(wanted.queues)
    rows = org.query(f"SELECT DeveloperName FROM Group WHERE Type = 'Queue' AND DeveloperName IN {names}")
    there = {row["DeveloperName"] for row in rows}
    for name in wanted.queues:
        if name in there:
            yield Finding("queue", "ok", f"The queue {name} is there.")
        else:
            yield Finding("queue", "missing", f"The queue {name} is not there.", DEPLOY)


def _converted_status(org: Org) -> Finding:
    rows = list(org.query("SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true ORDER BY SortOrder"))
    if rows:
        return Finding("lead conversion", "ok", f"Leads convert to the status {rows[0]['MasterLabel']!r}.")
    hint = "Setup → Object Manager → Lead → Lead Status: mark one value as converted."
    return Finding("lead conversion", "missing", "No lead status means converted.", hint)


def _permissions(org: Org, wanted: Wanted) -> Iterator[Finding]:
    """The user's own permissions ("UserPermissionAccess"); some orgs do not let them be asked."""
    fields = [f"Permissions{name}" for name in wanted.permissions]
    if not fields:
        return
    try:
        [row] = org.query(f"SELECT {', '.join(fields)} FROM UserPermissionAccess")
    except (OrgError, ValueError):
        names = ", ".join(wanted.permissions)
        yield Finding("permission", "look", f"The org does not tell whether the user has {names}.", ASSIGN)
        return
    for name, field in zip(wanted.permissions, fields, strict=True):
        if row.get(field) is True:
            yield Finding("permission", "ok", f"The user has {name}.")
        else:
            yield Finding("permission", "forbidden", f"The user lacks {name}.", ASSIGN)
