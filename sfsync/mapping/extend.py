"""``extend: other``: a mapping that builds on another one and says only what differs.

Headings of a name are added to those of the other mapping; every other key of a name, a field or a section replaces
the other's. Rejections are added. What is not said here is as it is there.
"""

from pathlib import Path
from typing import Any

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.yamlfile import Place, YamlFile, read_yaml

_OWN = {"mapping", "about", "extend"}
"""Keys that are never taken over."""


def extended(file: YamlFile, path: Path | None, chain: tuple[Path, ...] = ()) -> YamlFile:
    """The file with what it takes over from the mapping that it extends; as it is where it extends none.

    ``path``: where it lies, None for a text that lies nowhere. Raises ConfigError with the line of ``extend``.
    """
    named = file.value.get("extend") if isinstance(file.value, dict) else None
    if named is None:
        return file
    if path is None or not isinstance(named, str):
        raise _refused(file, "extend names another mapping file, in the same folder or under mappings/.")
    here = path.resolve()
    other = _find(file, named, here)
    if other in (*chain, here):
        names = " → ".join(one.stem for one in (*chain, here, other))
        raise _refused(file, f"extend goes round in a circle: {names}.")
    try:
        base = extended(read_yaml(other), other, (*chain, here))
    except ConfigError as error:
        raise error if error.problems else _refused(file, error.message) from error
    if not isinstance(base.value, dict):
        raise _refused(file, f"{other.name} is not a mapping.")
    line = file.line(("extend",))
    taken_over = {place: line for place in base.lines if place[:1] and place[0] not in _OWN}
    value = _merged({key: item for key, item in base.value.items() if key not in _OWN}, file.value, ())
    return YamlFile(file.name, value, taken_over | dict(file.lines))


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


def _merged(base: Any, own: Any, place: Place) -> Any:
    """``own`` over ``base``, key by key down to names and fields."""
    if place[:2] == ("file", "headers") and len(place) == 3:
        return _header(base, own)
    if place == ("reject_if",) and isinstance(base, list) and isinstance(own, list):
        return [*base, *own]
    deep = place in {(), ("file",), ("file", "headers"), ("fields",), ("guards",)}
    if not deep or not isinstance(base, dict) or not isinstance(own, dict):
        return own
    merged = dict(base)
    for key, item in own.items():
        merged[key] = _merged(base[key], item, (*place, key)) if key in base else item
    return merged


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
