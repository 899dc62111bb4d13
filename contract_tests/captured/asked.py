"""What is known of the call that was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contract_tests.contract.editions import SECTIONS

METHODS = ("create", "result", "info")
SOURCES = tuple(SECTIONS)


@dataclass(frozen=True)
class Asked:
    """The call, as far as it is known; None: recognised by the answer, or left open."""

    method: str | None = None
    format: str | None = None
    source: int | None = None
    phone: str | None = None
    schema: str | None = None
    """Overrules method and source."""
    profile: Mapping[str, Any] | None = None
    """The choices by clause that the answer must show; None: what is documented only."""
    secrets: tuple[str, ...] = ()
    """Texts that the answer must not hold."""

    @property
    def section(self) -> str | None:
        """The section that the source fills."""
        return None if self.source is None else SECTIONS[self.source]

    @property
    def known(self) -> Mapping[str, str]:
        """The profile's choices that are words."""
        words = {clause: choice for clause, choice in (self.profile or {}).items() if isinstance(choice, str)}
        return MappingProxyType(words)
