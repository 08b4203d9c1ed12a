"""Reads the tables of standard objects (``*.txt`` beside this file).

    object NAME PREFIX "Label" "Plural" [nocreate] [nodelete] [noaudit] [update] [noundelete] [nosearch] [nomru]
      FIELD type(length | precision,scale) words…
    history NAME PARENT "Label"

Every field may be created, updated and empty unless a word says otherwise:
``required`` (never empty) · ``nonnil`` (never empty, filled by the org) · ``readonly`` · ``createonly`` ·
``updateonly`` · ``default`` or ``default=VALUE`` (filled by the org when absent) · ``name`` (the record's name) ·
``idlookup`` (can be an upsert key) · ``auto=START`` (numbered by the org) · ``picks=SET`` · ``restricted`` ·
``to=Object/Object`` with ``children=NAME``, ``relation=NAME``, ``norelation``, ``cascade``, ``restrict`` ·
``long`` (cannot be filtered) · ``label="…"``.
``address [Prefix]`` and ``person`` stand for the fields that addresses and persons have in common; ``history`` for
an object that keeps the changes of another's tracked fields.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from sfsync.mockorg.schema import Choice, FieldDef, Names, ObjectDef, label_from

_FAMILIES = ("sales", "service", "marketing", "setup", "definition", "history")
HISTORY_PREFIX = "017"
"""All field histories have this prefix in common."""
_ADDRESS_TEXTS = (
    ("City", "City", 40),
    ("State", "State/Province", 80),
    ("PostalCode", "Zip/Postal Code", 20),
    ("Country", "Country", 80),
)


@dataclass(slots=True)
class Draft:
    """An object while it is put together: standard fields first, metadata may add more."""

    name: str
    key_prefix: str
    label: str
    label_plural: str
    custom: bool = False
    traits: frozenset[str] = frozenset()
    """Words of the table: ``nocreate``, ``nodelete``, …"""
    history: str = ""
    """The object that keeps the changes of tracked fields."""
    fields: dict[str, FieldDef] = field(default_factory=dict)

    def finish(self) -> ObjectDef:
        """The object as a frozen value, with the fields every object has."""
        ordered = {each.name: each for each in _head(self)} | self.fields
        ordered |= {each.name: each for each in _tail(self)}
        return ObjectDef(
            self.name,
            self.label,
            self.label_plural,
            self.key_prefix,
            Names(ordered.items()),
            custom=self.custom,
            createable="nocreate" not in self.traits,
            updateable="update" in self.traits or "nocreate" not in self.traits,
            deletable="nodelete" not in self.traits,
            traits=self.traits,
            history=self.history if any(each.tracked for each in self.fields.values()) else "",
        )


def standard_objects(picklists: Mapping[str, tuple[Choice, ...]]) -> dict[str, Draft]:
    """The objects of a fresh org by name, their picklists filled from ``picklists`` by value-set name."""
    drafts: dict[str, Draft] = {}
    draft: Draft | None = None
    for words in _lines():
        if words[0] == "object":
            name, prefix, label, plural, *traits = words[1:]
            draft = Draft(name, prefix, label, plural, traits=frozenset(traits))
            drafts[draft.name] = draft
        elif words[0] == "history":
            drafts[words[1]] = history_of(drafts[words[2]], words[1], words[3])
        elif draft is not None:
            draft.fields |= {each.name: each for each in _fields(words, picklists)}
    return drafts


def history_of(parent: Draft, name: str, label: str) -> Draft:
    """The object that keeps the changes of ``parent``'s tracked fields; ``parent`` learns its name."""
    parent.history = name
    link = "ParentId" if parent.custom else f"{parent.name}Id"
    traits = frozenset({"nocreate", "noaudit", "nosearch", "noundelete", "history"})
    draft = Draft(name, HISTORY_PREFIX, label, label, custom=parent.custom, traits=traits)
    related = "Parent" if parent.custom else parent.name
    made = [
        FieldDef(
            link, label_from(link), "reference", 18, nillable=False, createable=False, updateable=False,
            reference_to=(parent.name,), relationship=related, children="Histories", cascade=True,
        ),
        _system("CreatedById", "reference", length=18, reference_to=("User",), relationship="CreatedBy"),
        _system("CreatedDate", "datetime"),
        _system("Field", "picklist", "Changed Field", length=255),
        FieldDef("DataType", "Datatype", "picklist", 40, createable=False, updateable=False),
    ]  # fmt: skip
    made += [
        FieldDef(
            f"{when}Value",
            f"{when} Value",
            "anyType",
            255,
            createable=False,
            updateable=False,
            filterable=False,
        )
        for when in ("Old", "New")
    ]
    draft.fields = {each.name: each for each in made}
    return draft


@cache
def _lines() -> tuple[list[str], ...]:
    """The words of every line of the tables, split once for all orgs of the process."""
    texts = [files(__package__).joinpath(f"{family}.txt").read_text(encoding="utf-8") for family in _FAMILIES]
    lines = [
        line for text in texts for line in text.splitlines() if line.strip() and not line.startswith("#")
    ]
    return tuple(shlex.split(line) for line in lines)


def _fields(words: list[str], picklists: Mapping[str, tuple[Choice, ...]]) -> Iterator[FieldDef]:
    if words[0] == "address":
        yield from _address(words[1] if len(words) > 1 else "", picklists)
    elif words[0] == "person":
        yield FieldDef("LastName", "Last Name", "string", 80, nillable=False, compound="Name")
        yield FieldDef("FirstName", "First Name", "string", 40, compound="Name")
        salutations = picklists["Salutation"]
        yield FieldDef("Salutation", "Salutation", "picklist", 40, choices=salutations, compound="Name")
        yield FieldDef(
            "Name",
            "Full Name",
            "string",
            121,
            nillable=False,
            createable=False,
            updateable=False,
            name_field=True,
        )
    else:
        yield _field(words, picklists)


def _field(words: list[str], picklists: Mapping[str, tuple[Choice, ...]]) -> FieldDef:
    name, kind = words[0], words[1]
    kind, _, size = kind.rstrip(")").partition("(")
    options = dict(word.partition("=")[::2] for word in words[2:])
    number = kind in {"double", "currency", "percent"}
    precision, _, scale = size.partition(",") if number else ("0", "", "0")
    targets = tuple(options["to"].split("/")) if "to" in options else ()
    automatic = options.get("auto", "")
    readonly = "readonly" in options or bool(automatic)
    choices = picklists[options["picks"]] if "picks" in options else ()
    default: object = options.get("default") or next((each.value for each in choices if each.default), None)
    if kind == "boolean":
        default = options.get("default") == "true"
    related = options.get("relation", name.removesuffix("Id"))
    return FieldDef(
        name,
        options.get("label", label_from(name)),
        kind,
        length=18 if kind == "reference" else 0 if number else int(size or 0),
        precision=int(precision),
        scale=int(scale or 0),
        nillable=not ({"required", "nonnil"} & options.keys() or automatic or kind == "boolean"),
        createable=not readonly and "updateonly" not in options,
        updateable=not readonly and "createonly" not in options,
        defaulted="default" in options or kind == "boolean" or bool(automatic),
        default=default,
        id_lookup="idlookup" in options,
        name_field="name" in options,
        auto_number=automatic,
        choices=choices,
        restricted="restricted" in options,
        reference_to=targets,
        relationship=related if (targets or "relation" in options) and "norelation" not in options else None,
        children=options.get("children"),
        cascade="cascade" in options,
        restrict_delete="restrict" in options,
        filterable="long" not in options and kind != "base64",
        long="long" in options,
    )


def _address(prefix: str, picklists: Mapping[str, tuple[Choice, ...]]) -> Iterator[FieldDef]:
    compound = f"{prefix}Address"
    yield FieldDef(f"{prefix}Street", label_from(f"{prefix}Street"), "textarea", 255, compound=compound)
    for part, words, length in _ADDRESS_TEXTS:
        yield FieldDef(f"{prefix}{part}", f"{prefix} {words}".strip(), "string", length, compound=compound)
    for part in ("Latitude", "Longitude"):
        name = f"{prefix}{part}"
        yield FieldDef(name, label_from(name), "double", precision=18, scale=15, compound=compound)
    accuracy = f"{prefix}GeocodeAccuracy"
    choices = picklists["GeocodeAccuracy"]
    yield FieldDef(
        accuracy, label_from(accuracy), "picklist", 40, choices=choices, restricted=True, compound=compound
    )
    yield FieldDef(compound, label_from(compound), "address", createable=False, updateable=False)


def _system(name: str, kind: str, label: str = "", **more: object) -> FieldDef:
    return FieldDef(
        name,
        label or label_from(name),
        kind,
        nillable=False,
        createable=False,
        updateable=False,
        defaulted=True,
        **more,  # type: ignore[arg-type]  # the few callers below give fields of FieldDef
    )


def _head(draft: Draft) -> Iterator[FieldDef]:
    label = "Record ID" if draft.custom else f"{draft.label} ID"
    yield _system("Id", "id", label, length=18, id_lookup=True)
    if "nodelete" not in draft.traits:
        yield _system("IsDeleted", "boolean", "Deleted", default=False)


def _tail(draft: Draft) -> Iterator[FieldDef]:
    if "noaudit" not in draft.traits:
        for verb in ("Created", "LastModified"):
            yield _system(f"{verb}Date", "datetime")
            relationship = f"{verb}By"
            yield _system(
                f"{verb}ById", "reference", length=18, reference_to=("User",), relationship=relationship
            )
    yield _system("SystemModstamp", "datetime")
