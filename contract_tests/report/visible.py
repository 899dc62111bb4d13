"""Makes a text that is not the kit's own fit to be shown: on a terminal, in the log of a CI job, in a file."""

from __future__ import annotations

import re

from contract_tests.redact.unsafe import UNSAFE, spelled

_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str, most: int | None = None) -> str:
    r"""The text, cut after `most` characters; what is unsafe stands as `\x1b` or `\u202e`."""
    shown = UNSAFE.sub(spelled, text if most is None else text[:most])
    return shown if most is None or len(text) <= most else f"{shown}… ({len(text)} characters)"


def line(text: str, most: int | None = None) -> str:
    """The text in one line: as visible, with tab and line feed spelled out too."""
    return visible(text, most).replace("\t", "\\t").replace("\n", "\\n")


def encodable(text: str) -> str:
    """The text as it is, save for lone surrogates, which no Unicode encoding can hold: they are spelled out."""
    return _SURROGATE.sub(spelled, text)
