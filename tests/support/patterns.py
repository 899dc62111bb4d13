"""Every regular expression of the packages and schemas, and the texts on which one may take longest."""

from __future__ import annotations

import ast
import importlib
import json
import re
import re._constants as sre  # type: ignore[import-not-found, unused-ignore]
import re._parser as parser  # type: ignore[import-not-found, unused-ignore]
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise, product
from pathlib import Path
from typing import Any

from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mockserver", "contract_tests")
CALLS = ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
"""Functions of re, whose first argument is a pattern."""


@dataclass(frozen=True)
class Use:
    """A pattern as the code uses it."""

    place: str
    """The file, and the pattern as it stands there."""
    pattern: re.Pattern[Any]
    ways: frozenset[str]
    """The methods that are called."""


@dataclass(frozen=True)
class Made:
    """A pattern that is made from what is known at run time alone."""

    place: str
    ways: frozenset[str]
    flags: int = 0


def uses() -> Iterator[Use | Made]:
    """Each pattern that stands in the code of the packages."""
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for name in PACKAGES for path in _files(name)}
    methods = _methods(modules.values())
    for path, tree in modules.items():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        names = {id(node.value): node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign)}
        for call in (node for node in ast.walk(tree) if _is_of_re(node)):
            yield _use(path, name, call, methods, names)


def _files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def _is_of_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in CALLS
    )


def _methods(trees: Any) -> dict[str, set[str]]:
    """The methods of patterns that are called, or taken, by the name before the dot."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in CALLS and isinstance(node.value, ast.Name):
                found.setdefault(node.value.id, set()).add(node.attr)
    return found


def _use(path: Path, module: str, call: Any, methods: Mapping[str, set[str]], names: Mapping[int, Any]) -> Use | Made:
    place = f"{path.relative_to(ROOT)}: {ast.unparse(call.args[0])}"
    way = call.func.attr
    if way == "compile":
        assigned = names.get(id(call))
        target = assigned and (assigned.targets[0] if isinstance(assigned, ast.Assign) else assigned.target)
        ways = frozenset(methods.get(target.id, ()) if isinstance(target, ast.Name) else ()) or frozenset(["finditer"])
    else:
        ways = frozenset([way])
    flags = [arg for arg in call.args[1:2] if way == "compile"]
    flags += [arg for arg in call.args[2:3] if way in ("match", "fullmatch", "search", "findall", "finditer")]
    flags += [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    # A test of the suite can't be imported but by the suite itself; its patterns need no more than this.
    scope = {"re": re} if path.name.startswith("test_") else vars(importlib.import_module(module))
    try:
        values = [eval(compile(ast.Expression(node), place, "eval"), scope) for node in (call.args[0], *flags)]
    except NameError:
        return Made(place, ways)
    return Use(place, re.compile(*values), ways)


def schema_patterns() -> Iterator[Use]:
    """Each pattern of the JSON Schemas and of the descriptions of CSV, which are looked for anywhere in a text, and of
    the XML Schemas, which a text fits as a whole.
    """
    for path in sorted((ROOT / "schemas").rglob("*.json")):
        for text in texts_at(json.loads(path.read_text(encoding="utf-8")), ("pattern", "format")):
            yield Use(f"{path.relative_to(ROOT)}: {text}", re.compile(text), frozenset(["search"]))
    for path in sorted((ROOT / "schemas").rglob("*.xsd")):
        for facet in etree.parse(path).iter("{http://www.w3.org/2001/XMLSchema}pattern"):
            text = str(facet.get("value"))
            yield Use(f"{path.relative_to(ROOT)}: {text}", re.compile(text), frozenset(["fullmatch"]))


def texts_at(node: Any, names: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in names and isinstance(value, str):
                yield value
            else:
                yield from texts_at(value, names)
    elif isinstance(node, list):
        for value in node:
            yield from texts_at(value, names)


# Texts on which a pattern may take long: what it repeats, again and again.

ODD = ("\0", "\n")
"""Ends of texts that few patterns take."""
COMMON = ("a", "0", " ", "\n", "\r", "_", ".", "-", "/", '"', "'", "\\", "é")


TEXTS = 20_000
"""Texts on which a pattern is tried. Of one with many branches, for which there are more, it is each n-th of them."""


def worst_texts(pattern: re.Pattern[Any], size: int, most: int) -> Iterator[Any]:
    """Texts of about the size: beginnings of what the pattern takes, then one of its parts again and again, then what
    it does not take.
    """
    tree = parser.parse(pattern.pattern, pattern.flags)
    heads, bodies = {""}, set(_letters(tree))
    for head, body in _repeats(list(tree), ""):
        heads.add(head)
        bodies |= {*body, head, *(head + one for one in body)}
    bodies |= {one + other for one in list(_letters(tree))[:4] for other in list(_letters(tree))[:4]}
    parts = sorted(bodies - {""})
    made = product(("", *ODD), sorted(heads, key=len), parts)
    every = len(heads) * len(parts) * (1 + len(ODD)) // most + 1
    for end, head, body in islice(made, None, None, every):
        text = head + body * max(1, size // len(body)) + end
        yield text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def _letters(node: Any) -> Iterator[str]:
    yield from dict.fromkeys((*_own_letters(node), *COMMON))


CATEGORIES = {
    sre.CATEGORY_DIGIT: "0",
    sre.CATEGORY_NOT_DIGIT: "a",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_WORD: "!",
}


def _own_letters(node: Any) -> Iterator[str]:
    """The letters that stand in a pattern."""
    if isinstance(node, tuple) and len(node) == 2 and node[0] in (sre.LITERAL, sre.NOT_LITERAL):
        yield chr(node[1])
    elif isinstance(node, tuple) and len(node) == 2 and node[0] is sre.RANGE:
        yield from map(chr, node[1])
    elif isinstance(node, tuple) and len(node) == 2 and node[0] is sre.CATEGORY:
        yield CATEGORIES[node[1]]
    elif isinstance(node, tuple | list | parser.SubPattern):
        for each in node:
            yield from _own_letters(each)


REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def _repeats(items: list[Any], head: str) -> Iterator[tuple[str, list[str]]]:
    """Each part that may be repeated: a text that leads to it, and texts that it takes. Before a letter of the pattern
    no text needs to end: what follows is that letter, or the pattern fails at once.
    """
    for (op, value), (following, _) in pairwise([*items, (None, None)]):
        if op in REPEATS:
            yield head, _samples(list(value[2]))
            yield from _repeats(list(value[2]), head)
        elif op is sre.SUBPATTERN:
            yield from _repeats(list(value[3]), head)
        elif op is sre.ATOMIC_GROUP:
            yield from _repeats(list(value), head)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _repeats(list(value[1]), head)
        elif op is sre.BRANCH:
            for branch in value[1]:
                yield from _repeats(list(branch), head)
                yield head + _samples(list(branch))[0], []
        head += _sample(op, value)[0]
        if following is not sre.LITERAL:
            yield head, []


MOST = 6


def _samples(items: list[Any]) -> list[str]:
    """Some texts that a sequence takes."""
    found = [""]
    for op, value in items:
        found = [head + part for head in found for part in _sample(op, value)][:MOST]
    return found


def _sample(op: Any, value: Any) -> list[str]:
    """Some texts that a part of a pattern takes."""
    simple: dict[Any, Callable[[], list[str]]] = {
        sre.LITERAL: lambda: [chr(value)],
        sre.NOT_LITERAL: lambda: ["a" if value != ord("a") else "b"],
        sre.ANY: lambda: ["a"],
        sre.IN: lambda: _of_set(value),
        sre.SUBPATTERN: lambda: _samples(list(value[3])),
        sre.ATOMIC_GROUP: lambda: _samples(list(value)),
        sre.BRANCH: lambda: [text for branch in value[1] for text in _samples(list(branch))][:MOST],
    }
    if op in REPEATS:
        least, _, inner = value
        return [text * max(1, least) for text in _samples(list(inner))][:MOST]
    return simple.get(op, lambda: [""])() or [""]


def _of_set(items: list[Any]) -> list[str]:
    if items[0][0] is sre.NEGATE:
        pattern = set(_own_letters(items[1:]))
        return [c for c in (*COMMON, "b", "<") if c not in pattern][:3]
    return list(dict.fromkeys(_own_letters(items)))[:4]


def run(pattern: re.Pattern[Any], way: str, text: Any) -> None:
    """Applies a pattern as the code does."""
    if way in ("sub", "subn", "findall", "finditer", "split"):
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, way)(text)


SIZES = ((16, 20, 0.0002), (256, 1024, 0.0004), (2048, 8192, 0.001))
"""Characters of a text and of a longer one, and the seconds that the first may take before its growth is looked at. A
pattern that takes exponential or cubic time shows it before it is given a text on which it would never end.
"""
GROWTH = 8.0
"""How many times longer the longer text may take: of four times the size, 4 is linear and 16 is quadratic."""


def growth(use: Use, *, most: int = TEXTS) -> tuple[float, Any]:
    """The worst growth of a pattern's time, and the beginning of the text that shows it. most: the texts that are
    tried.
    """
    worst: tuple[float, Any] = (0.0, "")
    for size, larger, quick in SIZES:
        texts = (worst_texts(use.pattern, each, most) for each in (size, larger))
        for text, longer in zip(*texts, strict=True):
            for way in use.ways:
                if _once(use.pattern, way, text) < quick or (one := seconds(use.pattern, way, text)) < quick:
                    continue
                ratio = seconds(use.pattern, way, longer) / one
                worst = max(worst, (ratio, text[:60]), key=lambda found: found[0])
                if ratio > GROWTH:
                    return worst
    return worst


def _once(pattern: re.Pattern[Any], way: str, text: Any) -> float:
    began = time.thread_time()
    run(pattern, way, text)
    return time.thread_time() - began


def seconds(pattern: re.Pattern[Any], way: str, text: Any) -> float:
    """The processor's time that the pattern takes, the least of three."""
    return min(_once(pattern, way, text) for _ in range(3))
