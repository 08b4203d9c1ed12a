"""``extend: other``: a mapping that builds on another one and says only what differs.

Headings of a name are added to those of the other mapping; every other key of a name, a field or a section replaces
the other's. Rejections are added. What is not said here is as it is there.
"""

from dataclasses import dataclass, field
from itertools import chain
from os.path import relpath
from pathlib import Path
from typing import Any

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.yamlfile import Place, YamlFile, read_yaml

_OWN = {"mapping", "about", "extend"}
"""Keys that are never taken over."""
_HEADERS: Place = ("file", "headers")
_REJECTS: Place = ("reject_if",)
_DEEP: frozenset[Place] = frozenset({(), ("file",), _HEADERS, ("fields",), ("guards",)})
"""What is merged key by key."""
_NAME = 3
"""Steps from the top of a file to one of our names."""


def extended(file: YamlFile, path: Path | None, through: tuple[Path, ...] = ()) -> YamlFile:
    """The file with what it takes over from the mapping that it extends; as it is where it extends none.

    ``path``: where it lies, None for a text that lies nowhere. Raises ConfigError with the line of ``extend``.
    What is taken over keeps the file and line where it stands.
    """
    named = file.value.get("extend") if isinstance(file.value, dict) else None
    if named is None:
        return file
    if path is None or not isinstance(named, str):
        raise _refused(file, "extend names another mapping file, in the same folder or under mappings/.")
    here = path.resolve()
    other = _find(file, named, here)
    if other in (*through, here):
        names = " → ".join(one.stem for one in (*through, here, other))
        raise _refused(file, f"extend goes round in a circle: {names}.")
    try:
        shown = other if path.is_absolute() else Path(relpath(other))  # as the user speaks of files
        base = extended(read_yaml(shown), shown, (*through, here))
    except ConfigError as error:
        raise error if error.problems else _refused(file, error.message) from error
    if not isinstance(base.value, dict):
        raise _refused(file, f"{other.name} is not a mapping.")
    return _merge(base, file)


def _refused(file: YamlFile, message: str, hint: str = "") -> ConfigError:
    problem = Problem(file.name, file.line(("extend",)), message, hint)
    return ConfigError(f"{file.name} has a mistake.", problems=[problem])


def _find(file: YamlFile, named: str, here: Path) -> Path:
    """The mapping called ``named``: beside this file, else under the folder ``mappings`` that it lies in."""
    beside = here.parent / f"{named.removesuffix('.yaml')}.yaml"
    if beside.is_file() and beside != here:
        return beside.resolve()
    top = next((folder for folder in here.parents if folder.name == "mappings"), here.parent)
    all_files = sorted(path for path in top.rglob("*.yaml") if path != here)
    found = [path for path in all_files if path.stem == named]
    if len(found) == 1:
        return found[0]
    if named == here.stem:
        raise _refused(file, "A mapping cannot extend itself.")
    if found:
        places = " and ".join(str(path.relative_to(top)) for path in found)
        raise _refused(file, f"extend: {named!r} is ambiguous: {places}.")
    hint = did_you_mean(named, [path.stem for path in all_files])
    raise _refused(file, f"extend: there is no mapping called {named!r}.", hint)


@dataclass(slots=True)
class _Merge:
    """One mapping on top of another, and where each part of it stands."""

    base: YamlFile
    own: YamlFile
    lines: dict[Place, int] = field(default_factory=dict)
    files: dict[Place, str] = field(default_factory=dict)

    def take(self, file: YamlFile, old: Place, new: Place) -> None:
        """What stands at ``old`` in one of the two stands at ``new`` from now on."""
        name, line = file.at(old)
        self.lines[new] = line
        self.files.pop(new, None)
        if name != self.own.name:
            self.files[new] = name


def _merge(base: YamlFile, own: YamlFile) -> YamlFile:
    merge = _Merge(base, own)
    kept = {key: item for key, item in base.value.items() if key not in _OWN}
    value = _merged(kept, own.value, ())
    for place in base.lines:
        if place and place[0] not in _OWN and (new := _place(place, kept, own.value)) is not None:
            merge.take(base, place, new)
    for place in own.lines:
        merge.take(own, place, _shifted(place, kept))
    for name in _names(kept).keys() & _names(own.value).keys():
        _headings(merge, name)
    return YamlFile(own.name, value, merge.lines, merge.files)


def _is_deep(place: Place, *values: Any) -> bool:
    """Whether two values at this place are merged key by key."""
    return place in _DEEP and all(isinstance(value, dict) for value in values)


def _merged(base: Any, own: Any, place: Place) -> Any:
    """``own`` over ``base``, key by key down to names and fields."""
    if place[:2] == _HEADERS and len(place) == _NAME:
        return _header(base, own)
    if place == _REJECTS and isinstance(base, list) and isinstance(own, list):
        return [*base, *own]
    if not _is_deep(place, base, own):
        return own
    merged = dict(base)
    for key, item in own.items():
        merged[key] = _merged(base[key], item, (*place, key)) if key in base else item
    return merged


def _place(place: Place, base: Any, own: Any) -> Place | None:
    """Where a place of the other mapping is afterwards; None where something else stands instead."""
    for depth, key in enumerate(place):
        here = place[:depth]
        if here[:2] == _HEADERS and depth == _NAME:
            opened = _opened(own)
            return place if key != "headings" and isinstance(key, str) and key not in opened else None
        if here == _REJECTS and isinstance(base, list) and isinstance(own, list):
            return place
        if not _is_deep(here, base, own):
            return None
        if key not in own:
            return place
        base, own = base[key], own[key]
    return place


def _shifted(place: Place, base: Any) -> Place:
    """Where a place of the extending mapping is afterwards: its rejections follow those of the other."""
    before = base.get("reject_if")
    if place[:1] == _REJECTS and len(place) > 1 and isinstance(place[1], int) and isinstance(before, list):
        return (*_REJECTS, len(before) + place[1], *place[2:])
    return place


def _headings(merge: _Merge, name: str) -> None:
    """Where the headings of a name that both mappings have stand, by language and by their number among all."""
    place = (*_HEADERS, name)
    spots: dict[Any, list[tuple[YamlFile, Place]]] = {}
    for file in (merge.base, merge.own):
        header = _names(file.value)[name]
        inner: Place = (*place, "headings") if isinstance(header, dict) else place
        headings = _opened(header).get("headings")
        for language, words in _by_language(headings).items():
            top = (*inner, language) if isinstance(headings, dict) else inner
            spots.setdefault(language, []).extend((file, (*top, n)) for n in range(len(words)))
    for language, places in spots.items():
        for n, (file, old) in enumerate(places):
            merge.take(file, old, (*place, "headings", language, n))
    for n, (file, old) in enumerate(chain.from_iterable(spots.values())):
        merge.take(file, old, (*place, n))


def _names(value: Any) -> dict[str, Any]:
    """The names in a mapping's ``file.headers``; none where the file is not in shape."""
    file = value.get("file")
    headers = file.get("headers") if isinstance(file, dict) else None
    return headers if isinstance(headers, dict) else {}


def _header(base: Any, own: Any) -> dict[Any, Any]:
    """One of our names: headings of both, the rest as said here."""
    old, new = _opened(base), _opened(own)
    headings = _by_language(old.get("headings"))
    for language, words in _by_language(new.get("headings")).items():
        headings[language] = [*headings.get(language, []), *words]
    return {**old, **new, **({"headings": headings} if headings else {})}


def _opened(header: Any) -> dict[Any, Any]:
    if header is None:
        return {}
    return header if isinstance(header, dict) else {"headings": header}


def _by_language(headings: Any) -> dict[Any, list[Any]]:
    if headings is None:
        return {}
    spoken = headings if isinstance(headings, dict) else {"": headings}
    return {language: words if isinstance(words, list) else [words] for language, words in spoken.items()}
