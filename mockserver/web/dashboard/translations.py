"""The texts of the dashboard, in each of its languages: `texts.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Русский"}
"""By code, the name of each language in itself; the first one is for who asks for none of them."""
HELP = "help."
"""How the keys of helps begin: sentences of fields, which are written in English where the field is."""
REASON = "reason."
"""How the keys of reasons begin: what the mock says of an answer in English, with {} for each value."""
_FILE = Path(__file__).parent / "texts.toml"


@cache
def all_texts() -> Mapping[str, Mapping[str, str]]:
    """The text of each key, such as `live.title`, by language."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    known_by_english = {
        f"{key}{sentence}": {"en": sentence, **text}
        for key in (HELP, REASON)
        for sentence, text in tables.pop(key.removesuffix(".")).items()
    }
    return {**dict(_flat("", tables)), **known_by_english}


@cache
def texts_in(language: str) -> Mapping[str, str]:
    """The text of each key in the language."""
    return {key: text[language] for key, text in all_texts().items()}


def _flat(key: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, inner in table.items():
        path = f"{key}.{name}" if key else name
        if all(isinstance(text, str) for text in inner.values()):
            yield path, inner
        else:
            yield from _flat(path, inner)
