"""The words that people, ads and phone books are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.people.word_lists import WordLists


class Words:
    """All words, which are read when they are first used: a mock is up before, and most calls need none."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """Read gives the document of `fixtures/words.toml`."""
        self._read = read

    @cached_property
    def lists(self) -> WordLists:
        """The words as lists. Raises what read raises."""
        from mockserver.people.word_lists import parse_words

        return parse_words(self._read())
