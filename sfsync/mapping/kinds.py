"""The reader of each type, with the notation that the mapping declares; what a rule says in words."""

from datetime import date

from sfsync.languages.reason import Reason
from sfsync.mapping.amounts import number_reader
from sfsync.mapping.dates import Notation
from sfsync.mapping.digits import digits_reader
from sfsync.mapping.model import FieldRule, File, Rule, Type
from sfsync.mapping.moments import date_reader, datetime_reader
from sfsync.mapping.phones import phone_reader
from sfsync.mapping.readers import Reader
from sfsync.mapping.rules import reason_of
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
            return phone_reader(rule.region or file.region, by_row=rule.region_from is not None)
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


def reason(name: str, rule: Rule, file: File) -> Reason:
    """Why a value is refused: the broken rule, with the limit, length or list that the mapping declares."""
    match name:
        case "length" if type_of(rule) == "digits":
            text = "It must have exactly {count} digits; leading zeros may have been lost."
            return Reason("length_digits", text, count=rule.length or 0)
        case "length":
            return reason_of(name, count=rule.length or 0)
        case "too_long" | "truncated":
            return reason_of(name, count=_plain(rule.max))
        case "too_short":
            return reason_of(name, count=_plain(rule.min))
        case "too_small":
            return reason_of(name, limit=_plain(rule.min))
        case "too_large":
            return reason_of(name, limit=_plain(rule.max))
        case "one_of":
            return _choices(rule)
        case "word_unknown" if words := _listed(_known(rule)):
            return reason_of(name, words=", ".join(words))
        case "word_unknown":
            remedy = "Known are: ISO codes and the usual names."
            return Reason("country_unknown", "The word is not known.", remedy)
        case "number":
            return _number(rule, file)
        case "date_order":
            order = rule.dates or file.dates or "none"
            return reason_of(name, order=order, example=_example(rule, file))
        case "date_unparsed":
            return reason_of(name, example=_example(rule, file))
        case "not_found":
            return reason_of(name, lookup=str(rule.lookup) if isinstance(rule, FieldRule) else "")
        case "time_nonexistent":
            return reason_of(name, zone=rule.timezone or file.timezone or "UTC")
        case _:
            return reason_of(name)


def _choices(rule: Rule) -> Reason:
    found = rule.one_of or ()
    if len(found) > 1:
        return reason_of("one_of", choices=", ".join(_listed([_shown(value) for value in found])))
    only = found[0] if found else ""
    word: str | Reason = str(only)
    if isinstance(only, bool):
        word = Reason("yes", "yes") if only else Reason("no", "no")
    return Reason("must_be", "It must be {choice}.", choice=word)


def _number(rule: Rule, file: File) -> Reason:
    decimal = repr(rule.decimal or file.decimal)
    thousands = file.thousands if rule.thousands is None else rule.thousands
    if not thousands:
        return reason_of("number", decimal=decimal)
    text = (
        "It is not a number in the notation that the mapping declares "
        "(decimals by {decimal}, groups of three by {thousands})."
    )
    return Reason("number_grouped", text, decimal=decimal, thousands=" ".join(map(repr, thousands)))


def _example(rule: Rule, file: File) -> str:
    """A day as the column is expected to write it."""
    day = date(2026, 12, 31)
    if rule.formats:
        return day.strftime(rule.formats[0])
    order = rule.dates or file.dates
    return day.strftime({"dmy": "%d-%m-%Y", "mdy": "%m/%d/%Y"}.get(str(order), "%Y-%m-%d"))


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
