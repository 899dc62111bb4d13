"""What the formats share that have nothing but text in a charset: XML and CSV."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.core.messages import Value

CHARSETS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "cp1251": "windows-1251",
    "utf-16le": "utf-16",
}
"""The name of the charset, by the choice of `xml.encoding` or `csv.encoding`."""


def with_charset(content_type: str, encoding: str) -> str:
    """A Content-Type with its blank `{charset}` filled."""
    return content_type.replace("{charset}", CHARSETS[encoding])


def plain(value: Value) -> str:
    """A single value as text: null and false are empty, as in PHP."""
    return "" if value is None or value is False else str(value)
