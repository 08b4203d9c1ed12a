"""The sentences of one language, by the code of the reason; what is not in there is said in English."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sfsync.languages.heads import DEFAULT, Head, head_of
from sfsync.languages.reason import Reason, filled


@dataclass(frozen=True, slots=True)
class Saying:
    """A reason in a language, and what to do about it."""

    reason: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``sayings`` by code; {parameters} as in the English sentence."""

    language: str = DEFAULT
    sayings: Mapping[str, Saying] = field(default_factory=dict)

    @property
    def head(self) -> Head:
        return head_of(self.language)

    def say(self, reason: str) -> tuple[str, str]:
        """A reason and what to do about it. A text that is no Reason is said as it is."""
        if not isinstance(reason, Reason):
            return reason, ""
        found = self.sayings.get(reason.code) or Saying(reason.english, reason.remedy)
        parameters = {name: self._parameter(value) for name, value in reason.parameters.items()}
        try:
            return filled(found.reason, parameters), filled(found.suggestion, parameters)
        except (
            LookupError,
            ValueError,
        ):  # a sentence of the project's own with {something} that is not known
            return filled(reason.english, parameters), filled(reason.remedy, parameters)

    def _parameter(self, value: str | int) -> str | int:
        return self.say(value)[0] if isinstance(value, Reason) else value

    def merged(self, own: "Catalogue") -> "Catalogue":
        """With a project's own sentences, which win."""
        return Catalogue(self.language, {**self.sayings, **own.sayings})


ENGLISH = Catalogue()
