"""The layouts that an answer may have in XML, read into the model: lists with and without an element around them,
values with and without an entry around them, rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from contract_tests.contract.members import ACCOUNT, COLUMNS, MEMBERS, UNITS
from contract_tests.decode.faults import PAGE_NAMES
from contract_tests.decode.json import json_value
from contract_tests.decode.model import MAX_PARTS, Context, TooLarge, UnknownLayout, Unreadable, oddities, typed
from contract_tests.decode.names import is_row, known_name
from contract_tests.decode.xml_elements import XML_SPACE, Elements, Part, attributes, is_nil, local

FIELDS: Mapping[str, tuple[str, ...]] = {"data": COLUMNS, "names": ("name",)}
"""The fields of an entry, by section."""


class XmlReader:
    """Reads one answer, and notes how its lists are written."""

    def __init__(self, context: Context, others: set[str]) -> None:
        """others: words for what the text shows beside elements and texts."""
        self._context = context
        self._elements = Elements(others)
        self._items: list[list[str]] = []  # for each list with entries, their names
        self._lists: set[str] = set()
        self._names: set[str] = set()
        self._root = ""
        self._marks = 0  # between values of JSON in elements

    def answer(self, root: etree._Element) -> tuple[dict[str, Any], str | None]:
        """The model, and the section whose rows are all that there is. Raises Unreadable, UnknownLayout."""
        self._root = local(root)
        if self._root.lower() in PAGE_NAMES:
            raise Unreadable("an HTML page, where xml was asked for")
        inner = self._unwrapped(root)
        parts = self._elements.members(inner, MEMBERS)
        if not self._has_members(inner):
            model, rows = self._rows_alone(inner)
        elif self._context.method == "result" and MEMBERS & parts.keys() <= FIELDS.keys() and not self._is_info(inner):
            model, rows = self._sections_alone(parts)
        else:
            model, rows = self._whole(inner, parts), None
        return (_stripped(model) if self._elements.padded else model), rows

    def choices(self) -> dict[str, str]:
        """The choices that the answer showed, or words for what no choice covers."""
        items = {_item(names) for names in self._items}
        others = self._elements.others | ({"white space around values"} if self._elements.padded else set())
        # Attributes that mean nothing stand in some answers, those that mean something in others.
        others -= {"attributes"} if others & {"values as attributes", "names in attributes"} else set()
        named = "names in attributes" not in others  # else the names of elements mean nothing
        found = {
            "xml.root": self._root if named else "",
            "xml.item": ""
            if not named
            else items.pop()
            if len(items) == 1
            else "another name in each list"
            if items
            else "",
            "xml.list": _one(self._lists),
            "xml.names": _one(self._names),
            # What has no entries shows little of what may stand in others.
            "xml.layout": oddities(sorted(others)) if others or self._items or self._lists else "",
        }
        return {clause: choice for clause, choice in found.items() if choice}

    def _unwrapped(self, root: etree._Element) -> etree._Element:
        """The element that has the members: the root, or the only such one within it."""
        level = [root]
        for depth in range(_WRAPPERS + 1):
            found = [element for element in level if self._has_members(element)]
            if found:
                self._elements.others.update({"a wrapper"} if depth and len(found) == 1 else ())
                return found[0] if len(found) == 1 else root
            level = [child for element in level for child in self._elements.children(element)]
        return root

    def _has_members(self, element: etree._Element) -> bool:
        """Whether members of an answer stand in an element. `data` alone may be anything, and a row may have an id."""
        names = self._elements.names_in(element, MEMBERS)
        if names == {"data"}:
            inner = [child for child in self._elements.children(element) if self._elements.name(child, names) in names]
            entries = [entry for data in inner for entry in (data, *self._elements.children(data))]
            return self._is_info(element) or any(map(self._is_row, entries))
        return "status" in names or (bool(names) and not self._is_row(element))

    def _is_row(self, element: etree._Element) -> bool:
        return is_row(self._elements.names_in(element, COLUMNS))

    def _whole(self, element: etree._Element, parts: Mapping[str, list[Part]]) -> dict[str, Any]:
        status = self._value("status", parts.get("status", [""]))
        model: dict[str, Any] = {}
        for name, found in parts.items():
            if name in FIELDS and (
                status == "ready" or (self._context.method == "result" and not self._is_account(found))
            ):
                model[name] = self._entries(name, found)
            elif name == "data":
                model[name] = self._accounts(found)
            else:
                model[name] = self._value(name, found) if name in MEMBERS else self._any(found)
            if name == "photo" and isinstance(model[name], str) and model[name].strip() in _NOTHING:
                model[name] = self._from_text(model[name])
        if status == "ready":
            model |= self._loose_rows(element, parts)
            self._take_rows_of_other_names(element, model)
            if self._context.section in FIELDS:
                model.setdefault(str(self._context.section), [])  # a list without entries may leave no element
        return model

    # Lists.

    def _entries(self, section: str, parts: Sequence[Part]) -> Any:
        """A section's entries, from the elements of its name."""
        if len(parts) == 1 and self._is_text(parts[0]):
            value = self._from_text(self._elements.text(parts[0], section) or "")
            if not isinstance(value, str | Mapping):
                return value
        found: list[Any] = []
        for part in parts:
            if isinstance(part, str) or (self._is_text(part) and section == "data"):
                text = self._elements.text(part, section)
                if text and len(parts) == 1:
                    return text
                found += [] if len(parts) == 1 else [text]
                continue
            own = self._fields_in(part, section)
            if section == "names" and (len(own) > 1 or (own and len(parts) == 1)):
                self._elements.note_attributes(part)
                if len(own) > 1:
                    self._lists.add("wrapped")
                    self._names.add("values")
                found += [{"name": self._leaf("name", value)} for value in own]
            elif own or self._is_text(part):
                self._lists.add("repeated")
                found.append(self._entry(part, section))
            elif entries := self._within(part, section):
                self._elements.note_attributes(part)
                self._lists.add("wrapped")
                self._items.append([local(entry) for entry in entries])
                found += [self._entry(entry, section) for entry in entries]
            else:
                self._elements.note_attributes(part)
                found += [{}] if len(parts) > 1 else []
        return found

    def _from_text(self, text: str) -> Any:
        """The section that a text stands for: nothing, or a list in JSON; any other text as it is."""
        if text.strip() not in _NOTHING:
            return self._from_json(text)
        self._elements.others.add("a word for null or false")
        return _NOTHING[text.strip()]

    def _from_json(self, text: str) -> Any:
        """The list or object that a text is in JSON; any other text as it is."""
        if text.lstrip()[:1] not in ("[", "{"):
            return text
        self._marks += sum(map(text.count, ",[{"))
        if self._marks > MAX_PARTS:
            raise TooLarge(f"XML with JSON of more than {MAX_PARTS:,} values")
        try:
            value = json_value(text)
        except TooLarge:
            raise
        except Unreadable:
            return text
        if not isinstance(value, Mapping | list):
            return text
        self._elements.others.add("JSON in elements")
        return value

    def _fields_in(self, element: etree._Element, section: str) -> list[Part]:
        """The texts in an element that are fields of an entry."""
        children = [child for child in self._elements.children(element) if _holds_text(child)]
        fields = FIELDS[section]
        texts: list[Part] = [child for child in children if self._elements.name(child, fields) in fields]
        return texts or [value for name, value in attributes(element) if known_name(name) in fields]

    def _within(self, element: etree._Element, section: str) -> list[etree._Element]:
        """The entries in a list's element, or in one alone within it."""
        entries = self._elements.children(element)
        if len(entries) == 1 and not self._fields_in(entries[0], section):
            inner = self._elements.children(entries[0])
            empty = not inner and not self._is_text(entries[0]) and not _means(entries[0])
            if empty or (inner and all(self._fields_in(entry, section) for entry in inner)):
                self._elements.others.add("a wrapper")
                return inner
        return entries

    def _entry(self, element: etree._Element, section: str) -> Any:
        if self._is_text(element) or not self._fields_in(element, section):
            text = self._elements.text(element, "name") if not len(element) else self._any([element])
            if section == "names":
                self._names.add("values" if local(element) == section else "texts")
                return {"name": text}
            return text
        parts = self._elements.members(element, FIELDS[section])
        if section == "names" and not isinstance(parts["name"][0], str):
            self._names.add("entries")
        entry = {n: self._value(n, p) if n in FIELDS[section] else self._any(p) for n, p in parts.items()}
        return self._filled(entry)

    def _filled(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A row with the fields that it lacks: some writers leave out what is empty."""
        absent = dict.fromkeys(COLUMNS, "") if is_row(entry) else {}
        self._elements.others.update({"fields left out"} if absent.keys() - entry.keys() else ())
        return {**absent, **entry}

    def _loose_rows(self, element: etree._Element, parts: Mapping[str, list[Part]]) -> dict[str, Any]:
        """The rows of an answer whose texts all stand side by side: one begins where a field stands again."""
        section = "data" if is_row(parts) else "names" if self._context.section == "names" and "name" in parts else ""
        if not section or section in parts:
            return {}
        self._lists.add("texts alone")
        rows: list[dict[str, Any]] = []
        for child in self._elements.children(element):
            name = self._elements.name(child, FIELDS[section])
            if name in FIELDS[section]:
                if not rows or name in rows[-1]:
                    rows.append({})
                rows[-1][name] = self._value(name, [child])
        return {section: [self._filled(row) for row in rows]}

    def _take_rows_of_other_names(self, element: etree._Element, model: dict[str, Any]) -> None:
        """Reads the rows of a section that has no element of its name: side by side or in a list, under any name."""
        section = self._context.section or "data"
        if section not in FIELDS or section in model:
            return
        unknown = [child for child in self._elements.children(element) if not _means(child)]
        lists = [
            child for child in unknown if len(child) and all(self._may_be_entry(entry, section) for entry in child)
        ]
        rows = [child for child in unknown if self._may_be_entry(child, section)]
        if not rows and len(lists) == 1:
            rows = [*lists[0]]
        if rows:
            self._lists.add("rows under other names")
            taken = {*rows, *lists}
            for child in unknown:
                if child in taken:
                    model.pop(local(child), None)
            model[section] = [self._entry(row, section) for row in rows]

    def _may_be_entry(self, element: etree._Element, section: str) -> bool:
        if section == "data":
            return self._is_row(element)
        return len(element) == 1 and self._elements.names_in(element, FIELDS[section]) == {*FIELDS[section]}

    def _rows_alone(self, element: etree._Element) -> tuple[dict[str, Any], str]:
        """An answer that is nothing but the list of a section."""
        entries = self._elements.children(element)
        section = "names" if self._context.section == "names" else "data"
        fields = FIELDS[section]
        enough = is_row if section == "data" else lambda names: "name" in names
        for entry in entries:
            names = self._elements.names_in(entry, fields)
            if not enough(names | ({local(entry)} if section == "names" else set())):
                entries = []
        if not entries:
            raise UnknownLayout("xml.layout", "no member of a known name")
        self._elements.others.add("rows alone")
        return {"status": "ready", section: self._entries(section, [element])}, section

    def _sections_alone(self, parts: Mapping[str, list[Part]]) -> tuple[dict[str, Any], str]:
        """An answer that is nothing but sections, each in an element of its name."""
        self._elements.others.add("rows alone")
        model = {name: self._entries(name, parts[name]) for name in FIELDS if name in parts}
        section = next((name for name, found in model.items() if found), str(self._context.section or "data"))
        return {"status": "ready", **model}, section

    # Other members.

    def _accounts(self, parts: Sequence[Part]) -> Any:
        """The data of info: an account, or a list of one."""
        found = [self._any([part]) if isinstance(part, str) else self._account_or_list(part) for part in parts]
        if len(found) != 1:
            return found
        return self._from_json(found[0]) if isinstance(found[0], str) else found[0]

    def _account_or_list(self, element: etree._Element) -> Any:
        if self._elements.names_in(element, ACCOUNT):
            return self._account(element)
        inner = self._elements.children(element)
        if not inner or not all(self._elements.names_in(child, ACCOUNT) for child in inner):
            return self._any([element])
        self._elements.note_attributes(element)
        self._items.append([local(child) for child in inner])
        return [self._account(child) for child in inner]

    def _is_info(self, element: etree._Element) -> bool:
        return self._is_account([child for child in element if self._elements.name(child, ("data",)) == "data"])

    def _is_account(self, parts: Sequence[Part]) -> bool:
        """Whether data is that of info: its members are an account's, or those of what stands in it."""
        elements = [part for part in parts if not isinstance(part, str)]
        return any(self._elements.names_in(inner, ACCOUNT) for outer in elements for inner in (outer, *outer))

    def _account(self, element: etree._Element) -> dict[str, Any]:
        parts = self._elements.members(element, ACCOUNT)
        account = {n: self._value(n, p) if n in ACCOUNT else self._any(p) for n, p in parts.items()}
        for part in parts.get("api_limit", []):
            limit = part if isinstance(part, str) or len(part) != 1 or _means(part[0]) else part[0]
            if not isinstance(limit, str) and self._elements.names_in(limit, UNITS):
                units = self._elements.members(limit, UNITS)
                account["api_limit"] = {n: self._value(n, p) if n in UNITS else self._any(p) for n, p in units.items()}
        return account

    def _value(self, name: str, parts: Sequence[Part]) -> Any:
        """A member that is a text, typed by its name. Raises UnknownLayout for two different ones."""
        values = [self._leaf(name, part) for part in parts]
        if any(value != values[0] for value in values):
            raise UnknownLayout("xml.list", "a member twice")
        return typed(name, values[0]) if isinstance(values[0], str) else values[0]

    def _leaf(self, name: str, part: Part) -> Any:
        if isinstance(part, str) or not len(part):
            return self._elements.text(part, name)
        children = self._elements.children(part)
        if len(children) == 1 and not len(children[0]) and not (part.text or "").strip(XML_SPACE):
            self._elements.others.add("an element around a text")
            return self._elements.text(children[0], name)
        return self._any([part])

    def _any(self, parts: Sequence[Part]) -> Any:
        """A member that nobody knows: an object, a text, or a list where it stands several times."""
        values: list[Any] = []
        for part in parts:
            if isinstance(part, str) or not len(part):
                values.append(self._elements.text(part, ""))
            else:
                values.append({name: self._any(inner) for name, inner in self._elements.members(part, ()).items()})
        return values[0] if len(values) == 1 else values

    def _is_text(self, part: Part) -> bool:
        """Whether a part is a text that is not empty."""
        return isinstance(part, str) or (
            not len(part) and not is_nil(part) and bool((part.text or "").strip(XML_SPACE))
        )


_WRAPPERS = 3  # elements around an answer, at most
_NOTHING: Mapping[str, bool | None] = {"false": False, "False": False, "null": None, "None": None}
"""Words for a section that holds nothing, as programs write their own values."""


def _holds_text(element: etree._Element) -> bool:
    """Whether an element holds a text alone, which may stand in an element of no known name."""
    return len(element) == 0 or (len(element) == 1 and len(element[0]) == 0 and not _means(element[0]))


def _means(element: etree._Element) -> bool:
    return known_name(local(element)) is not None


def _item(names: list[str]) -> str:
    """The choice of xml.item that the names of a list's entries show."""
    if len({*names}) == 1 and not (len(names) == 1 and names[0][-1] in "01" and names[0][:-1]):
        return names[0]
    stem = names[0].rstrip("0123456789")
    for first, word in enumerate(("{n}", "{n+1}")):
        if stem and all(name == f"{stem}{n}" for n, name in enumerate(names, start=first)):
            return stem + word
    return "entries of several names"


def _one(found: set[str]) -> str:
    return f"now {', now '.join(sorted(found))}" if len(found) > 1 else "".join(found)


def _stripped(value: Any) -> Any:
    """The value without white space around its texts."""
    if isinstance(value, str):
        return value.strip(XML_SPACE)
    if isinstance(value, Mapping):
        return {name: _stripped(member) for name, member in value.items()}
    return [_stripped(entry) for entry in value] if isinstance(value, list) else value
