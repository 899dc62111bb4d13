"""README.md is short, leads somewhere, and says the same in Russian."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.pages import IN_RUSSIAN, README, ROOT, blocks, headings, links

MOST = 9_000
"""Bytes of README.md: it is read in a few minutes."""


def test_the_readme_is_short() -> None:
    assert len(README.read_bytes()) < MOST


def test_the_russian_readme_has_the_same_parts_and_the_same_code() -> None:
    ours, theirs = ([(b.language, b.text, bool(b.not_run)) for b in blocks(page)] for page in (README, IN_RUSSIAN))

    assert ours == theirs
    assert [level for level, _ in headings(README)] == [level for level, _ in headings(IN_RUSSIAN)]
    assert [link for link in links(README) if link != IN_RUSSIAN.name] == [
        link for link in links(IN_RUSSIAN) if link != README.name
    ]


def test_the_russian_readme_is_in_russian() -> None:
    for _, heading in headings(IN_RUSSIAN)[1:]:
        assert re.search("[а-яё]", heading), heading


OUTSIDE = (
    "README.md",
    "README.ru.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "schemas/README.md",
    "fixtures/README.md",
)


@pytest.mark.parametrize("name", OUTSIDE)
def test_every_link_leads_to_a_file(name: str) -> None:
    page = ROOT / name
    local = [link.partition("#")[0] for link in links(page) if "://" not in link]

    assert [link for link in local if link and not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("target", ["run", "test", "docs"])
def test_the_makefile_has_what_the_readme_names(target: str) -> None:
    makefile = Path(ROOT / "Makefile").read_text(encoding="utf-8")

    assert f"make {target}" in README.read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
