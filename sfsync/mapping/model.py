"""What a mapping file may say, as frozen models. The words follow what admins know from Data Loader and CumulusCI.

Two shorthands are opened up before validation: a header may be just its list of headings, and a source just a
name (``join: [first_name, last_name]``).
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from sfsync.mapping.yamlfile import YamlFile


def _scalar(value: Any) -> Any:
    if isinstance(value, str | int | float | bool):
        return value
    raise ValueError("a text, a number, true or false is expected")


Plain = str | int | float | bool
Scalar = Annotated[Any, BeforeValidator(_scalar, json_schema_input_type=Plain)]
Type = Literal[
    "text",
    "key",
    "name",
    "number",
    "integer",
    "date",
    "datetime",
    "boolean",
    "picklist",
    "phone",
    "email",
    "digits",
    "country",
]
DateOrder = Literal["dmy", "mdy", "ymd"]


def _words(value: Any) -> Any:
    """One word or a list of words, as texts: ``1`` and ``true`` in a list of words are words."""
    items = value if isinstance(value, list) else [value]
    return [_word(item) for item in items]


def _word(item: Any) -> Any:
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item) if isinstance(item, int | float) else item


def _header(value: Any) -> Any:
    if value is None:
        return {}
    return {"headings": value} if isinstance(value, str | list) else value


def _source(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


def _check(value: Any) -> Any:
    if isinstance(value, list):
        return {"one_of": value}
    return {"equals": value} if isinstance(value, str | int | float | bool) else value


def _alternatives(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words, json_schema_input_type=Plain | list[Plain])]


LANGUAGE = "^[a-z]{2}$"


def _by_language(value: Any) -> Any:
    return value if isinstance(value, dict) else {"": value}


ByLanguage = Annotated[
    dict[Annotated[str, Field(pattern="^([a-z]{2})?$")], Words],
    BeforeValidator(
        _by_language,
        json_schema_input_type=Plain
        | list[Plain]
        | dict[Annotated[str, Field(pattern=LANGUAGE)], Plain | list[Plain]],
    ),
]
"""Words by language; under "" where no language is told."""


class Strict(BaseModel):
    """The base of all models: nothing changes after reading, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)


class Check(Strict):
    """What the value of one of our names must be; several keys must all hold. Text is compared without case."""

    equals: Scalar | None = Field(None, description="The same value.")
    one_of: tuple[Scalar, ...] | None = Field(None, description="One of these values.")
    matches: str | None = Field(None, description="A regular expression found in the text, without case.")
    empty: bool | None = Field(None, description="Whether it is empty.")
    not_: "Check | None" = Field(None, alias="not", description="This must not hold.")


Alternative = dict[
    str, Annotated[Check, BeforeValidator(_check, json_schema_input_type=Check | Plain | list[Plain])]
]
"""Our names and what each must be; all of them must hold."""

When = Annotated[
    tuple[Alternative, ...],
    BeforeValidator(_alternatives, json_schema_input_type=Alternative | list[Alternative]),
]
"""One alternative, or a list of which any may hold."""


class Rule(Strict):
    """How a value is read and what it must be; the same keys on a header and on a field."""

    type: Type | None = Field(None, description="How the cell is read; text when nothing is said.")
    transform: str | None = Field(
        None,
        pattern=r"^[A-Za-z]\w*$",
        description="A function of the project's transforms/ that makes the text which the type reads.",
    )
    required: bool = Field(default=False, description="An empty value is an error; the column must be there.")
    required_if: When | None = Field(None, description="An empty value is an error when this holds.")
    default: Scalar | None = Field(None, description="The value of an empty cell.")
    unique: bool = Field(default=False, description="The value may stand once in a file.")
    length: int | None = Field(None, ge=1, description="Exactly so many characters or digits.")
    min: float | None = Field(None, description="Lowest number, or fewest characters.")
    max: float | None = Field(None, description="Highest number, or most characters.")
    truncate: bool = Field(
        default=False, description="Cut a text at max, with a warning, instead of an error."
    )
    pattern: str | None = Field(None, description="A regular expression that the whole text must match.")
    one_of: tuple[Scalar, ...] | None = Field(None, description="The values that are allowed.")
    listed_words: dict[str, ByLanguage] | None = Field(
        None,
        alias="map",
        description="Our value: the partner's words for it, or a list of them for each language: {en: […], fr: […]}.",
    )
    yes: Words | None = Field(None, description="Words for true (boolean).")
    no: Words | None = Field(None, description="Words for false (boolean).")
    case: Literal["upper", "lower", "title"] | None = Field(
        None, description="title mends only names in ALL CAPITALS or all small letters."
    )
    remove: Words | None = Field(None, description="Pieces of text to take out, such as blanks or a unit.")
    region: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Country of phone numbers without a prefix."
    )
    region_from: str | None = Field(None, description="Our name that holds that country.")
    dates: DateOrder | None = Field(None, description="Order of day, month and year in this column.")
    formats: Words | None = Field(None, description="Exact formats such as %d.%m.%Y; replaces the order.")
    decimal: Literal[",", "."] | None = Field(None, description="The decimal sign.")
    thousands: Words | None = Field(None, description="Signs between groups of three digits.")
    timezone: str | None = Field(
        None, description="Zone of date-times without one, such as Europe/Amsterdam."
    )
    pivot: int | None = Field(None, ge=0, le=100, description="Two-digit years below are 20xx, others 19xx.")
    unusable: Literal["reject", "blank"] = Field(
        "reject", description="blank: an unreadable value becomes empty, with a warning."
    )

    @property
    def map(self) -> dict[str, tuple[str, ...]] | None:
        """Our values, and all words for each, in whatever language."""
        listed = self.listed_words
        if listed is None:
            return None
        return {
            value: tuple(each for words in said.values() for each in words) for value, said in listed.items()
        }

    def word(self, value: str, language: str) -> str:
        """The first word of a language for one of our values; the value itself where there is none."""
        return ((self.listed_words or {}).get(value, {}).get(language) or (value,))[0]


class Header(Rule):
    """One of our names: the headings that partners use for it, and how its cells are read."""

    listed: ByLanguage = Field(
        {},
        alias="headings",
        description="The headings partners use, or a list of them for each language: {en: […], fr: […]}. "
        "The name itself always counts.",
    )

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings, in whatever language."""
        return tuple(word for words in self.listed.values() for word in words)

    @property
    def spoken(self) -> dict[str, tuple[str, ...]]:
        """The headings by language, where the mapping tells it."""
        return {language: words for language, words in self.listed.items() if language}


HeaderEntry = Annotated[
    Header, BeforeValidator(_header, json_schema_input_type=Header | str | list[Plain] | None)
]


class Source(Strict):
    """Where a value comes from: exactly one of from, value, join, first_of."""

    from_: str | None = Field(None, alias="from", description="One of our names.")
    value: Scalar | None = Field(None, description="Always this value.")
    join: tuple["SourceEntry", ...] | None = Field(
        None, description="Several values in one text, empty ones left out."
    )
    with_: str = Field(" ", alias="with", description="What stands between joined values.")
    first_of: tuple["SourceEntry", ...] | None = Field(None, description="The first value that is not empty.")
    when: When | None = Field(None, description="Only where this holds; else empty.")
    prefix: str = Field("", description="Text put before a value that is not empty.")


SourceEntry = Annotated[Source, BeforeValidator(_source, json_schema_input_type=Source | str)]


class FieldRule(Source, Rule):
    """One field of the object: where its value comes from and what it must be."""

    lookup: str | None = Field(
        None,
        pattern=r"^[A-Za-z]\w*\.[A-Za-z]\w*$",
        description="Object.Field of a record that has the value of from, such as Order.Sfsync_Key__c.",
    )
    take: str | None = Field(
        None, description="The field of that record to use; without it the record is linked by its key."
    )


FieldEntry = Annotated[FieldRule, BeforeValidator(_source, json_schema_input_type=FieldRule | str)]


class File(Strict):
    """What files look like: headings, and the notation of dates and numbers."""

    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")], HeaderEntry] = Field(
        description="Our name: the headings partners use, in any order and language."
    )
    language: str | None = Field(
        None,
        pattern=LANGUAGE,
        description="The partner's language (en, fr, it, nl, de, zh), for the answer; "
        "else it is told by the headings.",
    )
    dates: DateOrder | None = Field(None, description="Order of day, month and year in text dates.")
    decimal: Literal[",", "."] = Field(".", description="The decimal sign in texts.")
    thousands: Words = Field((), description="Signs between groups of three digits; none when not said.")
    timezone: str | None = Field(
        None, description="Zone of date-times without one, such as Europe/Amsterdam."
    )
    region: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Country of phone numbers without a prefix."
    )
    pivot: int = Field(50, ge=0, le=100, description="Two-digit years below are 20xx, others 19xx.")
    yes: Words = Field((), description="More words for true, beside yes, true, 1, x, ja, oui, sì, tak.")
    no: Words = Field((), description="More words for false, beside no, false, 0, nee, nein, non, nie.")


class Rejection(Strict):
    """Rows that nobody wants, such as obvious tests: rejected with this reason."""

    reason: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="A stable word, such as test_submission.")
    message: str = Field(min_length=1, description="The reason as a sentence, for people.")
    when: When = Field(description="Our names and what each must be; all must hold.")


_AMOUNT = Annotated[str, Field(pattern=r"^(\d+|\d{1,3}(\.\d+)?%)$")]
Amount = Annotated[_AMOUNT, BeforeValidator(_word, json_schema_input_type=_AMOUNT | int)]


class Guards(Strict):
    """Limits that stop a run before it writes."""

    rejects: Amount | None = Field(
        None, description="Most rejected rows: a number, or a percentage such as 20%."
    )
    blanks: Amount | None = Field(None, description="Most values that a run may clear.")
    changes: Amount | None = Field(None, description="Most records that a run may change.")
    api_floor: int | None = Field(
        None, ge=0, description="API calls to leave for the people who use the org."
    )


class Mapping(Strict):
    """A whole mapping file."""

    mapping: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The mapping's name.")
    extend: str | None = Field(
        None,
        description="Another mapping that this one builds on: its headings, fields and settings count here too.",
    )
    about: str = Field("", description="What the file is, in a sentence.")
    object: str = Field(pattern=r"^[A-Za-z]\w*$", description="API name of the Salesforce object.")
    key: str | None = Field(None, description="The external-id field to upsert on.")
    operation: Literal["upsert", "update"] = Field(
        "upsert", description="update: rows change records that exist; a row without one is not_found."
    )
    file: File
    fields: dict[Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")], FieldEntry] = Field(
        min_length=1, description="API name of the field: where its value comes from."
    )
    reject_if: tuple[Rejection, ...] = Field((), description="Rows that nobody wants.")
    guards: Guards = Field(Guards(), description="Limits that stop a run before it writes.")

    _yaml: YamlFile = PrivateAttr(default=YamlFile("mapping", {}))

    @property
    def path(self) -> str:
        """The file it was read from."""
        return self._yaml.name

    def read_from(self, file: YamlFile) -> "Mapping":
        """Remember the file, for the lines in messages. Called once, by what loads the mapping."""
        self._yaml = file
        return self

    def at(self, *place: str | int) -> tuple[str, int]:
        """The file and the line of a place, such as ``at("fields", "Email")``."""
        return self._yaml.at(place)

    def sources(self) -> Iterator[tuple[tuple[str | int, ...], Source]]:
        """Every source with its place in the file, nested ones too."""
        for name, rule in self.fields.items():
            yield from nested(("fields", name), rule)


def nested(place: tuple[str | int, ...], source: Source) -> Iterator[tuple[tuple[str | int, ...], Source]]:
    """A source and those inside it, each with its place."""
    yield place, source
    for word, items in (("join", source.join), ("first_of", source.first_of)):
        for n, item in enumerate(items or ()):
            yield from nested((*place, word, n), item)
