"""Reads the catalogue of a language: what ships with sfsync, and a project's own sentences over it."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sfsync.languages.catalogue import Catalogue, Saying

SHIPPED = Path(__file__).parent.parent / "languages"


def _saying(value: Any) -> Any:
    return {"reason": value} if isinstance(value, str) else value


class SayingEntry(BaseModel):
    """A sentence, and what to do about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str
    suggestion: str = ""


class CatalogueFile(BaseModel):
    """``config/languages/fr.yaml``: code of a reason → the sentence; {parameters} as in the English one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: dict[
        Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")],
        Annotated[SayingEntry, BeforeValidator(_saying)],
    ]


def load_catalogue(language: str, own: Path) -> Catalogue:
    """The catalogue of a language; empty (so English) where there is none. ``own``: the project's folder of them.

    Raises ConfigError with every mistake in a file.
    """
    catalogue = Catalogue(language)
    for folder in (SHIPPED, own):
        path = folder / f"{language}.yaml"
        if path.is_file():
            catalogue = catalogue.merged(_read(path, language))
    return catalogue


def _read(path: Path, language: str) -> Catalogue:
    from sfsync.mapping.validate import read_model

    found = read_model(path, CatalogueFile)
    return Catalogue(
        language, {code: Saying(entry.reason, entry.suggestion) for code, entry in found.reasons.items()}
    )
