"""What no output relays of a text that is not the kit's own: what a terminal or a CI system takes for more than text.

Control characters, among them a terminal's escape; marks of direction and separators of Unicode; lone surrogates; and
the commands that a CI system reads from a log: `##vso[…]` and `##[…]` of Azure Pipelines and GitHub, `##teamcity[…]`,
`::error …::` of GitHub, sections and folds of GitLab and Travis, groups of Buildkite (`--- `, `+++ `,
`~~~ `, `^^^ +++`). Azure Pipelines looks for its own anywhere in a line, and a table may break a line anywhere.
"""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"  # lone surrogates and what is no character, which neither UTF-8 nor XML 1.0 can hold
    r"|(?<=#)#(?=[a-z]*\[)"
    r"|(?<=(?<!-)--)-(?=[ \t])|(?<=(?<!\+)\+\+)\+(?=[ \t])|(?<=(?<!~)~~)~(?=[ \t])|(?<=\^\^)\^(?=[ \t]+\+\+\+)"
    r"|(?<=:):(?=[a-z][a-z-]*(?:::| ))"
    "|(?:(?<=section_start)|(?<=section_end)|(?<=travis_fold)|(?<=travis_time)):",
    re.IGNORECASE,
)
"""A character, but for tab and line feed, that must not stand in an output as it is."""


def spelled(match: re.Match[str]) -> str:
    r"""An unsafe character, as `\x1b` or `\u202e`."""
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def json_safe(written: str) -> str:
    """JSON, or a string of TOML, with escapes for what is unsafe: a reader gets the same texts."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
