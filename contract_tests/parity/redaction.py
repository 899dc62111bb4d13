"""Keeps out of the report what is private in two targets' answers: credentials, phones, values of answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from contract_tests.parity.comparison import Agreement, AnswerPair, PlaceComparison
from contract_tests.parity.side import Side
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets

PRIVATE = "a text that holds something private"


@dataclass(frozen=True)
class Redaction:
    """What is private of both sides."""

    secrets: Secrets
    """Credentials and phones of both, and the values of answers of those that are no mocks."""
    mask: Mask

    def comparison(self, place: PlaceComparison) -> PlaceComparison:
        """The comparison as a report may show it, which shows values only where they differ."""
        if place.agreement is not Agreement.DIFFERS:
            return replace(place, a="", b="")
        a, b = self.text(place.a), self.text(place.b)
        return replace(place, where=self.text(place.where), a=a, b=b if b != a else f"another: {b}")

    def text(self, text: str) -> str:
        """A text, or that it holds something private."""
        private = self.secrets.found_in(text.encode("utf-8", "surrogatepass")) or self.mask.text(text) != text
        return PRIVATE if private else text


def redaction_of(sides: Sequence[Side], pairs: Iterable[AnswerPair]) -> Redaction:
    """What is private, by what the sides have answered."""
    labels: dict[str, str] = {}
    for side in sides:
        labels |= side.run.findings.mask.labels
        labels |= {} if side.run.target.provisioned else {side.phone: "$IFIND_PHONE"}
    secrets = Secrets(labels, shown=tuple(side.base for side in sides))
    for pair in pairs:
        for side, reply in zip(sides, pair.replies or (), strict=False):
            if reply.status != "error" and not side.run.target.provisioned:
                secrets.learn(reply.model)
    return Redaction(secrets, Mask(labels))
