"""Everything in the repository that is generated: `make generate` writes it.

The tables of the pages in docs/ come from the settings, the clauses, the commands, the control routes, the kinds of
faults and the magic phones; the descriptions in schemas/ from the JSON Schemas; fixtures/synthetic from what the mock
answers.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import click

from contract_tests import suite
from contract_tests.contract.bundle import bundled
from contract_tests.contract.clauses import GRADES, Clause, all_clauses
from contract_tests.contract.csvw import TABLES as CSV_ANSWERS
from contract_tests.contract.csvw import csvw
from contract_tests.contract.resolve import names
from contract_tests.contract.xsd import FAMILIES, xsd
from mockserver import data
from mockserver.cli.main import commands
from mockserver.faults.kinds import KINDS
from mockserver.faults.scenarios import SCENARIO, STEP
from mockserver.inputs.accounts import KEYS
from mockserver.inputs.fields import Field
from mockserver.people.magic import MAGIC
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses, ready_scenarios
from mockserver.settings.limits import LIMITS
from mockserver.settings.table import SETTINGS
from mockserver.web.control import ROOT as ROOT_PATH
from mockserver.web.control import route_table
from mockserver.web.description import service_description
from support.write_samples import samples

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _settings() -> Iterator[tuple[str, ...]]:
    for setting in SETTINGS:
        default = f" Default: `{setting.default_text}`." if setting.default_text else ""
        yield f"`{setting.name}`", f"{setting.field.help}{default}"


def _limits() -> Iterator[tuple[str, ...]]:
    for name, field in LIMITS.items():
        yield f"`{name}`", field.help, f"`{field.example}`"


def _grades() -> Iterator[tuple[str, ...]]:
    yield from GRADES.items()


def _clauses() -> Iterator[tuple[str, ...]]:
    for clause in all_clauses().values():
        link = f"[`{clause.id}`](#{_anchor(clause.id)})"
        if clause.default is None:
            yield link, clause.title, clause.grade, "", ""
            continue
        default = _code([clause.default]) if isinstance(clause.default, str) else "a table by kind"
        others = _code(choice for choice in clause.choices if choice != clause.default)
        yield link, clause.title, clause.grade, default, others or ("any" if clause.value else "")


def _each_clause() -> str:
    """A part of the page for each clause: what it rests on, what can be chosen, and which tests show it."""
    tests = _tests_by_clause()
    return "\n\n".join("\n\n".join(_about(clause, tests[clause.id])) for clause in all_clauses().values())


def _about(clause: Clause, tests: Sequence[str]) -> Iterator[str]:
    yield f"### {clause.id}\n\n{clause.title}."
    weak = ", too weakly founded to decide an exit code" if clause.weak else ""
    yield f"*{clause.grade.capitalize()}*{weak}: {clause.evidence}"
    if isinstance(clause.default, str):
        yield _table("choice | what it means", _choices(clause))
    elif clause.default is not None:
        yield _table("kind | default", ((f"`{kind}`", _code([str(entry)])) for kind, entry in clause.default.items()))
    if clause.value is not None:
        samples = _code(json.dumps(one, ensure_ascii=False) for one in clause.samples)
        yield f"Any other value of the kind `{clause.value}` may be chosen, such as {samples}."
    if clause.unseen:
        yield f"The suite can't see it: {clause.unseen}"
    if tests:
        yield f"Shown by {_code(tests)}."


def _choices(clause: Clause) -> Iterator[tuple[str, ...]]:
    for choice in dict.fromkeys((clause.default, *clause.choices)):
        yield _code([choice]) + (" (default)" if choice == clause.default else ""), clause.meaning.get(choice, "")


def _anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub and the site make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _tests_by_clause() -> Mapping[str, Sequence[str]]:
    """The tests of the suite that are marked with each clause, by file and name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module in sorted(one.name for one in iter_modules(suite.__path__) if one.name.startswith("test_")):
        for name, test in vars(import_module(f"{suite.__name__}.{module}")).items():
            for clause in dict.fromkeys(_marked(test)) if name.startswith("test_") else ():
                found[clause].append(f"{module}.py::{name}")
    return found


def _marked(test: Any) -> Iterator[str]:
    """The clauses of a test's marks, and of its parameters'."""
    for mark in test.pytestmark:
        if mark.name == "clause":
            yield from mark.args
        elif mark.name == "parametrize":
            yield from (clause for row in mark.args[1] for one in getattr(row, "marks", ()) for clause in one.args)


def _help() -> str:
    """A part of the page for each command, with its options."""
    top = click.Context(commands, info_name="ifind-mock", **commands.context_settings)
    return "\n\n".join(_of_command(top, name) for name in commands.list_commands(top))


def _of_command(parent: click.Context, name: str) -> str:
    command = parent.command.get_command(parent, name) if isinstance(parent.command, click.Group) else None
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    # The marks of click, which wraps what stands between them anew.
    parts = [f"{'#' * (2 + _depth(parent))} {context.command_path}", cleandoc(command.help or "").replace("\b\n", "")]
    parts.append(f"`{usage}`")
    given = (one for one in command.get_params(context) if isinstance(one, click.Option))
    options = [record for one in given if (record := one.get_help_record(context))]
    parts.append(_table("option | what it is", ((f"`{names}`", text) for names, text in options)))
    if isinstance(command, click.Group):
        parts += [_of_command(context, child) for child in command.list_commands(context)]
    return "\n\n".join(parts)


def _depth(context: click.Context) -> int:
    return 0 if context.parent is None else 1 + _depth(context.parent)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" if word else "empty text" for word in words)


def _faults() -> Iterator[tuple[str, ...]]:
    for name, kind in KINDS.items():
        text = (kind.make.__doc__ or "").removesuffix(".")
        yield f"`{name}`", _code(kind.settings), text[0].lower() + text[1:]


def _fault_settings() -> Iterator[tuple[str, ...]]:
    for name, kind in KINDS.items():
        for key, field in kind.settings.items():
            needed = " Needed." if key in kind.required else ""
            yield f"`{name}`", f"`{key}`", f"{field.help}{needed}", field.allowed


def _of_shape(field: Field[Any]) -> Iterator[tuple[str, ...]]:
    for key, schema in field.shape["properties"].items():
        needed = " Needed." if key in field.shape.get("required", ()) else ""
        yield f"`{key}`", f"{schema['description']}{needed}"


def _ready_scenarios() -> Iterator[tuple[str, ...]]:
    for name, document in ready_scenarios().items():
        yield f"`{name}`", document["about"]


def _routes() -> Iterator[tuple[str, ...]]:
    for path, methods in route_table().items():
        shown = re.sub(r"<(?:path:)?(\w+)>", lambda part: part[1].upper(), f"{ROOT_PATH}{path}")
        for http_method, row in methods.items():
            yield f"`{http_method} {shown}`", row.summary


def _account_keys() -> Iterator[tuple[str, ...]]:
    for key, field in KEYS.items():
        yield f"`{key}`", field.help, field.allowed


def _magic_phones() -> Iterator[tuple[str, ...]]:
    for magic in MAGIC.values():
        yield magic.phone, magic.title


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    columns = head.split(" | ")
    return "\n".join((_line(columns), "|---" * len(columns) + "|", *map(_line, rows)))


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": lambda: _table("setting | what it is", _settings()),
    "limits": lambda: _table("limit | what it is | default", _limits()),
    "grades": lambda: _table("grade | what it is founded on", _grades()),
    "clauses": lambda: _table("clause | what | grade | default | other choices", _clauses()),
    "each clause": _each_clause,
    "help": _help,
    "faults": lambda: _table("kind | settings | what happens", _faults()),
    "settings of faults": lambda: _table("kind | setting | what it is | allowed", _fault_settings()),
    "keys of a scenario": lambda: _table("key | what it is", _of_shape(SCENARIO)),
    "keys of a step": lambda: _table("key | what it is", _of_shape(STEP)),
    "ready scenarios": lambda: _table("name | what happens", _ready_scenarios()),
    "routes": lambda: _table("route | what it does", _routes()),
    "keys of an account": lambda: _table("key | what it is | allowed", _account_keys()),
    "magic phones": lambda: _table("phone | what happens", _magic_phones()),
}
"""The generated parts of the pages, by the name in the comments around each."""


def with_parts(text: str) -> str:
    """The text of a page with its generated parts made anew."""
    for name, made in PARTS.items():
        before, begin, rest = text.partition(f"<!-- {name}: made by make generate -->\n")
        if begin:
            _, end, after = rest.partition(f"<!-- end of {name} -->")
            assert end, f"the part {name} has no end"
            text = f"{before}{begin}\n{made()}\n\n{end}{after}"
    return text


def _pages() -> Mapping[Path, bytes]:
    """The pages in docs/. Each part stands in one of them at least."""
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}
    absent = [name for name in PARTS if not any(f"<!-- {name}: made by" in text for text in pages.values())]
    assert not absent, f"no page has the parts {absent}"
    return {page: with_parts(text).encode() for page, text in pages.items()}


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in escaped)


def _descriptions() -> Mapping[Path, bytes]:
    """The descriptions of the XML and CSV answers and of the API, for the default profile, and the bundled schemas."""
    schemas = data.path("schemas")
    documents = {
        **{schemas / "csv" / f"{name}.json": csvw(name) for name in CSV_ANSWERS},
        **{schemas / "bundled" / f"{name}.schema.json": bundled(name) for name in names()},
        schemas / "openapi.json": service_description(resolve(clauses(), {})),
    }
    texts = {file: json.dumps(one, ensure_ascii=False, indent=2) + "\n" for file, one in documents.items()}
    return {schemas / "xml" / f"{name}.xsd": xsd(name) for name in FAMILIES} | {f: t.encode() for f, t in texts.items()}


def files() -> Mapping[Path, bytes]:
    """Every generated file with its content."""
    return {**_pages(), **_descriptions(), **samples()}


def stale() -> list[str]:
    """The files that are not as they would be generated, and those beside them that nothing generates."""
    made = files()
    folders = {file.parent for file in made} - {DOCS, data.path("schemas")}
    strays = (file for folder in folders if folder.is_dir() for file in folder.iterdir() if file not in made)
    wrong = (file for file, content in made.items() if not file.is_file() or file.read_bytes() != content)
    return sorted(str(file.relative_to(ROOT)) for file in (*strays, *wrong))


def main() -> None:
    """Writes every file."""
    for file, content in files().items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)


if __name__ == "__main__":
    main()
