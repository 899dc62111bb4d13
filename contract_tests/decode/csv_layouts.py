"""The layouts that an answer may have in a table: rows under names and alone, flat answers as one row and as pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract_tests.contract.editions import SECTION_NAMES
from contract_tests.contract.members import COLUMNS, ERROR, READY, STATUSES, TIMES
from contract_tests.contract.values import address, digits
from contract_tests.decode.compare import Writing, documented, formats_differ
from contract_tests.decode.csv_columns import columns_by_values
from contract_tests.decode.csv_dialect import Table
from contract_tests.decode.csv_flat import cell_value, nested
from contract_tests.decode.csv_lines import Rows
from contract_tests.decode.csv_names import account_place, field_of, is_known
from contract_tests.decode.model import Context, Decoded, Misfit, UnknownLayout, typed
from contract_tests.decode.names import ENOUGH, is_row, known_name

SECTIONS: Mapping[str, tuple[str, ...]] = {"data": COLUMNS, "names": ("name",)}
FLAT: Mapping[tuple[str, str, int], tuple[str, ...]] = {
    ("create", "ok", 2): ("status", "id"),
    ("info", "ok", 2): ("status", "data"),
    ("info", "ok", 5): ("status", "used", "of", "api_time_limit", "demo"),
}
"""The members of a flat answer without a header, by method, status and number of fields."""
OF_TASK = ("cost", "ip", *TIMES)
TASK = frozenset(READY) - {*SECTIONS}
"""The members of a task beside the lists."""
WHOLE = TASK - {"photo"}
"""Those that each task has, whatever its source."""


def read_table(table: Table, context: Context) -> Decoded:
    """The answer in a table. Raises Misfit, and UnknownLayout for what may be one."""
    if not table.rows:
        return _nothing(context)
    rows = table.rows
    if _are_known_names(rows, context) and (known := _rows_alone(table, context)) is not None:
        return known
    for layout in (_rows_under_names, _flat_row, _pairs, _task_rows_alone, _flat_alone, _rows_alone):
        if layout is _rows_alone and len(rows) == 2 and rows[1] == ["processing"] and _TITLE.fullmatch(rows[0][0]):
            raise UnknownLayout("csv.rows", "columns of unknown names")
        if (found := layout(table, context)) is not None:
            return found
    telling = any(cell in STATUSES or cell.isdigit() for row in rows[:_FEW] for cell in row[:_FEW])
    if (context.method == "result" and len(rows[0]) >= ENOUGH) or (len(rows[0]) > 1 and len(rows) > 1 and telling):
        raise UnknownLayout("csv.rows", "columns of unknown names")
    if _is_create_in_a_column(rows, context):
        raise UnknownLayout("csv.layout", "a cell in each line")
    raise Misfit("no known columns")  # lines that could be anything, such as a sentence


def _is_create_in_a_column(rows: Rows, context: Context) -> bool:
    """Whether lines of one cell each may be a create: one of them is a number, the id."""
    few = context.method == "create" and len(rows) <= _FEW
    return few and all(len(row) == 1 for row in rows) and any(row[0].strip().isdigit() for row in rows)


def _are_known_names(rows: Rows, context: Context) -> bool:
    """Whether a table of one column is just the names that JSON has, of which one may be a word of the API's own."""
    names = (context.reference or {}).get("names")
    if context.section != "names" or not isinstance(names, list) or any(len(row) != 1 for row in rows):
        return False
    return [row[0] for row in rows] == [entry.get("name") if isinstance(entry, Mapping) else None for entry in names]


_TITLE = re.compile(r"[^\W\d][\w ]{0,39}")  # a column's name: a message of PHP has punctuation
_FEW = 20  # rows and columns that are looked at in a table of which nothing is known


def _nothing(context: Context) -> Decoded:
    """A table without a line: some writers take the names from the first row."""
    known = context.reference or {}
    if known.get("status") == "ready" and context.section not in SECTIONS and not any(map(known.get, SECTION_NAMES)):
        raise UnknownLayout("csv.rows", "no line where nothing was found")
    if context.method != "result" or context.section not in SECTIONS:
        raise Misfit("an empty body")
    return Decoded({"status": "ready", str(context.section): []}, "csv", {}, context.section, "an empty body")


# Rows under names.


def _rows_under_names(table: Table, context: Context) -> Decoded | None:
    head, rows = table.rows[0], table.rows[1:]
    section, columns = _section_of(head, context)
    if section is None or context.method != "result":
        return None
    if len({*columns.values()}) < len(columns):
        raise Misfit("the line of names has a name twice")
    columns = {**columns, **_renamed(table, columns, section, context)}
    task = _task_columns(head, rows, columns)
    shared = [{member: cell_value(member, row[i]) for i, member in task.items()} for row in rows]
    if task and len(rows) == 1 and not any(rows[0][i] for i in columns):
        if shared[0].get("status", "ready") != "ready":
            filled = [(name, cell) for name, cell in zip(head, rows[0], strict=True) if cell]
            return Decoded(nested(filled)[0], "csv", {"csv.flat": "a row under the names of rows"})
        if not _known_entries(section, context):
            rows = []  # the task's members stand there, although nothing was found
    elif len(head) == 1:
        rows = rows + [[""]] * _blank_rows(table, context)
    names = {i: columns.get(i, name) for i, name in enumerate(head) if i not in task}
    members = shared[0] if shared and all(row == shared[0] for row in shared) else {}
    model = {"status": "ready", **members, section: [{name: row[i] for i, name in names.items()} for row in rows]}
    choices = {"csv.header": "yes", "csv.rows": _columns(head, columns, section, task=bool(task))}
    choices = {clause: choice for clause, choice in choices.items() if choice}
    whole = None if members.keys() >= WHOLE else section
    return Decoded(model, "csv", choices, whole, _doubt_of_names(head, columns, section, context))


def _renamed(table: Table, columns: Mapping[int, str], section: str, context: Context) -> Mapping[int, str]:
    """The fields under names that nobody knows, where the columns hold the values of the known entries."""
    head, rows, entries = table.rows[0], table.rows[1:], (context.reference or {}).get(section)
    missing = [field for field in SECTIONS[section] if field not in columns.values()]
    unknown = [i for i, name in enumerate(head) if not is_known(name)]
    if not (missing and unknown and rows and isinstance(entries, list)):
        return {}
    writing = Writing.of(Decoded({}, "csv", table.choices), context)
    found = columns_by_values([[row[i] for i in unknown] for row in rows], entries, missing, writing)
    return {unknown[number]: field for number, field in found.fields.items()} if found else {}


def _doubt_of_names(head: Sequence[str], columns: Mapping[int, str], section: str, context: Context) -> str:
    """Why a missing field may stand under a name that nobody knows, where no values of JSON tell."""
    missing = {*SECTIONS[section]}.difference(columns.values())
    unknown = sum(not is_known(name) for name in head)
    return "columns of unknown names" if context.reference is None and 0 < len(missing) <= unknown else ""


def _section_of(head: Sequence[str], context: Context) -> tuple[str | None, Mapping[int, str]]:
    """The section whose fields the names are, and the fields by the number of their column."""
    for section, fields in SECTIONS.items():
        meant = {i: field for i, name in enumerate(head) if (field := field_of(name, section, fields))}
        columns = {i: field for i, field in meant.items() if head[i] == field or field not in head}
        known = {known_name(name) for name in head}
        alone = section == "names" and columns and (context.section == "names" or len(head) == 1 or TASK & known)
        if alone or (section == "data" and is_row(columns.values())):
            return section, columns
    return None, {}


def _task_columns(head: Sequence[str], rows: Rows, columns: Mapping[int, str]) -> dict[int, str]:
    """The members of the task by the numbers of their columns. A row may have a status or a photo of its own."""
    task = {i: str(known_name(name)) for i, name in enumerate(head) if i not in columns and known_name(name) in TASK}
    own = {i for i, member in task.items() if member == "status" and not all(row[i] in STATUSES for row in rows)}
    own |= {i for i, member in task.items() if member == "photo" and {*task.values()} <= {"photo", "status"}}
    return {i: member for i, member in task.items() if i not in own}


def _columns(head: Sequence[str], columns: Mapping[int, str], section: str, *, task: bool) -> str:
    """The choice of csv.rows, or a word; empty where one column does not show how several are named and ordered."""
    if any(head[i] != name for i, name in columns.items()):
        return "columns in another spelling"
    if [*columns.values()] != [field for field in SECTIONS[section] if field in columns.values()]:
        return "columns in another order"
    return "with-task" if task else "section" if section == "data" else ""


def _known_entries(section: str, context: Context) -> int:
    """How many entries the section has in the known answer; 0 also where none is known."""
    known = context.reference.get(section) if context.reference is not None else None
    return len(known) if isinstance(known, list) else 0


def _blank_rows(table: Table, context: Context) -> int:
    """How many of the blank lines at the end are rows: an empty cell alone makes a blank line."""
    missing = _known_entries("names", context) - len(table.rows[1:])
    return missing if 0 < missing <= table.blanks else 0


# Flat answers.


def _flat_row(table: Table, context: Context) -> Decoded | None:
    """One row under a line of names."""
    head, rows = table.rows[0], table.rows[1:]
    if len(head) == 2 and (head[1] in STATUSES or (rows and is_known(rows[0][0]))):
        return None  # pairs
    names = {known_name(name) for name in head}
    account = any(map(account_place, head)) or (context.method == "info" and "data" in names)
    status = "error" if names.issuperset(ERROR[1:]) else "ok" if context.method == "create" and "id" in names else ""
    if "status" not in names and not account and not status:
        return None
    if len(rows) != 1:
        if _is_create_in_a_column(table.rows, context):
            raise UnknownLayout("csv.layout", "a cell in each line")
        raise Misfit(f"{len(rows)} rows under the names of a flat answer")
    model, shown = nested(zip(head, rows[0], strict=True))
    _check_names(head, {"status": status, **model}, context)
    _add_empty_list(model, shown, context)
    spelled = any(known_name(name) not in (None, name) for name in head)
    flat = "a row under names in another spelling" if spelled else "row"
    if "status" not in names and status:
        model, flat = {"status": status, **model}, "a row without a status"
    # Of an answer with rows, csv.rows says how it is laid flat.
    return Decoded(model, "csv", {"csv.header": "yes", **({} if "csv.rows" in shown else {"csv.flat": flat}), **shown})


def _check_names(names: Sequence[str], model: Mapping[str, Any], context: Context) -> None:
    """Raises UnknownLayout where a member that each such answer has may stand under a name that nobody knows."""
    status = model.get("status") or ""
    members = {"error": ERROR[1:], "ready": (*OF_TASK,), "ok": ("id",) if context.method == "create" else ()}
    missing = [name for name in members.get(status, ()) if name not in model]
    if context.method == "info" and context.reference is not None and status != "error":
        known, found = (documented(answer, "info").get("data") for answer in (context.reference, model))
        missing = [*{*_leaves(known)}.difference(_leaves(found))]
    unknown = [name for name in names if not is_known(name)]
    if missing and len(unknown) >= len(missing):
        raise UnknownLayout("info.csv" if context.method == "info" else "csv.flat", "columns of unknown names")


def _add_empty_list(model: dict[str, Any], shown: dict[str, str], context: Context) -> None:
    """Adds the list that the source fills, of which nothing is left where lists are flattened and it is empty."""
    own = context.section or ""
    if model.get("status") == "ready" and own in SECTIONS and own not in model:
        model[own] = []
        shown["csv.rows"] = "flattened"


def _leaves(account: Any, path: str = "") -> Iterator[str]:
    """The paths of an account's members."""
    for name, value in account.items() if isinstance(account, Mapping) else ():
        yield from _leaves(value, f"{path}.{name}") if isinstance(value, Mapping) else (f"{path}.{name}",)


_TITLES = frozenset(("value", "val"))


def _pairs(table: Table, context: Context) -> Decoded | None:
    """A line for each member, its name and its value."""
    rows = table.rows
    if len(rows[0]) != 2:
        return None
    titled = rows[0][1].strip().lower() in _TITLES or (len(rows) > 1 and not is_known(rows[0][0]))
    pairs = [(name, value) for name, value in rows[titled:]]
    known = [name for name, _ in pairs if is_known(name)]
    status = dict(pairs).get("status")
    account = any(map(account_place, known))
    if 2 * len(known) < len(pairs) or not (status or account) or is_known(status or ""):
        return None
    model, shown = nested(pairs)
    _check_names([name for name, _ in pairs], model, context)
    _add_empty_list(model, shown, context)
    return Decoded(model, "csv", {"csv.flat": "pairs under a line of names" if titled else "pairs", **shown})


def _flat_alone(table: Table, context: Context) -> Decoded | None:
    """One row of values, known by its status and their number."""
    row = table.rows[0]
    if len(table.rows) != 1 or row[0] not in STATUSES:
        return None
    status, choices = row[0], {"csv.header": "no", "csv.flat": "row"}
    names: tuple[str, ...] = FLAT.get((context.method, status, len(row)), ())
    if len(row) == 1:
        names = ("status",)
    elif status == "ready":
        names = _ready_names(row, context)
    elif status == "error" and len(row) == len(ERROR):
        code = next((i for i in (1, 2) if isinstance(typed(ERROR[1], row[i]), int)), 0)
        names = {1: ERROR, 2: (ERROR[0], *ERROR[:0:-1])}.get(code, ())
        choices["csv.flat"] = "row" if code == 1 else "a row in another order"
    if len(names) != len(row):
        raise UnknownLayout("csv.header", "no line of names")
    model, shown = nested(zip(names, row, strict=True))
    if "csv.rows" in shown:
        del choices["csv.flat"]
    if shown.get("info.csv") != "json":
        shown.pop("info.csv", None)  # which is a matter of names
    # The other flat answers hold nothing that could be taken for another member.
    doubt = "a row without names" if len(row) > len(ERROR) else ""
    return Decoded(model, "csv", {**choices, **shown}, doubt=doubt)


def _ready_names(row: Sequence[str], context: Context) -> tuple[str, ...]:
    """The members of a ready answer in one row, in the page's order: lists may be left out, or be cells of JSON."""
    sections = {0: (), 1: (context.section or "photo",), 3: ("data", "names", "photo")}
    found = sections.get(len(row) - len(OF_TASK) - 1)
    return () if found is None else ("status", *found, *OF_TASK)


# Rows alone.


def _task_rows_alone(table: Table, context: Context) -> Decoded | None:
    """Rows without names, each after the members of its task."""
    section, task = context.section or "data", ("status", *OF_TASK)
    names = (*task, *SECTIONS.get(section, ()))
    first = table.rows[0]
    if first[0] != "ready" or len(first) != len(names) or len(names) == len(task) or address(first[2]) is None:
        return None
    found = _rows_under_names(replace(table, rows=[[*names], *table.rows]), context)
    doubt = "a table without a line of names"
    return found and replace(found, choices={**found.choices, "csv.header": "no"}, doubt=doubt)


def _rows_alone(table: Table, context: Context) -> Decoded | None:
    """Rows without names, or with names that nobody knows: where the answer is known, by its values."""
    if context.method != "result" or context.section not in (None, *SECTIONS):
        return None
    section = context.section or "data"
    fields, rows = SECTIONS[section], table.rows
    guess = None
    if len(rows[0]) == len(fields) and (section == "names" or all(_may_be_phone(row) for row in rows)):
        shown = {"csv.header": "no", **({"csv.rows": "section"} if section == "data" else {})}
        guess = _without_names(rows, dict(enumerate(fields)), section, "a table without a line of names", shown)
    entries = (context.reference or {}).get(section)
    if context.reference is None or not isinstance(entries, list):
        return guess
    written = Decoded({}, "csv", table.choices)
    if guess and formats_differ(context.reference, replace(guess, choices=table.choices), context) is None:
        return replace(guess, doubt="")
    found = columns_by_values(rows, entries, fields, Writing.of(written, context))
    if found is None or (guess and not found.whole):
        return guess
    shown = {"csv.header": "yes", "csv.rows": "columns of unknown names"}
    if not found.first:
        shown = {"csv.header": "no", "csv.rows": "columns in another order"}
    doubt = "" if found.whole else "columns that were found by their values"
    return _without_names(rows[found.first :], found.fields, section, doubt, shown)


def _without_names(
    rows: Rows, fields: Mapping[int, str], section: str, doubt: str, choices: Mapping[str, str]
) -> Decoded:
    model = {"status": "ready", section: [{name: row[i] for i, name in fields.items()} for row in rows]}
    return Decoded(model, "csv", choices, section, doubt)


def _may_be_phone(row: Sequence[str]) -> bool:
    """Whether the cell at the place of a row's phone may be one: that of a line of names is none."""
    phone = row[COLUMNS.index("phone")]
    return not phone or len(digits(phone)) >= _SHORTEST_PHONE


_SHORTEST_PHONE = 5  # digits
