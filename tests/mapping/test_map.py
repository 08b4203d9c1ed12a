"""From headings to rows: binding, composing fields, conditions, lookups, what is left out."""

from collections import Counter
from typing import Any

import pytest

from sfsync.cells import Kind
from sfsync.errors import FileRefused
from sfsync.mapping.compile import Lookup, compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.records import Bucket
from tests.mapping.tables import block, bound, mapped

CARDS = """
mapping: cards
object: Asset
key: Key__c
file:
  dates: dmy
  headers:
    card_key: [N° de commande, Bestelnummer]
    card_id: [Kaartnummer, Pasnummer]
    shipped: [Verzenddatum]
    customer: [Naam]
fields:
  Key__c: {from: card_key, type: key, required: true}
  SerialNumber: {from: card_id, type: digits, length: 4, required: true}
  Card__c: card_id
  InstallDate: {from: shipped, type: date}
  Status: {value: Shipped}
"""


def test_a_row_becomes_values_and_names():
    row = mapped(CARDS, {"Bestelnummer": [" a-1"], "Pasnummer": ["0012"], "Verzenddatum": ["31-01-2024"]})[0]
    assert (row.number, row.key, row.problem, row.warnings) == (2, "A-1", None, ())
    assert row.values == {
        "Key__c": "A-1",
        "SerialNumber": "0012",
        "Card__c": "0012",
        "InstallDate": "2024-01-31",
        "Status": "Shipped",
    }
    assert row.named == {"card_key": "A-1", "card_id": "0012", "shipped": "2024-01-31", "customer": None}


def test_a_field_whose_column_is_absent_is_left_out_and_an_empty_one_is_none():
    absent = mapped(CARDS, {"Bestelnummer": ["A"], "Pasnummer": ["0012"]})[0]
    empty = mapped(CARDS, {"Bestelnummer": ["A"], "Pasnummer": ["0012"], "Verzenddatum": [None]})[0]
    assert "InstallDate" not in absent.values
    assert empty.values["InstallDate"] is None


def test_a_row_that_cannot_be_applied_has_no_values():
    row = mapped(CARDS, {"Bestelnummer": ["A"], "Pasnummer": [("12", Kind.NUMBER)]})[0]
    assert row.values == {}
    assert row.named["card_key"] == "A"
    assert row.problem is not None
    assert (row.problem.name, row.problem.heading, row.problem.rule) == (
        "card_id",
        "Pasnummer",
        "numeric_cell",
    )
    assert row.problem.full_rule == "card_id_numeric_cell"
    assert row.problem.bucket is Bucket.INVALID
    assert row.problem.text.startswith("Pasnummer: The cell is a number")


def test_messages_hold_no_value_of_the_row():
    row = mapped(CARDS, {"Bestelnummer": ["A"], "Pasnummer": ["Jansen"], "Verzenddatum": ["Pietersen"]})[0]
    assert row.problem is not None
    assert "Jansen" not in str(row.problem)
    assert "Pietersen" not in str(row.problem)


def test_the_first_error_of_a_row_is_the_first_of_the_mapping():
    row = mapped(CARDS, {"Verzenddatum": ["x"], "Pasnummer": ["x"], "Bestelnummer": [None]})[0]
    assert row.problem is not None
    assert row.problem.full_rule == "card_key_missing"


def test_headings_are_folded_and_the_name_itself_counts():
    found = bound(CARDS, ["n\u00b0\u00a0DE\ncommande ", "CARD_ID", "Zegel", "", "Zegel"])
    assert dict(found.columns.positions) == {"card_key": 0, "card_id": 1}
    assert found.unused == ("Zegel", "Zegel")
    assert found.absent == ("shipped", "customer")
    assert found.heading("card_id") == "CARD_ID"
    assert found.heading("shipped") == ""


def test_a_missing_column_names_everything():
    with pytest.raises(FileRefused) as refused:
        bound(CARDS, ["Naam", ""], file="retour.xlsx", sheet="Blad1", header_row=4)
    assert refused.value.kind == "missing_column"
    text = str(refused.value)
    for part in [
        "retour.xlsx",
        "Blad1",
        "header row 4",
        "card_key",
        "N° de commande",
        "card_id",
        "Naam, (no",
    ]:
        assert part in text


def test_a_column_twice_names_both():
    with pytest.raises(FileRefused) as refused:
        bound(CARDS, [*"abcdefghijklmnopqrstuvwxyz", "Pasnummer", "kaartnummer"], file="x.csv")
    assert refused.value.kind == "duplicate_column"
    for part in ["card_id", "column AA", "column AB", "Pasnummer", "header row 1"]:
        assert part in str(refused.value)


LEADS = """
mapping: leads
object: Lead
key: Key__c
file:
  region: NL
  headers:
    id: {required: true}
    first: {max: 40}
    last: {type: name}
    kind: {type: picklist, one_of: [private, company]}
    company: {required_if: {kind: company}}
    vat: {type: key, remove: [' ', '.']}
    kvk: {type: digits}
    cards: {type: integer}
    mail: {type: email, unusable: blank}
    phone: {type: phone, region_from: country}
    country: {type: country}
    ok: {type: boolean}
fields:
  Key__c: id
  Company:
    first_of:
      - {from: company, when: {kind: company}}
      - {join: [first, last]}
  Tag__c: {join: [kind, cards, ok], with: '-', prefix: 'T:'}
  Number__c: {first_of: [vat, {from: kvk, prefix: KVK}]}
  Many__c: {value: true, when: [{cards: {not: {one_of: [1, 2]}}, kind: {empty: false}}, {last: {matches: '^z'}}]}
  Mail__c: mail
  Phone: phone
reject_if:
  - reason: test
    message: A test.
    when: {first: {matches: '^test'}, last: Test}
  - reason: robot
    message: A robot.
    when: [{ok: false, cards: 40}, {mail: {equals: Bot@example.com}}]
"""
ROW: dict[str, Any] = {"id": "1", "first": "Jan", "last": "Berg", "kind": "private", "cards": "1", "ok": "ja"}
NAMES = ["id", "first", "last", "kind", "company", "vat", "kvk", "cards", "mail", "phone", "country", "ok"]


def lead(**given: Any) -> Any:
    cells = ROW | given
    return mapped(LEADS, {name: [cells.get(name)] for name in NAMES})[0]


def test_a_company_only_where_it_is_one():
    assert lead(company="Acme").values["Company"] == "Jan Berg"
    assert lead(company="Acme", kind="company").values["Company"] == "Acme"
    assert lead(first=None).values["Company"] == "Berg"
    assert lead(first=None, last=None).values["Company"] is None


def test_required_if_asks_only_where_it_holds():
    row = lead(kind="company")
    assert row.problem.full_rule == "company_missing"
    assert lead(kind=None).problem is None


def test_joined_values_of_all_types_are_text():
    assert lead().values["Tag__c"] == "T:private-1-true"
    assert lead(cards=None, kind=None, ok=None).values["Tag__c"] is None


def test_a_prefix_stands_only_before_a_value():
    assert lead(vat="be 0999.301").values["Number__c"] == "BE0999301"
    assert lead(kvk="123").values["Number__c"] == "KVK123"
    assert lead().values["Number__c"] is None


def test_alternatives_and_negation():
    assert lead(cards="3").values["Many__c"] is True
    assert lead(cards="1").values["Many__c"] is None
    assert lead(cards="1", last="Zegers").values["Many__c"] is True
    assert lead(cards="3", kind=None).values["Many__c"] is None


def test_rejections_come_first_and_say_their_reason():
    row = lead(first="Tester", last="TEST", cards="x")
    assert (row.problem.rule, row.problem.message, row.problem.name) == ("test", "A test.", "")
    assert lead(first="Tester", last="Berg").problem is None
    assert lead(ok="nee", cards="40").problem.rule == "robot"
    assert lead(mail="bot@Example.com").problem.rule == "robot"


def test_an_unusable_value_may_become_empty_with_a_warning():
    row = lead(mail="geen")
    assert row.problem is None
    assert row.values["Mail__c"] is None
    assert [(w.full_rule, w.severity, w.bucket) for w in row.warnings] == [("mail_email", "warn", None)]


def test_phones_take_the_region_of_their_row():
    assert lead(phone="0470 12 34 65", country="België").values["Phone"] == "+32470123465"
    assert lead(phone="06 12345678").values["Phone"] == "+31612345678"


LOOKUPS = """
mapping: assets
object: Asset
key: Key__c
file: {headers: {order: {type: key}, n: {type: integer}}}
fields:
  Key__c: order
  AccountId: {lookup: Order.Key__c, from: order, take: AccountId}
  Order__r: {lookup: Order.Key__c, from: order}
"""


def test_lookups_are_asked_for_and_filled_in():
    compiled = compile_mapping(parse_mapping(LOOKUPS))
    (lookup,) = compiled.lookups
    assert lookup == Lookup("Order", "Key__c", "order", "AccountId")
    rows = mapped(LOOKUPS, {"order": ["a", "b", None]}, lookups={lookup: {"A": "001A", "C": "001C"}})
    assert rows[0].values == {"Key__c": "A", "AccountId": "001A", "Order__r": {"Key__c": "A"}}
    assert rows[1].problem is not None
    assert (rows[1].problem.rule, rows[1].problem.bucket) == ("not_found", Bucket.NOT_FOUND)
    assert rows[1].problem.message == "No such record in the org: Order.Key__c."
    assert rows[2].problem is None
    assert rows[2].values["Order__r"] is None


def test_without_lookups_the_field_is_left_out():
    assert set(mapped(LOOKUPS, {"order": ["a"]})[0].values) == {"Key__c", "Order__r"}


def test_a_field_may_have_a_rule_of_its_own():
    text = """{mapping: m, object: O, file: {headers: {code: {type: key}, day: {}}}, fields: {
        A: {from: code, type: integer, max: 9}, B: {join: [day, code], max: 5, required: true},
        C: {from: code, when: {day: x}, required_if: {day: x}}, D: {value: 3, when: {day: x}}}}"""
    good, bad, none = mapped(text, {"code": ["7", "12", None], "day": ["x", "y", "x"]})
    assert good.values == {"A": 7, "B": "x 7", "C": "7", "D": 3}
    assert (bad.problem and bad.problem.full_rule, bad.problem and bad.problem.heading) == (
        "A_too_large",
        "code",
    )
    assert none.problem
    assert none.problem.full_rule == "C_missing"


def test_an_empty_block_and_a_mapping_of_constants():
    assert mapped(CARDS, {"Bestelnummer": [], "Pasnummer": []}) == []
    text = "{mapping: m, object: O, file: {headers: {}}, fields: {A: {value: x}, B: {value: 1.5}}}"
    assert [row.values for row in mapped(text, {"x": ["1", "2"]})] == [{"A": "x", "B": 1.5}] * 2


def test_rows_that_the_file_broke_are_refused_whatever_they_say():
    table = block({"Bestelnummer": ["A", None], "Pasnummer": ["0012", "x"]})
    (part,) = bound(CARDS, ["Bestelnummer", "Pasnummer"]).map([table])
    broken = part.without({2: ("ragged_long", "Too many fields."), 3: ("ragged_long", "x"), 9: ("x", "y")})
    assert Counter(row.problem.rule for row in broken.rows() if row.problem) == {"ragged_long": 2}
    assert part.without({9: ("x", "y")}) is part
    assert broken.applied().height == 0
    assert part.applied()["row"].to_list() == [2]
