"""No regular expression takes a time that grows faster than the text: none holds the mock, or a run of the suite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from contract_tests.captured import no_answer
from contract_tests.decode import csv_dialect
from contract_tests.engine.private_texts import as_word
from mockserver.formats import csv as csv_format
from mockserver.profile import clauses
from mockserver.settings import service_links, table
from mockserver.stores.opening import STORES
from mockserver.web import control
from support.patterns import GROWTH, TEXTS, Made, Use, growth, schema_patterns, texts_at, uses
from support.torture import Torture

IN_TABLES: Mapping[str, str] = {
    "contract_tests/contract/public_words.py": "fullmatch",
    "contract_tests/decode/csv_cells.py": "fullmatch",
    "contract_tests/decode/csv_names.py": "fullmatch",
    "contract_tests/captured/no_answer.py": "search",
    "contract_tests/parity/observe.py": "search",
    "contract_tests/decode/csv_dialect.py: grammar.cell": "match",
    "contract_tests/decode/csv_dialect.py: f'[": "search",
    "contract_tests/redact/write.py": "sub",
    "mockserver/formats/csv.py": "search",
    "mockserver/settings/service_links.py": "fullmatch",
}
"""How the patterns are used that stand in a table of such a file, where no name says so."""
_PARAMETER = r"(?:login|token|phone)"
MADE: Mapping[str, tuple[str | bytes, ...]] = {
    "mockserver/formats/csv.py: _QUOTED": tuple(each.replace("%s", ";") for each in csv_format._QUOTED.values()),
    "mockserver/formats/xml.py: f'\\\\r|[^{re.escape(repertoire)}]'": (r"\r|[^абв]",),
    "mockserver/inputs/fields.py: pattern": tuple(texts_at([one.field.shape for one in table.SETTINGS], ("pattern",))),
    "mockserver/mutants/kit/answers.py: pattern": (rb".\Z", rb"&#13;"),
    "mockserver/profile/clauses.py: pattern": (clauses.CONTENT_TYPE, r"[\s\S]*"),
    "mockserver/settings/service_links.py: ": tuple(link.pattern for link in service_links._LINKS),
    "mockserver/settings/table.py: self.separator": tuple({one.separator for one in table.SETTINGS}),
    "mockserver/stores/opening.py: kind.pattern": tuple(kind.pattern for kind in STORES.values()),
    "mockserver/wire/fast_answers.py: b'(%b|%b)' % marks": (rb"(1234567890123456789|9876543210987654321)",),
    "mockserver/web/control.py: pattern": tuple(control._pattern(path).pattern for path in control.route_table()),
    "contract_tests/api/curl.py: f": (r"(\$IFIND_LOGIN2|\$IFIND_LOGIN|\$IFIND_TOKEN)",),
    "contract_tests/captured/no_answer.py: begin": tuple(begin for begin, _ in no_answer._BEGINNINGS),
    "contract_tests/captured/sent.py: b'(": (rb"(?:\A|\r?\n)--boundary",),
    "contract_tests/contract/csvw.py: pattern": (),  # for an empty text alone
    "contract_tests/contract/validate.py: pattern.replace": (r"^(?:[a-z]{4})*+(?:[a-z]{2}==|[a-z]{3}=)?$",),
    "contract_tests/contract/values.py: f'(charset": (r'(charset="?)utf-8(?=["; ]|$)',),
    "contract_tests/decode/csv_names.py: apart": (r"\w+", r"[\w -]+"),
    "contract_tests/decode/csv_dialect.py: grammar.cell": tuple(
        csv_dialect._pattern(grammar, mark).pattern for grammar in csv_dialect._GRAMMARS for mark in (";", "\t", "\0")
    ),
    "contract_tests/decode/csv_dialect.py: f'[": ('["\r\n;]',),
    "contract_tests/learning/error_tables.py: as_word": (as_word("login, token"),),
    "contract_tests/learning/error_tables.py: f": (rf"\b{_PARAMETER}\b",),
    "contract_tests/engine/private_texts.py: as_word": (as_word("a word"),),
    "contract_tests/redact/mask.py: f": (r"(?<!\w)(?:ab|a\ b|a%20b)(?!\w)",),
    "contract_tests/redact/secrets.py: '|'.join": (rf"a/b|[?&]?\b{_PARAMETER}=",),
    "contract_tests/suite/test_errors.py: f": (rf"\b({_PARAMETER})\b",),
}
"""Patterns that are made from what is known at run time, by how the code makes them: some of each, as they are made."""


@cache
def _used() -> tuple[Use | Made, ...]:
    return (*uses(), *schema_patterns())


@cache
def _all() -> list[Use]:
    found: dict[tuple[object, ...], Use] = {}
    for use in _used():
        way = next((way for place, way in IN_TABLES.items() if use.place.startswith(place)), None)
        ways = frozenset([way]) if way and use.ways == frozenset(["finditer"]) else use.ways
        patterns = [use.pattern] if isinstance(use, Use) else [re.compile(one, use.flags) for one in MADE[_row(use)]]
        for pattern in patterns:
            found.setdefault((pattern.pattern, pattern.flags, ways), Use(use.place, pattern, ways))
    return [*found.values()]


def _row(made: Made) -> str:
    return next((row for row in MADE if made.place.startswith(row)), "")


def test_each_pattern_that_is_made_at_run_time_is_listed_here() -> None:
    made = [use for use in _used() if isinstance(use, Made)]

    assert not [use.place for use in made if not _row(use)]
    assert {*MADE} == {_row(use) for use in made}


@pytest.mark.once
@pytest.mark.parametrize("tenth", range(10))
def test_no_pattern_takes_more_than_a_linear_time(tenth: int, torture: Torture) -> None:
    most = torture.scale(short=TEXTS, long=20 * TEXTS)
    grown = [(use.place, *growth(use, most=most)) for use in _all()[tenth::10]]
    slow = [f"{place}: {ratio:.0f} times, with {text!a}…" for place, ratio, text in grown if ratio > GROWTH]

    assert not slow, "\n".join(["4 times the text takes longer than 4 times:", *slow])


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"uniform (\S+?)\.\.(\S+)", "fullmatch"),
        (r"[^/]*[^A-Za-z0-9_/.-].*", "sub"),
        (r"[\s\S]*[0-9][\s\S]*", "search"),
        (r"(a+)+b", "search"),
        (r"<!--.*?-->", "finditer"),
        (r"[0-9]+$", "search"),
    ],
)
def test_a_slow_pattern_is_found(pattern: str, way: str) -> None:
    assert growth(Use("", re.compile(pattern), frozenset([way])))[0] > GROWTH
