"""The two card partners' files: headings in six languages, and what the rows become."""

from pathlib import Path

import pytest

from sfsync.mapping.compile import CompiledMapping, compile_mapping
from sfsync.mapping.load import load_mapping
from tests.mapping.tables import block

ROOT = Path(__file__).resolve().parents[2]


def mapping(name: str) -> CompiledMapping:
    return compile_mapping(load_mapping(ROOT / "mappings" / "charge_card" / f"{name}.yaml"))


CARD = "0089061304603332136"


@pytest.mark.parametrize(
    "headings",
    [
        ["Order number", "Card number", "Ship date", "Tracking code"],
        ["Ordernummer", "Pasnummer", "Verzenddatum", "Track & Trace"],
        ["N° de commande", "N° de carte", "Date d’expédition", "N° de suivi"],
        ["Bestellnummer", "Kartennummer", "Versanddatum", "Sendungsnummer"],
        ["Numero ordine", "Numero carta", "Data di spedizione", "Codice di tracciamento"],
        ["Numer zamówienia", "Numer karty", "Data wysyłki", "Numer przesyłki"],
    ],
)
def test_an_allocation_in_any_language(headings: list[str]):
    bound = mapping("allocation").bind(headings, file="x.csv")
    cells = [["cc-2024-000751"], [CARD], ["03-04-2024"], ["3s6370340201nl"]]
    (part,) = bound.map([block(dict(zip(headings, cells, strict=True)))])
    (row,) = part.rows()
    assert row.problem is None
    assert row.values == {
        "Sfsync_Key__c": "CC-2024-000751",
        "Name": "Charge card CC-2024-000751",
        "SerialNumber": CARD,
        "Card_Id__c": CARD,
        "InstallDate": "2024-04-03",
        "Tracking_Code__c": "3S6370340201NL",
        "Status": "Shipped",
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *(("Active", "Active"), ("geactiveerd", "Active"), ("ACTIVÉE", "Active"), ("aktiviert", "Active")),
        *(("attivata", "Active"), ("refused", "Refused"), ("geweigerd", "Refused"), ("refusé", "Refused")),
        *(("abgelehnt", "Refused"), ("rifiutata", "Refused"), ("aktywna", "Active"), ("odmowa", "Refused")),
    ],
)
def test_an_answer_of_the_activation_partner(word: str, status: str):
    headings = ["Order number", "Card number", "Result", "Reason"]
    bound = mapping("activation").bind(headings, file="x.xlsx")
    cells = [["cc-1-2"], [CARD], [word], ["card blocked"]]
    (part,) = bound.map([block(dict(zip(headings, cells, strict=True)))])
    (row,) = part.rows()
    assert row.values["Status"] == status
    assert row.values["Activation_Reason__c"] == "card blocked"


def test_an_unknown_result_is_an_error_and_says_what_is_known():
    headings = ["Order number", "Card number", "Result"]
    bound = mapping("activation").bind(headings, file="x.xlsx")
    (part,) = bound.map([block(dict(zip(headings, [["a"], [CARD], ["perhaps"]], strict=True)))])
    (row,) = part.rows()
    assert row.problem is not None
    assert row.problem.full_rule == "result_word_unknown"
    assert row.problem.message == "The word is not known. Known are: Active, Refused."
