"""The samples of fixtures/, and the edits that make near misses of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from contract_tests.contract import resolve
from mockserver import data

FIXTURES = data.path("fixtures")
SAMPLES = tuple(sorted(f for kind in ("documented", "synthetic") for f in (FIXTURES / kind).rglob("*.*")))


def name_of(sample: Path) -> str:
    return sample.relative_to(FIXTURES).as_posix()


def of_format(form: str) -> list[Path]:
    return [f for f in SAMPLES if f.suffix == f".{form}"]


def schema_of(sample: Path) -> str:
    """The schema that a sample is made for: the longest name that its own begins with."""
    return max((n for n in resolve.names() if f"{sample.stem}-".startswith(f"{n}-")), key=len)


def read_json(name: str) -> Any:
    return json.loads((FIXTURES / name).read_bytes())


def read_table(name: str) -> list[list[str]]:
    """The lines of a CSV sample, in the default profile's dialect."""
    return list(csv.reader(io.StringIO((FIXTURES / name).read_text(encoding="utf-8"), newline="")))


def near_misses(form: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_json(f"invalid/{form}.json")
    return rows


def miss_id(miss: dict[str, Any]) -> str:
    return f"{miss.get('schema') or miss['base']}-{miss.get('path', miss.get('at'))}-{miss.get('rule', '')}"


# Edits of JSON. A path is a JSON Pointer.


def _steps(pointer: str) -> list[str]:
    return pointer.split("/")[1:]


def _at(whole: Any, steps: list[str]) -> Any:
    for step in steps:
        whole = whole[int(step) if isinstance(whole, list) else step]
    return whole


def _put(whole: Any, pointer: str, value: Any) -> Any:
    if pointer == "":
        return value
    *above, last = _steps(pointer)
    parent = _at(whole, above)
    assert isinstance(parent, list) or last in parent, f"{pointer} is not in the sample"
    parent[int(last) if isinstance(parent, list) else last] = value
    return whole


def _remove(whole: Any, pointer: str) -> Any:
    *above, last = _steps(pointer)
    del _at(whole, above)[last]
    return whole


JSON_EDITS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "set": _put,
        "remove": _remove,
        "only": lambda whole, pointer: _at(whole, _steps(pointer)),
        "wrap": lambda whole, pointer: _put(whole, pointer, [_at(whole, _steps(pointer))]),
        "twice": lambda whole, pointer: _put(whole, pointer, _at(whole, _steps(pointer)) * 2),
        "copy": lambda whole, pointer, other: _put(whole, pointer, _at(read_json(other), _steps(pointer))),
    }
)

# Edits of XML. A path is an XPath from the root.


def _element(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    assert found is not None, f"{path} is not in the sample"
    return found


def _set_text(root: etree._Element, path: str, text: str) -> etree._Element:
    _element(root, path).text = text
    return root


def _rename(root: etree._Element, path: str, name: str) -> etree._Element:
    _element(root, path).tag = name
    return root


def _remove_element(root: etree._Element, path: str) -> etree._Element:
    found = _element(root, path)
    found.getparent().remove(found)
    return root


def _add_element(root: etree._Element, path: str, name: str) -> etree._Element:
    etree.SubElement(_element(root, path), name)
    return root


def _double_element(root: etree._Element, path: str) -> etree._Element:
    found = _element(root, path)
    found.addnext(deepcopy(found))
    return root


def _set_attribute(root: etree._Element, path: str, name: str) -> etree._Element:
    _element(root, path).set(name, "1")
    return root


XML_EDITS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "set": _set_text,
        "rename": _rename,
        "remove": _remove_element,
        "add": _add_element,
        "twice": _double_element,
        "attribute": _set_attribute,
    }
)

# Edits of a CSV table. A column goes by its name in the first line.


def _set_cell(table: list[list[str]], line: int, column: str, text: str) -> list[list[str]]:
    table[line][table[0].index(column)] = text
    return table


def _drop_column(table: list[list[str]], column: str) -> list[list[str]]:
    at = table[0].index(column)
    return [[cell for i, cell in enumerate(line) if i != at] for line in table]


CSV_EDITS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "set": _set_cell,
        "drop-column": _drop_column,
        "drop-line": lambda table, line: table[:line] + table[line + 1 :],
        "twice": lambda table, line: [*table, table[line]],
        "add-cell": lambda table, line: [[*ln, ""] if i == line else ln for i, ln in enumerate(table)],
        "drop-cell": lambda table, line: [ln[:-1] if i == line else ln for i, ln in enumerate(table)],
        "turn": lambda table: [list(pair) for pair in zip(*table, strict=True)],
        "set-pair": lambda table, line, at, text: [
            [text if i == at else c for i, c in enumerate(ln)] if n == line else ln for n, ln in enumerate(table)
        ],
    }
)


def edited(sample: Any, edits: list[list[Any]], operations: Mapping[str, Callable[..., Any]]) -> Any:
    """The sample with the edits made one after another."""
    result = deepcopy(sample)
    for operation, *arguments in edits:
        result = operations[operation](result, *arguments)
    return result
