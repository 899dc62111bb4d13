"""README.md and the pages in docs/, as text and as code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
IN_RUSSIAN = ROOT / "README.ru.md"
DOCS = ROOT / "docs"
PAGES = (README, IN_RUSSIAN, ROOT / "SECURITY.md", *sorted(DOCS.rglob("*.md")))

_NOT_RUN = re.compile(r"<!-- not run: (.+) -->\s*")
_FILE = re.compile(r"(?:#|//) ([\w./-]+)\n")


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    page: str
    """The page's path in the repository."""
    line: int
    language: str
    text: str
    not_run: str | None
    """Why it can't be run, as the comment before it says."""
    is_output: bool
    """Whether it shows what the block before it prints."""

    @property
    def place(self) -> str:
        """Where it stands, for messages and names of tests."""
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name of the file that it shows, where its first line is a comment with that name."""
        match = _FILE.match(self.text)
        return match[1] if match else None


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """The parts of a page."""
    return tuple(MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")))


def blocks(page: Path) -> Iterator[Block]:
    """The code blocks of a page, in order. One that is indented in place of fenced has no language."""
    before: Token | None = None
    previous: Token | None = None
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            reason = _NOT_RUN.fullmatch(before.content) if before is not None and before.type == "html_block" else None
            shown = before is not None and before is previous and token.info == "text" and before.info == "sh"
            name = page.relative_to(ROOT).as_posix()
            yield Block(name, token.map[0] + 1, token.info, token.content, reason and reason[1], shown)
            previous = token
        before = token


def directive(block: Block) -> str | None:
    """The name of the directive of the site's generator that the block is, such as `literalinclude`."""
    match = re.match(r"\{([\w-]+)\}", block.language)
    return match[1] if match else None


def headings(page: Path) -> list[tuple[str, str]]:
    """The headings of a page: level and text."""
    found = tokens(page)
    return [(token.tag, found[at + 1].content) for at, token in enumerate(found) if token.type == "heading_open"]


def links(page: Path) -> list[str]:
    """Where the links of a page lead, in order."""
    inline = (child for token in tokens(page) for child in token.children or ())
    return [str(child.attrs["href"]) for child in inline if child.type == "link_open"]
