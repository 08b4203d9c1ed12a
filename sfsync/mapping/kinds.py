"""The reader of each type, with the notation that the mapping declares; what a rule says in words."""

from sfsync.mapping.amounts import number_reader
from sfsync.mapping.dates import Notation
from sfsync.mapping.digits import digits_reader
from sfsync.mapping.model import FieldRule, File, Rule, Type
from sfsync.mapping.moments import date_reader, datetime_reader
from sfsync.mapping.phones import phone_reader
from sfsync.mapping.readers import Reader
from sfsync.mapping.texts import email_reader, key_reader, text_reader
from sfsync.mapping.words import boolean_reader, country_reader, picklist_reader


def type_of(rule: Rule) -> Type:
    """The declared type; a map alone makes a picklist, anything else undeclared is text."""
    return rule.type or ("picklist" if rule.map else "text")


def reader_for(rule: Rule, file: File, *, date1904: bool = False) -> Reader:
    """The reader of ``rule``; what the rule does not say, the file says. ``date1904``: of bare serials."""
    kind = type_of(rule)
    match kind:
        case "key":
            return key_reader()
        case "email":
            return email_reader()
        case "digits":
            return digits_reader(rule.length)
        case "number" | "integer":
            return number_reader(
                rule.decimal or file.decimal,
                file.thousands if rule.thousands is None else rule.thousands,
                whole=kind == "integer",
            )
        case "date":
            return date_reader(notation(rule, file, date1904=date1904))
        case "datetime":
            return datetime_reader(notation(rule, file, date1904=date1904), rule.timezone or file.timezone)
        case "boolean":
            return boolean_reader((*file.yes, *(rule.yes or ())), (*file.no, *(rule.no or ())))
        case "picklist":
            return picklist_reader(words(rule))
        case "country":
            return country_reader()
        case "phone":
            return phone_reader(rule.region or file.region)
        case "text" | "name":
            return text_reader()


def notation(rule: Rule, file: File, *, date1904: bool = False) -> Notation:
    """How dates are written in a column."""
    return Notation(
        rule.dates or file.dates,
        tuple(rule.formats or ()),
        file.pivot if rule.pivot is None else rule.pivot,
        date1904,
    )


def words(rule: Rule) -> dict[str, tuple[str, ...]]:
    """The values of a picklist and the words for each: of map, else of one_of."""
    if rule.map:
        return dict(rule.map)
    return {str(value): () for value in rule.one_of or ()}


def detail(name: str, rule: Rule, file: File) -> str:
    """What the message of a broken rule quotes: the limit, length or list that the mapping declares."""
    match name:
        case "length":
            return f"{rule.length} {'digits' if type_of(rule) == 'digits' else 'characters'}"
        case "too_long" | "truncated":
            return f"{_plain(rule.max)} characters"
        case "too_short":
            return f"{_plain(rule.min)} characters"
        case "too_small":
            return _plain(rule.min)
        case "too_large":
            return _plain(rule.max)
        case "one_of":
            return " or ".join(_listed([_shown(value) for value in rule.one_of or ()]))
        case "word_unknown":
            return ", ".join(_listed(_known(rule))) or "ISO codes and the usual names"
        case "number":
            thousands = file.thousands if rule.thousands is None else rule.thousands
            groups = f", groups of three by {' or '.join(map(repr, thousands))}" if thousands else ""
            return f"decimals by {rule.decimal or file.decimal!r}{groups}"
        case "date_order":
            return rule.dates or file.dates or "none"
        case "not_found":
            return str(rule.lookup) if isinstance(rule, FieldRule) else ""
        case "time_nonexistent":
            return rule.timezone or file.timezone or "UTC"
        case _:
            return ""


def _known(rule: Rule) -> list[str]:
    if type_of(rule) == "boolean":
        return ["yes", "no", "true", "false", "1", "0", *(rule.yes or ()), *(rule.no or ())]
    return list(words(rule))


def _listed(values: list[str], most: int = 8) -> list[str]:
    return values if len(values) <= most else [*values[:most], "…"]


def _shown(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
