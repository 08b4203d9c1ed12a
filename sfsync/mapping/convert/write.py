"""Converts a file of another program into mapping files, each checked before anything is written."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.convert.cumulusci import read_cumulusci
from sfsync.mapping.convert.draft import Draft
from sfsync.mapping.convert.sdl import read_sdl
from sfsync.mapping.convert.sfdmu import read_sfdmu
from sfsync.mapping.load import parse_mapping

_PLAIN = re.compile(r"[A-Za-z_](?:[\w ./-]*[\w./-])?")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
Describe = Callable[[str], Mapping[str, Any] | None]
LARGEST = 5_000_000
"""Bytes; no mapping file of any program comes near it."""


@dataclass(frozen=True, slots=True)
class Converted:
    """One mapping file to write. ``notes``: what could not be taken over."""

    name: str
    object: str
    text: str
    notes: tuple[Problem, ...]


def convert(
    path: Path, *, target: str | None, key: str | None, describe: Describe
) -> tuple[list[Converted], list[Problem]]:
    """The mappings of a file, and notes about what became no mapping. Raises ConfigError.

    ``describe`` gives an object's describe, for the types of fields, or None.
    ``target`` and ``key``: object and external-id field, for Data Loader's files, which do not tell them.
    """
    try:
        raw = path.read_bytes()[: LARGEST + 1]
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(raw) > LARGEST:
        raise ConfigError(f"{path} is too large for a mapping file.")
    made, left = [], []
    try:
        drafts = _drafts(path, raw, target, key)
    except (AttributeError, TypeError) as error:  # a list where keys are expected, a number where a text is
        raise ConfigError(f"{path.name} has another form than such files have ({error}).") from error
    for draft in drafts:
        if draft.fields:
            draft.finish(describe(draft.object))
            text = as_yaml(draft)
            parse_mapping(text, draft.name)
            made.append(Converted(draft.name, draft.object, text, tuple(draft.notes)))
        else:
            left += draft.notes
    return made, left


def _drafts(path: Path, raw: bytes, target: str | None, key: str | None) -> Sequence[Draft]:
    match path.suffix.lower():
        case ".sdl":
            if target is None:
                raise ConfigError(
                    f"{path.name} does not say for which object it is.", hint="Name it: --object Account."
                )
            return [read_sdl(raw, path.name, target, key)]
        case ".json":
            return read_sfdmu(raw, path)
        case ".yml" | ".yaml":
            return read_cumulusci(raw, path)
        case _:
            raise ConfigError(
                f"{path.name} is of no kind that can be converted.",
                hint="Known are .sdl (Data Loader), export.json (SFDMU) and .yml (CumulusCI).",
            )


def as_yaml(draft: Draft) -> str:
    """The mapping file, with what is missing as comments at its top."""
    lines = ["# yaml-language-server: $schema=../mapping.schema.json"]
    if draft.notes:
        lines.append(f"# To look at, as {draft.source} says more or other things:")
    for note in draft.notes:
        lines += wrap(
            f"{note.message} {note.suggestion}", 110, initial_indent="# - ", subsequent_indent="#   "
        )
    lines += [f"mapping: {draft.name}", f"about: {_scalar(f'converted from {draft.source}')}"]
    lines += [f"object: {draft.object}"]
    if draft.key:
        lines.append(f"key: {draft.key}")
    if draft.operation != "upsert":
        lines.append(f"operation: {draft.operation}")
    lines += ["", "file:", *(f"  {name}: {_scalar(value)}" for name, value in draft.file.items())]
    lines.append("  headers:" if draft.headers else "  headers: {}")
    lines += [f"    {name}: {_flow(headings)}" for name, headings in draft.headers.items()]
    lines += ["", "fields:"]
    for name, source in draft.fields.items():
        only = source.keys() == {"from"}
        lines.append(f"  {name}: {_scalar(source['from']) if only else _flow(source)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def write(converted: Sequence[Converted], folder: Path) -> list[Path]:
    """Write the files; raises ConfigError, and writes nothing, when one of them is there already."""
    paths = [folder / f"{one.name}.yaml" for one in converted]
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise ConfigError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; nothing was written.",
            hint="Choose another folder with --output.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path, one in zip(paths, converted, strict=True):
        path.write_text(one.text, encoding="utf-8")
    return paths
