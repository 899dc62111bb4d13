"""Everything in the repository that is generated: `make generate` writes it.

The tables of README.md and of the pages in docs/ come from the settings, the clauses, the control routes, the kinds of
faults and the magic phones; the descriptions in schemas/ from the JSON Schemas; fixtures/synthetic from what the mock
answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from contract_tests.contract.bundle import bundled
from contract_tests.contract.csvw import TABLES as CSV_ANSWERS
from contract_tests.contract.csvw import csvw
from contract_tests.contract.resolve import names
from contract_tests.contract.xsd import FAMILIES, xsd
from mockserver import data
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
README = ROOT / "README.md"
DOCS = ROOT / "docs"


def _settings() -> Iterator[tuple[str, ...]]:
    for setting in SETTINGS:
        default = f" Default: `{setting.default_text}`." if setting.default_text else ""
        yield f"`{setting.name}`", f"{setting.field.help}{default}"


def _limits() -> Iterator[tuple[str, ...]]:
    for name, field in LIMITS.items():
        yield f"`{name}`", field.help, f"`{field.example}`"


def _clauses() -> Iterator[tuple[str, ...]]:
    for clause in clauses().values():
        if clause.default is None:
            yield f"`{clause.id}`", clause.title, clause.grade, "", ""
            continue
        default = _code([clause.default]) if isinstance(clause.default, str) else "a table by kind"
        others = _code(choice for choice in clause.choices if choice != clause.default)
        yield f"`{clause.id}`", clause.title, clause.grade, default, others or ("any" if clause.value else "")


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


TABLES: Mapping[str, tuple[str, Callable[[], Iterable[Sequence[str]]]]] = {
    "settings": ("setting | what it is", _settings),
    "limits": ("limit | what it is | default", _limits),
    "clauses": ("clause | what | grade | default | other choices", _clauses),
    "faults": ("kind | settings | what happens", _faults),
    "settings of faults": ("kind | setting | what it is | allowed", _fault_settings),
    "keys of a scenario": ("key | what it is", partial(_of_shape, SCENARIO)),
    "keys of a step": ("key | what it is", partial(_of_shape, STEP)),
    "ready scenarios": ("name | what happens", _ready_scenarios),
    "routes": ("route | what it does", _routes),
    "keys of an account": ("key | what it is | allowed", _account_keys),
    "magic phones": ("phone | what happens", lambda: ((magic.phone, magic.title) for magic in MAGIC.values())),
}
"""The head and the rows of the pages' tables, by the name in the comments around each."""


def with_tables(text: str) -> str:
    """The text of a page with its tables made anew."""
    for name, (head, rows) in TABLES.items():
        columns = head.split(" | ")
        before, begin, rest = text.partition(f"<!-- {name}: made by make generate -->\n")
        if begin:
            lines = [_line(columns), "|---" * len(columns) + "|", *map(_line, rows())]
            _, end, after = rest.partition(f"<!-- end of {name} -->")
            assert end, f"the table {name} has no end"
            text = before + begin + "\n".join((*lines, f"{end}{after}"))
    return text


def _pages() -> Mapping[Path, bytes]:
    """README.md and the pages in docs/. Each table stands in one of them at least."""
    pages = {page: page.read_text(encoding="utf-8") for page in (README, *sorted(DOCS.glob("*.md")))}
    absent = [name for name in TABLES if not any(f"<!-- {name}: made by" in text for text in pages.values())]
    assert not absent, f"no page has the tables {absent}"
    return {page: with_tables(text).encode() for page, text in pages.items()}


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
    folders = {file.parent for file in made} - {ROOT, data.path("schemas")}
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
