"""What admins write about dealers' files in ``config/aftersales.yaml``: notations, and the reasons for no sale."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from sfsync.cells import fold

Required = Literal["ownership_end", "notes", "recontact_date"]
Language = Annotated[str, Field(pattern="^[a-z]{2}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DealerNotation(_Section):
    """How the dealers of a language write dates and numbers."""

    dates: Literal["dmy", "mdy", "ymd"]
    decimal: Literal[",", "."]
    thousands: tuple[str, ...] = ()


class DealerSettings(_Section):
    """The ``dealer_updates`` section."""

    language: Language = "en"
    """Of dealers whose account names none."""
    notations: dict[str, DealerNotation] = {}

    def notation(self, language: str) -> Mapping[str, Any]:
        """How dealers of a language write: as ``en-US`` if it is listed, else as ``en``; empty where neither is."""
        found = self.notations.get(language) or self.notations.get(language.partition("-")[0])
        return found.model_dump() if found else {}

    def spoken(self, language: str) -> str:
        """The language of a dealer's words: ``en`` for ``en-US``, the default for none."""
        return language.partition("-")[0].lower() or self.language


class NoSaleReason(_Section):
    """A reason: what must be filled in with it, and the words for it by language, the one for our lists first."""

    requires: tuple[Required, ...] = ()
    words: dict[Language, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(min_length=1)


class NoSaleReasons(RootModel[dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")], NoSaleReason]]):
    """The ``no_sale_reasons`` section: reasons by their code, which is what leads hold."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _unmistakable(self) -> "NoSaleReasons":
        seen: dict[str, str] = {}
        for code, reason in self.root.items():
            for word in (code, *(word for words in reason.words.values() for word in words)):
                other = seen.setdefault(fold(word), code)
                if other != code:
                    raise ValueError(f"{word!r} means both {other} and {code}")
        return self

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        codes = {fold(code): code for code in self.root}
        for code, reason in self.root.items():
            codes |= {fold(word): code for words in reason.words.values() for word in words}
        return codes

    @property
    def requires(self) -> Mapping[str, tuple[str, ...]]:
        """What each reason requires, by code."""
        return {code: reason.requires for code, reason in self.root.items()}

    def that_require(self, name: Required) -> tuple[str, ...]:
        """The codes of the reasons with which ``name`` must be filled in."""
        return tuple(code for code, requires in self.requires.items() if name in requires)

    def code(self, word: str) -> str | None:
        """The reason that a dealer's word means; None for a word that is not listed."""
        return self._codes.get(fold(word))

    def word(self, code: str, language: str) -> str:
        """A reason in a language; in any where that one has no word, the code where the reason is not listed."""
        if code not in self.root:
            return code
        words = self.root[code].words
        return words.get(language, next(iter(words.values())))[0]
