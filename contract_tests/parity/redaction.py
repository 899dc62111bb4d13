"""What may be told of two targets' answers: no credential, no phone, nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from contract_tests.parity.alike import Alike, Observation
from contract_tests.parity.compare import Pair
from contract_tests.parity.side import Side
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets

PRIVATE = "a text that holds something private"


@dataclass(frozen=True)
class Teller:
    """secrets hold the credentials and phones of both sides, and what the answers of those that are no mocks say."""

    secrets: Secrets
    mask: Mask

    def told(self, seen: Observation) -> Observation:
        """The observation as it may be told. Where nothing differs, nothing is told."""
        if seen.alike is not Alike.DIFFERS:
            return replace(seen, a="", b="")
        a, b = self.text(seen.a), self.text(seen.b)
        return replace(seen, where=self.text(seen.where), a=a, b=b if b != a else f"another: {b}")

    def text(self, text: str) -> str:
        """A text, or that it holds what is not to be told."""
        private = self.secrets.found_in(text.encode("utf-8", "surrogatepass")) or self.mask.text(text) != text
        return PRIVATE if private else text


def teller(sides: Sequence[Side], pairs: Iterable[Pair]) -> Teller:
    """The teller for what the sides have answered."""
    labels: dict[str, str] = {}
    for side in sides:
        labels |= side.run.findings.mask.labels
        labels |= {} if side.run.target.provisioned else {side.phone: "$IFIND_PHONE"}
    secrets = Secrets(labels, shown=tuple(side.base for side in sides))
    for pair in pairs:
        for side, reply in zip(sides, pair.replies or (), strict=False):
            if reply.status != "error" and not side.run.target.provisioned:
                secrets.learn(reply.model)
    return Teller(secrets, Mask(labels))
