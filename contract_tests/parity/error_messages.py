"""Messages of errors, with the names of parameters and the numbers in them taken for references."""

from __future__ import annotations

import re

_NAMES = ("login", "token", "phone", "source", "id", "format")
_ONE = rf"(?<!\w)(?:{'|'.join(_NAMES)})(?!\w)"
_RUN = re.compile(rf"{_ONE}(?:, ?{_ONE})*")


def template(message: str) -> str:
    """A message without the names and numbers in it."""
    return re.sub(r"\d+", "{n}", _RUN.sub("{names}", message))


def names(message: str) -> tuple[str, ...]:
    """The parameters that a message names, in its order."""
    return tuple(re.findall(_ONE, message))
