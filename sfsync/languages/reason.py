"""Why a row ended where it ended: an English sentence that can be said in another language.

A ``Reason`` is a text, so that logs, the journal and `--json` take it as it is. It remembers its code and what was
filled in; the catalogue of a language (``fr.yaml`` beside this file) says the same by the code.
"""

from collections.abc import Mapping

Parameter = "str | int | Reason"


class Reason(str):
    """``english`` with its {parameters} filled in, and what to do about it (``remedy``) behind it.

    ``Reason("order_cards", "the order is for {cards} cards", cards=3)``. A parameter may be a Reason itself: it is
    then said in the other language too.
    """

    __slots__ = ("code", "english", "parameters", "remedy")

    code: str
    english: str
    remedy: str
    parameters: Mapping[str, "str | int | Reason"]

    def __new__(
        cls, code: str, english: str, remedy: str = "", /, **parameters: "str | int | Reason"
    ) -> "Reason":
        text = filled(f"{english} {remedy}" if remedy else english, parameters)
        made = super().__new__(cls, text)
        made.code, made.english, made.remedy, made.parameters = code, english, remedy, parameters
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """So that copies and pickles stay what they are."""
        return _remade, (self.code, self.english, self.remedy, dict(self.parameters))


def _remade(code: str, english: str, remedy: str, parameters: Mapping[str, "str | int | Reason"]) -> Reason:
    return Reason(code, english, remedy, **parameters)


def filled(template: str, parameters: Mapping[str, "str | int | Reason"]) -> str:
    """A sentence with its parameters; a text without any is taken as it stands, braces and all."""
    return template.format_map(parameters) if parameters else template
