"""Whether a mapping makes sense: names that exist, rules that fit their types, expressions that can be read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from sfsync.cells import fold
from sfsync.errors import Problem
from sfsync.mapping.compile import has_rule, lent_rules, literal
from sfsync.mapping.conditions import comparable
from sfsync.mapping.kinds import reader_for, type_of
from sfsync.mapping.model import Check, FieldRule, Mapping, Rule, Source, When
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.yamlfile import Place

_TEXTS = {"text", "key", "name", "email", "phone", "digits", "picklist", "country"}
_AMOUNTS = {"number", "integer"}
_MOMENTS = {"date", "datetime"}
_BELONGS = {
    "length": _TEXTS,
    "min": _TEXTS | _AMOUNTS,
    "max": _TEXTS | _AMOUNTS,
    "truncate": {"text", "name"},
    "pattern": _TEXTS,
    "map": {"picklist"},
    "yes": {"boolean"},
    "no": {"boolean"},
    "case": {"text", "name", "key"},
    "region": {"phone"},
    "region_from": {"phone"},
    "dates": _MOMENTS,
    "formats": _MOMENTS,
    "pivot": _MOMENTS,
    "timezone": {"datetime"},
    "decimal": _AMOUNTS,
    "thousands": _AMOUNTS,
}
"""Keys of a rule and the types they mean something for."""


def check(mapping: Mapping) -> list[Problem]:
    """Everything in a well-shaped mapping that cannot work, each with its line."""
    return [
        Problem(*mapping.at(*place), message, suggestion)
        for place, message, suggestion in _Check(mapping).all()
    ]


Found = Iterator[tuple[Place, str, str]]


class _Check:
    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.names = mapping.file.headers
        self.lent = lent_rules(mapping)
        self.types: dict[str, pl.DataType] = {}
        for name, header in self.names.items():
            rule, _ = self.lent.get(name, (header, ()))
            self.types[name] = reader_for(rule, mapping.file).dtype

    def all(self) -> Found:
        yield from self._key()
        yield from self._headings()
        yield from self._file()
        for name, header in self.names.items():
            place: Place = ("file", "headers", name)
            yield from self._rule(place, header)
            yield from self._conditions((*place, "required_if"), header.required_if)
        for name, field in self.mapping.fields.items():
            yield from self._field(name, field)
        for place, source in self.mapping.sources():
            yield from self._source(place, source)
        for n, rejection in enumerate(self.mapping.reject_if):
            yield from self._conditions(("reject_if", n, "when"), rejection.when)

    def _key(self) -> Found:
        key = self.mapping.key
        if key is not None and key not in self.mapping.fields:
            yield (
                ("key",),
                f"key: there is no field {key!r} in fields.",
                did_you_mean(key, self.mapping.fields),
            )

    def _headings(self) -> Found:
        owner: dict[str, tuple[str, Place]] = {}
        for name, header in self.names.items():
            if name.casefold() == "row":
                yield ("file", "headers", name), "A name cannot be row: that is the number of the row.", ""
            for n, heading in enumerate(header.headings):
                place: Place = ("file", "headers", name, n)
                first = owner.setdefault(fold(heading), (name, place))
                if not fold(heading):
                    yield place, f"{name}: a heading is empty.", ""
                elif first[0] != name:
                    own = self.mapping.at(*place)[0] == self.mapping.path  # else what extends it is to blame
                    (mine, blamed), (other, _) = ((name, place), first) if own else (first, (name, place))
                    text = f"The heading {heading!r} of {mine} belongs to {other} already."
                    yield blamed, text, "A heading can mean one thing only."

    def _file(self) -> Found:
        file = self.mapping.file
        if problem := _zone_problem(file.timezone):
            yield ("file", "timezone"), problem, "Use a name such as Europe/Amsterdam."
        if file.decimal in file.thousands:
            yield ("file", "thousands"), f"{file.decimal!r} cannot be both decimal and thousands sign.", ""

    def _field(self, name: str, field: FieldRule) -> Found:
        place: Place = ("fields", name)
        if name.casefold() == "row":
            yield place, "A field cannot be called row.", ""
        yield from self._rule(place, field)
        yield from self._conditions((*place, "required_if"), field.required_if)
        if field.take and not field.lookup:
            yield (*place, "take"), "take needs a lookup.", "Write lookup: Object.Field beside it."
        if field.lookup and not field.from_:
            yield (*place, "lookup"), "lookup needs from.", "Write from: one of our names."
        if field.unique and (field.from_ is None or field.prefix or field.when):
            text = "unique works on a field that takes one of our names as it is."
            yield (*place, "unique"), text, "Write unique at the name, under file.headers."
        header = self.names.get(field.from_ or "")
        if field.unique and header is not None and has_rule(header, but="transform") and not header.unique:
            yield (
                (*place, "unique"),
                f"unique belongs to the rule of {field.from_}.",
                "Write it in file.headers.",
            )

    def _rule(self, place: Place, rule: Rule) -> Found:
        if not rule.model_fields_set:
            return
        kind = type_of(rule)
        fields = type(rule).model_fields
        for key in _BELONGS.keys() & {fields[name].alias or name for name in rule.model_fields_set}:
            kinds = _BELONGS[key]
            undeclared = isinstance(rule, FieldRule) and rule.type is None and rule.map is None
            if kind not in kinds and not undeclared:
                text = f"{_last(place)}: {key} means nothing for type {kind}."
                yield (*place, key), text, f"It goes with {', '.join(sorted(kinds))}."
        if kind == "picklist" and not rule.map and not rule.one_of:
            yield place, f"{_last(place)}: a picklist needs its values.", "Write map: or one_of:."
        if rule.one_of == ():
            yield (*place, "one_of"), f"{_last(place)}: one_of is empty.", ""
        if rule.truncate and rule.max is None:
            yield (*place, "truncate"), f"{_last(place)}: truncate needs max.", "Write max: beside it."
        if rule.min is not None and rule.max is not None and rule.min > rule.max:
            yield (*place, "min"), f"{_last(place)}: min is above max.", ""
        if rule.pattern is not None and (problem := _pattern_problem(rule.pattern)):
            yield (*place, "pattern"), f"{_last(place)}: {problem}", ""
        if problem := _zone_problem(rule.timezone):
            yield (*place, "timezone"), problem, "Use a name such as Europe/Amsterdam."
        if rule.region_from is not None:
            yield from self._known((*place, "region_from"), rule.region_from)
        for n, form in enumerate(rule.formats or ()):
            if not _is_format(form):
                hint = "Use %d %m %Y %H %M %S, as in %d.%m.%Y."
                yield (*place, "formats", n), f"{_last(place)}: {form!r} is no date format.", hint
        yield from self._words(place, rule)
        yield from self._literals(place, rule)

    def _words(self, place: Place, rule: Rule) -> Found:
        tables = {"map": dict(rule.map or {}), "": {"yes": rule.yes or (), "no": rule.no or ()}}
        for key, table in tables.items():
            meaning: dict[str, str] = {}
            for value, words in table.items():
                for word in words:
                    other = meaning.setdefault(fold(word), value)
                    if other != value:
                        where = (*place, key, value) if key else (*place, value)
                        yield where, f"{_last(place)}: the word {word!r} means {other} and {value}.", ""

    def _literals(self, place: Place, rule: Rule) -> Found:
        if isinstance(rule, FieldRule) and rule.type is None and rule.map is None:
            return
        reader = reader_for(rule, self.mapping.file)
        named = [("default", rule.default)] if rule.default is not None else []
        for key, value in [*named, *(("one_of", value) for value in rule.one_of or ())]:
            if literal(value, reader) is None:
                yield (*place, key), f"{_last(place)}: {key} {value!r} is no {type_of(rule)}.", ""

    def _source(self, place: Place, source: Source) -> Found:
        origins = {
            "from": source.from_,
            "value": source.value,
            "join": source.join,
            "first_of": source.first_of,
        }
        said = [word for word, value in origins.items() if value is not None]
        if not said:
            yield place, f"{_last(place)}: it has no source.", "Write from, value, join or first_of."
        elif len(said) > 1:
            yield (*place, said[1]), f"{_last(place)}: {' and '.join(said)} exclude each other.", "Keep one."
        if source.from_ is not None:
            yield from self._known((*place, "from"), source.from_)
        if source.join == () or source.first_of == ():
            yield place, f"{_last(place)}: the list of values is empty.", ""
        if source.model_fields_set & {"with_"} and source.join is None:
            yield (*place, "with"), f"{_last(place)}: with needs join.", ""
        yield from self._conditions((*place, "when"), source.when)

    def _conditions(self, place: Place, when: When | None) -> Found:
        if when is not None and not all(when or [{}]):
            yield (
                place,
                f"{_last(place)}: the condition says nothing.",
                "Name one of our names and what it must be.",
            )
        for n, alternative in enumerate(when or ()):
            for name, test in alternative.items():
                where = (*place, name) if len(when or ()) == 1 else (*place, n, name)
                known = list(self._known(where, name))
                yield from known
                if not known:
                    yield from self._test(where, name, test)

    def _test(self, place: Place, name: str, test: Check) -> Found:
        if not test.model_fields_set or test.one_of == ():
            yield (
                place,
                f"{name}: the condition says nothing.",
                "Write equals, one_of, matches, empty or not.",
            )
        for value in (*([] if test.equals is None else [test.equals]), *(test.one_of or ())):
            if not comparable(value, self.types[name]):
                yield place, f"{name}: it can never equal {value!r}, which is of another type.", ""
        if test.matches is not None and (problem := _pattern_problem(test.matches)):
            yield place, f"{name}: {problem}", ""
        if test.not_ is not None:
            yield from self._test((*place, "not"), name, test.not_)

    def _known(self, place: Place, name: str) -> Found:
        if name not in self.names:
            yield place, f"{name!r} is none of our names in file.headers.", did_you_mean(name, self.names)


def _last(place: Place) -> str:
    """The name or field that a place is about."""
    return ".".join(str(step) for step in place[1:] if step != "headers") or str(place[0])


def _pattern_problem(pattern: str) -> str:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip().startswith("error:")]
        return f"{pattern!r} is no regular expression ({said[0] if said else 'it cannot be read'})."
    return ""


def _zone_problem(zone: str | None) -> str:
    if zone is None:
        return ""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return f"{zone!r} is no time zone."
    return ""


def _is_format(form: str) -> bool:
    example = datetime(2001, 2, 3, 14, 5, 6, tzinfo=UTC)
    try:
        found = datetime.strptime(example.strftime(form), form)  # noqa: DTZ007  as above
    except ValueError:
        return False
    return (found.month, found.day) == (2, 3)
