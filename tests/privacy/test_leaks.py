"""No command leaves a person's data or a secret in its output, its logs, the journal, metrics or the names of files.

Answers to partners and files for partners may hold personal data: that is what they are for. So may what `files
inspect` and `mapping preview` show of a file, on the terminal of the person who asked.
"""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CARDS
from tests.privacy.conftest import BROKEN_CARD, CARD, FORM, LINE, OTHER_CARD, TOKEN, Witness, found

BROKEN = [
    FORM
    | {"submission_id": "WF-C2", "email": "geel.veertje at voliere.example", "phone": "8765432187654321"},
    FORM | {"submission_id": "WF-C3", "last_name": "Vogelkooi " * 20},
    FORM | {"submission_id": "WF-C4", "submitted_at": "Kanarietje", "country": "Fluitpad"},
    FORM | {"submission_id": "WF-C5", "customer_type": "Zitstok", "number_of_cards": "Snaveltje"},
]
_FOUND = f"expecting a right parentheses, found '{CARD}'"
_NO_COLUMN = "No such column 'Nick__c' on entity 'Lead'."
KEYS = ("WF-C1", "WF-C1-2")
VERBOSE = "-vv"


def intake(witness: Witness) -> Path:
    path = witness.forms(FORM, FORM | {"submission_id": "WF-C9"}, *BROKEN)
    witness("import", "web_forms", path, VERBOSE, code=1)
    return path


def answers(witness: Witness, name: str = "cards.csv") -> Path:
    """Two cards of the order as they should be, one that belongs to another, one that is broken."""
    other = next(key for key in witness.shell.orders() if key not in KEYS)
    rows = [(KEYS[0], CARD), (KEYS[1], OTHER_CARD), (other, CARD), (KEYS[0], BROKEN_CARD), ("Vogelkooi", "1")]
    return witness.shell.file(name, CARDS + "".join(f"{key},{card},2026-03-02\n" for key, card in rows))


def look_back(witness: Witness) -> None:
    """All that tells what happened."""
    for option in ("--json", VERBOSE):
        witness("runs", "list", option, code=0)
        witness("runs", "show", "last", "--rows", option, code=0)
        for about in (KEYS[1], "forms.jsonl:4", "cards.csv:6"):
            witness("runs", "explain", about, option)


def test_the_whole_process(witness: Witness):
    forms = intake(witness)
    witness("import", "web_forms", forms, "--json", code=1)
    for option in ((), ("--json",), ("--json", VERBOSE), ("-q",)):
        witness("plan", "charge_card", *option, code=0)
    witness("run", "charge_card", VERBOSE, code=0)
    cards = answers(witness)
    witness("import", "allocation", cards, VERBOSE, "--override", "rejects", code=1)
    witness("import", "allocation", cards, "--json", code=1)
    witness("import", "activation", cards)
    witness("export", "activation", VERBOSE, code=0)
    assert witness.postbox.mails == 1
    text = "".join(
        f"{key},{card},refused,{LINE.replace(',', ' ')}\n" for key, card in ((KEYS[0], CARD), (KEYS[1], "7"))
    )
    answer = witness.shell.file("answer.csv", "Order number,Card number,Result,Reason\n" + text)
    witness("import", "activation", answer, VERBOSE, code=1)
    look_back(witness)
    for option in ("--json", VERBOSE):
        for words in (("doctor",), ("org", "check"), ("org", "limits"), ("report", "charge_card.orders")):
            witness(*words, option)
    witness("runs", "explain", "forms.jsonl")
    assert witness.leaks() == {}
    assert any(found(path.read_text("utf-8")) for path in witness.shell.state.rglob("cards-result.csv")), (
        "no canaries"
    )


def test_the_plan_of_a_person(witness: Witness):
    """Hidden on a terminal, shown to who asks."""
    intake(witness)
    said = witness("plan", "charge_card", code=0)
    assert "•••" in said.out
    assert "-v shows them" in said.out
    assert witness.leaks() == {}
    assert found(witness("plan", "charge_card", "-v", code=0).out)


def test_rows_that_an_org_refuses_with_their_values(witness: Witness):
    """Rules and triggers of an org may quote what they were sent; the reason stays, without the values."""
    faults = witness.shell.org.faults
    said = {
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": LINE.replace(f", card {CARD}", ""),
        "STRING_TOO_LONG": f"City: data value too large: {LINE} (max length=10)",
        "INVALID_EMAIL_ADDRESS": "Email: invalid email address: geel veertje @ voliere.example",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": f"bad value for restricted picklist field: {LINE}",
    }
    for code, message in said.items():
        faults.script("reject", sobject="Lead", code=code, message=message)
        told = witness("import", "web_forms", witness.forms(FORM), VERBOSE, code=1)
        assert "failed" in told.out
        assert code in witness("runs", "show", "last", "--rows", code=0).out
    intake(witness)
    witness("run", "charge_card", code=0)
    faults.script("reject", sobject="Asset", code="DUPLICATE_VALUE", message=f"{OTHER_CARD} is used by WF-C7")
    witness("import", "allocation", answers(witness), "--override", "rejects", code=1)
    assert "DUPLICATE_VALUE: … is used by WF-C7" in witness("runs", "show", "last", "--rows").out
    look_back(witness)
    assert witness.leaks() == {}


@pytest.mark.parametrize(
    ("code", "message", "left"),
    [
        (
            "MALFORMED_QUERY",
            f"\nEmail = 'geel.veertje@voliere.example' OR Street = 'Fluitpad\n ^\nERROR at Row:1:Column:62\n{_FOUND}",
            "ERROR at Row:1:Column:62 expecting a right parentheses, found '…'",
        ),
        (
            "INVALID_FIELD",
            f"\nSELECT Nick__c FROM Lead WHERE LastName = 'Vogelkooi'\n    ^\nERROR at Row:1:Column:8\n{_NO_COLUMN}",
            _NO_COLUMN,
        ),
        (
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of double from VALUE_STRING value {LINE} or request may be missing",
            "value … or request may be missing",
        ),
    ],
)
def test_requests_that_an_org_refuses_with_their_values(witness: Witness, code: str, message: str, left: str):
    intake(witness)
    witness.shell.org.faults.script("error", times=None, status=400, code=code, message=message)
    for option in (VERBOSE, "--json"):
        said = witness("run", "charge_card", option, code=4)
        assert left in said.out + said.err
    witness("plan", "charge_card", code=4)
    witness("doctor")
    witness.shell.org.faults.clear()
    look_back(witness)
    assert witness.leaks() == {}


def test_logins_that_fail(witness: Witness):
    message = f"authentication failure of {TOKEN} for geel.veertje@voliere.example"
    witness.shell.org.faults.script("expired", times=None, message=message)
    for words in (("run", "charge_card", VERBOSE), ("doctor", "--json"), ("org", "check")):
        witness(*words, code=3)
    assert witness.leaks() == {}


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [
        ("550 5.1.1 <geel.veertje@voliere.example> unknown", "250 OK"),
        ("250 OK", "554 5.7.1 refused: geel.veertje@voliere.example, +31687654321"),
    ],
)
def test_mail_servers_that_quote(witness: Witness, rcpt: str, data: str):
    intake(witness)
    witness("run", "charge_card", code=0)
    witness("import", "allocation", answers(witness), "--override", "rejects", code=1)
    witness.postbox.rcpt, witness.postbox.data = rcpt, data
    witness("export", "activation", VERBOSE, code=1)
    witness("export", "activation", "--json", code=1)
    assert witness.postbox.mails == 0
    look_back(witness)
    assert witness.leaks() == {}


def test_files_that_are_refused_and_guards(witness: Witness):
    files = {
        "two.csv": "Card ID,Card ID\n3104777700007777001,Vogelkooi\n",
        "three.csv": f"{LINE}\n",
        "four.xlsx": LINE,
        "five.jsonl": json.dumps(FORM) + "\n{" + LINE,
        "six.jsonl": f'{{"submission_id": {LINE}}}',
    }
    for name, text in files.items():
        path = witness.shell.file(name, text)
        for mapping in ("allocation", "web_forms"):
            witness("import", mapping, path, VERBOSE)
            witness("import", mapping, path, "--json")
        witness("files", "recognise", path)
    intake(witness)
    witness("run", "charge_card", code=0)
    strange = "".join(f"NO-SUCH-{n},31047777000077{n:05},2026-03-02\n" for n in range(30))
    witness(
        "import",
        "allocation",
        witness.shell.file("guard.csv", CARDS + strange + f"{KEYS[0]},{CARD},\n"),
        code=5,
    )
    inbox = witness.shell.state / "inbox" / "allocation"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "three.csv").write_text(LINE, encoding="utf-8")
    witness("plan", "charge_card", "--json")
    witness("run", "charge_card", VERBOSE)
    look_back(witness)
    assert witness.leaks() == {}


def test_mistakes_of_our_own(witness: Witness, monkeypatch: pytest.MonkeyPatch):
    """A traceback goes into a public report: it tells where, not about whom."""
    from sfsync.engine import operation

    def fail(*_: object, **__: object) -> None:
        try:
            raise KeyError(LINE)
        except KeyError as error:
            raise ValueError(f"no record for {LINE} with {TOKEN}") from error

    monkeypatch.setattr(operation, "run_step", fail)
    said = witness("run", "charge_card", VERBOSE, code=4)
    assert "ValueError" in said.err
    assert "KeyError" in said.err
    assert "operation.py" in said.err
    witness("run", "charge_card", "--json", code=4)
    witness("runs", "show", "last", code=0)
    assert witness.leaks() == {}


def test_a_canary_is_found():
    assert found("to geel.veertje@voliere.example")
    assert found("3104 7777 0000 7777 001")
    assert found("+31 6 8765 4321")
    assert not found("WF-C1 Order number")
