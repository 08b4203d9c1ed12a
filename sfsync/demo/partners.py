"""The two partners, simulated: each takes our file and answers in its own style, with a bit of dirt.

The allocation partner is Dutch: semicolons, Windows-1252, a title block, dates day-month-year. The activation
partner is French: a workbook with a title, results in words, and last year's sheet still in it, hidden.
Card ids follow from the card's key, so that asking twice gives the same card.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

from sfsync.errors import FileRefused
from sfsync.records import Bucket
from sfsync.tabular.model import Hints
from sfsync.tabular.table import open_table

CARD_ID_LENGTH = 19
_REFUSALS = ("Carte déjà active chez un autre opérateur", "Numéro inconnu du réseau", "Contrat non trouvé")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a partner sent back: files in order, what should become of their rows, and keys it left open."""

    files: tuple[Path, ...]
    expected: Mapping[Bucket, int]
    open: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Keys of cards that the activation partner refused; their rows are applied all the same."""


def card_id(key: str) -> str:
    """The card that the partner issues for a key: 19 digits, leading zeros, a Luhn check digit, not ending in 00.

    A spreadsheet that makes a number of it leaves zeros at its end; a real id that ended so could not be told apart.
    """
    for attempt in range(100):
        number = int.from_bytes(sha256(f"{key}/{attempt}".encode()).digest()[:8])
        body = f"00{number % 10**16:016d}"
        found = body + _check_digit(body)
        if not found.endswith("00"):
            return found
    raise AssertionError("a hundred hashes in a row ended in 00")


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    return _check_digit(digits[:-1]) == digits[-1]


def _check_digit(body: str) -> str:
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-sum(each // 10 + each % 10 for each in doubled) % 10)


def allocate(
    outgoing: Path,
    folder: Path,
    *,
    columns: Mapping[str, str],
    day: date,
    parts: int = 2,
    dirty: bool = True,
) -> Reply:
    """Answer our file of cards to issue with ``parts`` part deliveries in ``folder``.

    ``columns`` is what our file holds, heading to field, as in the project's settings: ``card_key`` and, if they
    are there, ``recipient`` and ``company``. With ``dirty``: a row stands there twice, one order is unknown, one
    card id became a number; where there is a second delivery, it gives one card of the first to another customer.
    Files with less than six cards stay clean. Raises FileRefused when our file has no column of card keys.
    """
    asked = _rows(outgoing, columns)
    cards = [
        _Card(row["card_key"], row.get("company") or row.get("recipient", ""), card_id(row["card_key"]))
        for row in asked
    ]
    size = -(-len(cards) // parts) if cards else 1
    deliveries = [cards[start : start + size] for start in range(0, len(cards), size)] or [[]]
    expected = dict.fromkeys(Bucket, 0) | {Bucket.APPLIED: len(cards)}
    left: list[str] = []
    if dirty and len(cards) >= 6:
        left += _soil_first(deliveries[0], expected)
        left += _soil_last(deliveries, expected) if len(deliveries) > 1 else []
    files = []
    for number, delivery in enumerate(deliveries, start=1):
        path = folder / f"kaartretour_{day:%Y%m%d}_{number}.csv"
        _write_dutch(path, delivery, day)
        files.append(path)
    return Reply(tuple(files), expected, open=tuple(left))


@dataclass(slots=True)
class _Card:
    key: str
    customer: str
    id: str
    tracking: str = field(default="")

    def __post_init__(self) -> None:
        self.tracking = f"3SLUM{sha256(self.key.encode()).hexdigest()[:10].upper()}"


def _soil_first(delivery: list[_Card], expected: dict[Bucket, int]) -> list[str]:
    broken = delivery[1]
    mantissa = f"{int(broken.id):.2E}".replace(".", ",")
    delivery[1] = _Card(broken.key, broken.customer, mantissa)
    delivery.append(delivery[0])
    delivery.append(_Card("WF-1999000001", "Onbekend", card_id("WF-1999000001")))
    expected[Bucket.APPLIED] -= 1
    expected[Bucket.INVALID] += 1
    expected[Bucket.DUPLICATE] += 1
    expected[Bucket.NOT_FOUND] += 1
    return [broken.key]


def _soil_last(deliveries: Sequence[list[_Card]], expected: dict[Bucket, int]) -> list[str]:
    issued, last = deliveries[0][0], deliveries[-1]
    for place, card in enumerate(last):
        if _order(card.key) != _order(issued.key) and (card.customer != issued.customer or not card.customer):
            last[place] = _Card(card.key, card.customer, issued.id)
            expected[Bucket.APPLIED] -= 1
            expected[Bucket.CONFLICT] += 1
            return [card.key]
    return []


def _order(key: str) -> str:
    """The order's key: a card's without the ``-2`` of further cards."""
    return re.sub(r"-\d{1,2}$", "", key)


def _write_dutch(path: Path, cards: Sequence[_Card], day: date) -> None:
    written_day = f"{day.day}-{day.month}-{day.year}"
    with path.open("w", encoding="cp1252", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Lumina Passen B.V.", "Retourbestand uitgegeven kaarten"])
        writer.writerow(["Aangemaakt op", written_day])
        writer.writerow([])
        writer.writerow(["Bestelnummer", "Naam klant", "Kaartnummer", "Verzenddatum", "Track & trace"])
        writer.writerows([card.key, card.customer, card.id, written_day, card.tracking] for card in cards)


def activate(
    outgoing: Path, answer: Path, *, columns: Mapping[str, str], day: date, refused_share: float = 0.02
) -> Reply:
    """Answer our workbook of cards to activate with a French workbook, ``answer``.

    ``columns`` is as for ``allocate``, with ``card_id`` too. About ``refused_share`` of the cards, always the
    same ones, are refused with a reason.
    """
    cards = _rows(outgoing, columns)
    refused = {
        row["card_key"]: reason for row in cards if (reason := _refusal(row["card_key"], refused_share))
    }
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101  a new workbook has a sheet; narrows the type
    sheet.title = "Activations"
    sheet.append(["Réseau Étincelle \u2013 compte rendu d\u2019activation"])
    sheet.append([f"Édité le {day:%d/%m/%Y}"])
    sheet.append([])
    sheet.append(["N° de carte", "N° de commande", "Résultat", "Motif", "Date d\u2019activation"])
    for row in cards:
        reason = refused.get(row["card_key"], "")
        result = "refusée" if reason else "activée"
        sheet.append([row["card_id"], row["card_key"], result, reason or None, None if reason else day])
    _dress(sheet_row=4, book=book)
    old = book.create_sheet("Ancien")
    old.append(["N° de carte", "N° de commande", "Résultat", "Motif"])
    for row in cards[:3]:
        old.append([row["card_id"], row["card_key"], "refusée", "Ancienne campagne"])
    old.sheet_state = "hidden"
    book.save(answer)
    expected = dict.fromkeys(Bucket, 0) | {Bucket.APPLIED: len(cards)}
    return Reply((answer,), expected, refused=tuple(refused))


def _dress(*, sheet_row: int, book: Workbook) -> None:
    sheet = book.worksheets[0]
    for cell in sheet[sheet_row]:
        cell.font = Font(bold=True)
    for row in sheet.iter_rows(min_row=sheet_row + 1):
        row[0].number_format = "@"
        row[4].number_format = "DD/MM/YYYY"
    for letter, width in zip("ABCDE", (24, 24, 12, 44, 18), strict=True):
        sheet.column_dimensions[letter].width = width


def _refusal(key: str, share: float) -> str:
    number = int.from_bytes(sha256(f"activate/{key}".encode()).digest()[:8])
    return _REFUSALS[number % len(_REFUSALS)] if number % 10_000 < share * 10_000 else ""


def _rows(path: Path, columns: Mapping[str, str]) -> list[dict[str, str]]:
    """Our own file as rows of the fields in ``columns`` (heading to field); what is not there is left out."""
    table = open_table(path, Hints.wanting(*columns))
    places = {
        field_name: str(table.columns.index(heading))
        for heading, field_name in columns.items()
        if heading in table.columns
    }
    if "card_key" not in places:
        found = ", ".join(table.columns)
        raise FileRefused(
            path.name, "missing_column", f"no column holds the card's key; the headings are: {found}."
        )
    return [
        {name: str(row.get(place) or "") for name, place in places.items()}
        for block in table.blocks()
        for row in block.iter_rows(named=True)
    ]
