"""What is known of the call that a captured answer came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contract_tests.contract.editions import SECTIONS

METHODS = ("create", "result", "info")
FORMATS = ("json", "xml", "csv")
SOURCES = tuple(SECTIONS)


@dataclass(frozen=True)
class Asked:
    """The call, as far as it is known: None is recognised off the answer, or left open.

    source says which section a ready answer fills; schema overrules what method and source say. profile: the choices
    by clause that the answer must show, None: what is documented alone. secrets must stand nowhere in the answer.
    """

    method: str | None = None
    format: str | None = None
    source: int | None = None
    phone: str | None = None
    schema: str | None = None
    profile: Mapping[str, Any] | None = None
    secrets: tuple[str, ...] = ()

    @property
    def section(self) -> str | None:
        """The section that the source fills."""
        return None if self.source is None else SECTIONS[self.source]

    @property
    def known(self) -> Mapping[str, str]:
        """The profile's choices that are words, to tell two readings of CSV apart."""
        words = {clause: choice for clause, choice in (self.profile or {}).items() if isinstance(choice, str)}
        return MappingProxyType(words)
