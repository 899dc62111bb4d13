"""Actions: what happens to a call that a rule meets, as a fault and a step of a scenario write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.errors import Problem, unknown
from mockserver.core.messages import METHODS
from mockserver.faults.kinds import KINDS, Effect
from mockserver.faults.matching import Facts, Match
from mockserver.formats.writers import FORMATS
from mockserver.inputs import fields


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of fault with its settings."""

    kind: str
    settings: Mapping[str, Any]
    effect: Effect

    @property
    def aspect(self) -> str:
        """What of a call it changes, one of ASPECTS."""
        return KINDS[self.kind].aspect

    @property
    def shown(self) -> dict[str, Any]:
        """Its document."""
        written = {key: value.text if isinstance(value, Delay) else value for key, value in self.settings.items()}
        return {"kind": self.kind, **written}

    def fits(self, facts: Facts) -> bool:
        """Whether it can happen to the call."""
        return facts.method in KINDS[self.kind].operations and facts.format != self.effect.spares


@dataclass(frozen=True, slots=True)
class Strike:
    """A rule that meets a call, with what it does to the call."""

    id: str
    aspect: str  # one of ASPECTS
    effect: Effect
    reason: str  # for `X-Mock-Reason`
    key: str  # the same for the same rule in every run, and number for the same call of it: they seed its chances
    number: int


def read_action(document: Any, where: str, match: Match, problems: list[Problem]) -> Action | None:
    """The action of a document, for the calls of a match; adds every problem to problems, and gives None for one."""
    before = len(problems)
    if not isinstance(document, Mapping) or "kind" not in document:
        problems.append(Problem(where, "must be a table with a `kind`", f"kinds: {', '.join(KINDS)}"))
        return None
    kind = str(document["kind"])
    if kind not in KINDS:
        problems.append(unknown(f"{where}.kind", kind, KINDS, noun="a fault"))
        return None
    row = KINDS[kind]
    options = {key: value for key, value in document.items() if key != "kind"}
    settings = fields.table(options, where, row.settings, problems, required=row.required)
    method = match.entries.get("method")
    if method is not None and method not in row.operations:
        allowed = f"allowed: {', '.join(row.operations)}"
        problems.append(Problem("match.method", f"the fault {kind!r} does not apply to {method!r}", allowed))
    if len(problems) > before:
        return None
    effect = row.make(**settings)
    if effect.spares is not None and match.entries.get("format") == effect.spares:
        what = "is the format of the fault, which would change nothing"
        problems.append(Problem("match.format", what, "name two formats"))
        return None
    return Action(kind, settings, effect)


ACTION: fields.Field[Any] = replace(
    fields.as_is, shape={"oneOf": [kind.schema(name) for name, kind in KINDS.items()]}
).described(f"What happens: {', '.join(KINDS)}.", {"kind": "error", "code": 500, "message": "try later"})


def _named(kind: str, match: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    """The JSON Schema of documents with an action of a kind with these settings, alone or in a list, and this match."""
    constants = {key: {"const": value} for key, value in {"kind": kind, **settings}.items()}
    action = {"type": "object", "properties": constants, "required": [*constants]}
    return {
        "properties": {
            "action": {"anyOf": [action, {"type": "array", "contains": action}]},
            "match": {"properties": match, "required": [*match]},
        },
        "required": ["action", "match"],
    }


IN_VAIN: Sequence[Mapping[str, Any]] = (
    *(
        _named(name, {"method": {"enum": others}})
        for name, kind in KINDS.items()
        if (others := [method for method in METHODS if method not in kind.operations])
    ),
    *(_named("wrong-format", {"format": {"const": word}}, format=word) for word in FORMATS),
)
"""The JSON Schemas of documents whose action could not happen to any call of their match; they are refused."""
