"""The four columns that an answer adds to a partner's file, and the words for its results, in each language.

They stand here and not in the catalogues because every file that is read is looked at for them: an answer that comes
in again is recognised by its headings, whatever language it was written in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Head:
    """``columns``: result, reason, field, suggestion. ``results``: bucket → the word that partners read."""

    language: str
    columns: tuple[str, str, str, str]
    results: Mapping[str, str]


def _head(language: str, columns: tuple[str, str, str, str], *results: str) -> Head:
    return Head(language, columns, dict(zip(BUCKETS, results, strict=True)))


BUCKETS = ("applied", "unchanged", "invalid", "not_found", "duplicate", "conflict", "failed")
"""As in ``records.Bucket``."""

HEADS: Mapping[str, Head] = {
    head.language: head
    for head in (
        _head(
            "en",
            ("Result", "Reason", "Field", "Suggestion"),
            *("applied", "unchanged", "invalid", "not found", "duplicate", "conflict", "failed"),
        ),
        _head(
            "fr",
            ("Résultat", "Motif", "Champ", "Suggestion"),
            *("accepté", "inchangé", "invalide", "introuvable", "en double", "conflit", "échec"),
        ),
        _head(
            "it",
            ("Esito", "Motivo", "Campo", "Suggerimento"),
            *(
                "accettato",
                "invariato",
                "non valido",
                "non trovato",
                "duplicato",
                "conflitto",
                "non riuscito",
            ),
        ),
        _head(
            "nl",
            ("Resultaat", "Reden", "Veld", "Suggestie"),
            *("verwerkt", "ongewijzigd", "ongeldig", "niet gevonden", "dubbel", "conflict", "mislukt"),
        ),
        _head(
            "de",
            ("Ergebnis", "Grund", "Feld", "Vorschlag"),
            *(
                "übernommen",
                "unverändert",
                "ungültig",
                "nicht gefunden",
                "doppelt",
                "Konflikt",
                "fehlgeschlagen",
            ),
        ),
        _head(
            "zh",
            ("处理结果", "原因", "字段", "建议"),
            *("已处理", "无变化", "无效", "未找到", "重复", "冲突", "失败"),
        ),
    )
}


def head_of(language: str) -> Head:
    """The head in a language; English where there is none."""
    return HEADS.get(language, HEADS[DEFAULT])
