"""Letters: mails from templates, in the reader's language, as text and as HTML.

A folder holds one YAML file a language (``fr.yaml``) and ``layout.html``, which all share:

    locale: fr_FR                       # how days and times are written
    letters:
      reminder:
        subject: "Votre rendez-vous du {{ at | day }}"
        text: |                         # paragraphs with an empty line between
          Bonjour {{ customer }},
        details:                        # lines in the text, a table in HTML; empty values are left out
          Date: "{{ at | day }}, {{ at | time }}"
        closing: |
          À bientôt

Templates are Jinja2 in its sandbox. Values are text without line breaks, dates or date-times; the HTML is made from
what the text says, escaped, so that no value can become markup.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.validate import read_model
from sfsync.mapping.yamlfile import read_yaml

if TYPE_CHECKING:
    from jinja2 import Environment, Template

LAYOUT = "layout.html"
Values = Mapping[str, Any]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Letter(_Section):
    """One letter in one language: templates."""

    subject: str
    text: str
    details: dict[str, str] = {}
    closing: str = ""


class LanguageFile(_Section):
    """``<language>.yaml``."""

    locale: str
    """Such as fr_FR: how days and times are written."""
    letters: dict[str, Letter]


@dataclass(frozen=True, slots=True)
class Written:
    """A letter with its values: what a ``mail.Message`` needs."""

    subject: str
    text: str
    html: str


class Letters:
    """The letters of a project, by language."""

    def __init__(self, folder: Path, wanted: Mapping[str, AbstractSet[str]], *, default: str) -> None:
        """Read all letters of ``folder``; ``wanted`` is each letter's name and the values it may use.

        ``default`` is the language for readers whose own has no file. Raises ConfigError with every letter that is
        missing, is no template, or uses a value that it does not get.
        """
        self._default = default
        self._languages = {
            path.stem: read_model(path, LanguageFile) for path in sorted(folder.glob("*.yaml"))
        }
        if default not in self._languages:
            known = ", ".join(self._languages) or "none"
            raise ConfigError(
                f"{folder} has no letters in the language {default!r}.", hint=f"It has: {known}."
            )
        self._layout = _read(folder / LAYOUT)
        problems = [
            problem
            for language, file in self._languages.items()
            for problem in _problems(folder / f"{language}.yaml", file, wanted)
        ]
        if problems:
            raise ConfigError(f"{folder} has letters that cannot be written.", problems=problems)

    @property
    def languages(self) -> list[str]:
        return list(self._languages)

    def language(self, wanted: str | None) -> str:
        """The language to write in for somebody who reads ``wanted`` (``fr``, ``fr_BE``, ``zh-Hans``)."""
        base = re.split(r"[-_]", (wanted or "").strip().lower())[0]
        return base if base in self._languages else self._default

    def write(self, name: str, language: str | None, values: Values) -> Written:
        """The letter ``name``; ``values`` as the module's docstring says. Pure."""
        chosen = self.language(language)
        file = self._languages[chosen]
        letter = file.letters[name]
        clean = {key: " ".join(v.split()) if isinstance(v, str) else v for key, v in values.items()}

        def filled(template: str) -> str:
            return _text_template(file.locale, template).render(clean).strip()

        subject = " ".join(filled(letter.subject).split())
        details = {label: text for label, template in letter.details.items() if (text := filled(template))}
        text, closing = filled(letter.text), filled(letter.closing)
        lines = "\n".join(f"{label}: {value}" for label, value in details.items())
        html = _page_template(self._layout).render(
            language=chosen,
            subject=subject,
            text=_paragraphs(text),
            details=details,
            closing=_paragraphs(closing),
        )
        return Written(subject, "\n\n".join(part for part in (text, lines, closing) if part) + "\n", html)


def _paragraphs(text: str) -> list[list[str]]:
    """The paragraphs of a text, each as its lines."""
    return [paragraph.splitlines() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read.", hint="It is the page that all letters share.") from error


@cache
def _text_templates(locale: str) -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    made = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    made.filters |= _filters(locale)
    return made


@cache
def _text_template(locale: str, template: str) -> "Template":
    return _text_templates(locale).from_string(template)


@cache
def _page_template(template: str) -> "Template":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    made = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return made.from_string(template)


@cache
def _values_used(locale: str, template: str) -> frozenset[str]:
    from jinja2 import meta

    return frozenset(meta.find_undeclared_variables(_text_templates(locale).parse(template)))


def _filters(locale: str) -> dict[str, Callable[[Any], str]]:
    from babel.dates import format_date, format_time

    def day(value: date | datetime) -> str:
        return format_date(value, "full", locale=locale)

    def time(value: datetime) -> str:
        return format_time(value.timetz(), "short", locale=locale, tzinfo=None)

    return {"day": day, "time": time}


def _problems(path: Path, file: LanguageFile, wanted: Mapping[str, AbstractSet[str]]) -> list[Problem]:
    from babel import Locale, UnknownLocaleError
    from jinja2 import TemplateSyntaxError

    lines = read_yaml(path)
    try:
        Locale.parse(file.locale)
    except (UnknownLocaleError, ValueError):
        message = f"{file.locale!r} is no locale; expected a name such as fr_FR."
        return [Problem(str(path), lines.line(("locale",)), message)]
    found = [
        Problem(str(path), lines.line(("letters",)), f"The letter {name!r} is missing.")
        for name in wanted
        if name not in file.letters
    ]
    for name, letter in file.letters.items():
        if name not in wanted:
            message, hint = f"There is no letter {name!r}.", did_you_mean(name, list(wanted))
            found.append(Problem(str(path), lines.line(("letters", name)), message, hint))
            continue
        for key, template in _templates(letter):
            line = lines.line(("letters", name, *key))
            try:
                used = _values_used(file.locale, template)
            except TemplateSyntaxError as error:
                found.append(Problem(str(path), line, f"Not a template: {error.message}."))
                continue
            found += [
                Problem(
                    str(path), line, f"There is no value {each!r}.", did_you_mean(each, sorted(wanted[name]))
                )
                for each in sorted(used - wanted[name])
            ]
    return found


def _templates(letter: Letter) -> list[tuple[tuple[str, ...], str]]:
    details = [(("details", label), template) for label, template in letter.details.items()]
    return [
        (("subject",), letter.subject),
        (("text",), letter.text),
        *details,
        (("closing",), letter.closing),
    ]
