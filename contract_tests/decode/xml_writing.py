"""How XML is written, from its text: a parser does not say. The text is known to be well-formed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.contract.members import COLUMNS
from contract_tests.decode.lacking import codec_of, lacked
from contract_tests.decode.model import MAX_DEPTH, Context, TooLarge
from contract_tests.decode.names import known_name
from contract_tests.decode.xml_text import XmlText

_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)"""
    r"""|<!DOCTYPE(?:[^\[>"'<]|"[^"<]*"|'[^'<]*')*+(?:\[.*?(?:\]\s*+>|\Z)|>)"""
    r"""|<(?P<close>/)?(?P<name>[^\s/>!?<]++)(?P<rest>(?:[^>"'<]|"[^"<]*"|'[^'<]*')*+)>""",
    re.DOTALL,
)
"""In well-formed XML each of these ends, and no `<` stands in a tag. That both are in the pattern keeps it linear."""
_REFERENCE = re.compile(r"&#(?:x0*+([0-9a-fA-F]{1,6})|0*+([0-9]{1,7}));")
_NIL = re.compile(r"""(?:^|[\s:])nil\s*=\s*["'](?:true|1)["']""")
_ASIDE = {"<!--": "comments", "<?": "processing instructions", "<!DOCTYPE": "a DOCTYPE"}
MAX_NAME = 100  # characters of an element's name
MAX_ATTRIBUTES = 100  # of an element: to list them takes lxml a time that grows with the square of their number
FREE = frozenset((*COLUMNS, "message")) - {"price", "time", "phone", "source", "url"}
"""Members whose text may be anything."""
_INDENTS = {"": "a line for each element", " ": "1 space", "  ": "2 spaces", "    ": "4 spaces", "\t": "tab"}


def xml_choices(document: XmlText, context: Context) -> tuple[dict[str, str], set[str]]:
    """The choices that the writing shows, and words for what stands beside elements and texts. Raises TooLarge for
    what is nested too deep.
    """
    seen = _Written(
        {"photo": _photo(context), **{section: _section(section, context) for section in ("data", "names")}}
    )
    _scan(document, seen)
    choices = {
        "xml.declaration": _declaration(document),
        "xml.encoding": document.encoding,
        "xml.escapes": _escapes(seen, document),
        "xml.indent": _indent(seen, document),
        "xml.text": _text(seen),
        "xml.empty": _empty(seen),
        "xml.null": "nil"
        if seen.nil
        else "empty"
        if seen.kinds["photo"] == "null" and "null" in seen.closed | seen.opened
        else "",
    }
    return {clause: choice for clause, choice in choices.items() if choice}, seen.others


def _declaration(document: XmlText) -> str:
    """The choice, but for an encoding that must be named, whatever the choice is."""
    must = document.encoding and not document.encoding.startswith("utf-8")
    return "" if must and document.declaration == "yes" else document.declaration


def _section(section: str, context: Context) -> str:
    """What an empty element of data or names stands for: a list, null, false (which PHP's writers take for an empty
    text), or either where that is not known.
    """
    if section == context.section:
        return "list"
    if context.reference is not None and section in context.reference:
        value = context.reference[section]
        return "list" if isinstance(value, list) else "null" if value is None else "text"
    kinds = {"all": "list", "null": "null", "false": "text"}
    return kinds.get(context.known.get("result.sections", ""), "either")


def _photo(context: Context) -> str:
    """What an empty photo stands for: null, false or an empty text, or either where that is not known."""
    if context.reference is not None and "photo" in context.reference:
        photo = context.reference["photo"]
        return "null" if photo is None else "text"
    if context.known.get("result.sections") in ("null", "false"):
        return "either"  # the photo of a source that does not fill it is so, whatever another's is
    return {"": "text", "null": "null"}.get(context.known.get("result.photo-empty", "?"), "either")


@dataclass(slots=True)
class _Open:
    """An element around the place."""

    name: str
    parent: bool = False  # it has elements
    cdata: bool = False  # it has CDATA that is not empty
    content: bool = False  # it has anything
    text: bool = False  # it has text outside CDATA that is not white space


@dataclass(slots=True)
class _Written:
    """What the text shows."""

    kinds: Mapping[str, str]  # what an empty section stands for, by its name
    others: set[str] = field(default_factory=set)  # words for what stands beside elements and texts
    between: set[tuple[int, str]] = field(default_factory=set)  # depth of a tag, and the white space before it
    plain: list[str] = field(default_factory=list)  # text outside CDATA
    free: set[bool] = field(default_factory=set)  # whether a free text stands in CDATA
    words: set[bool] = field(default_factory=set)  # whether another text does
    closed: set[str] = field(default_factory=set)  # what stands in elements that are written <x/>
    opened: set[str] = field(default_factory=set)  # what stands in elements that are written <x></x>
    nil: bool = False
    listed: bool = True  # an element names is the list, and not the text of one entry

    around: list[_Open] = field(default_factory=lambda: [_Open("")])  # the outermost one stands for the document

    def note_gap(self, gap: str) -> None:
        """Text up to the next tag."""
        inner = self.around[-1]
        self.plain.append(gap)
        inner.content |= bool(gap)
        # A section holds no references, so those for characters that can't be written otherwise stand between two.
        inner.text |= bool(_REFERENCE.sub("", gap).strip())

    def note_aside(self, token: re.Match[str]) -> None:
        """CDATA, or what stands beside elements and texts."""
        inner = self.around[-1]
        inner.content = True
        inner.cdata |= bool(token["cdata"])
        self.others.update(word for start, word in _ASIDE.items() if token[0].startswith(start))

    def note_start(self, token: re.Match[str], gap: str) -> None:
        """The tag that begins an element, or is one."""
        depth, name, rest = len(self.around) - 1, token["name"].rpartition(":")[2], token["rest"]
        _check_size(name, rest, depth)
        if depth:
            self.between.add((depth, gap))
        self.around[-1].parent = True
        nil = _NIL.search(rest) is not None
        self.nil |= nil
        if not rest.endswith("/"):
            self.around.append(_Open(name, content=nil))
        elif not nil:
            self.add_empty(name, closed=True)

    def note_end(self, gap: str) -> None:
        """The tag that ends an element."""
        ended, depth = self.around.pop(), len(self.around) - 1
        if ended.parent:
            self.between.add((depth, gap))
        elif not ended.content:
            self.add_empty(ended.name, closed=False)
        elif ended.cdata or ended.text:
            self.add_text(ended.name, cdata=ended.cdata and not ended.text)

    def add_empty(self, name: str, *, closed: bool) -> None:
        known = known_name(name)
        kind = "names" if known == "names" else self.kinds.get(known, "text") if known else "either"
        (self.closed if closed else self.opened).add(kind)

    def add_text(self, name: str, *, cdata: bool) -> None:
        known = known_name(name)
        self.listed &= known != "names"
        if known in FREE:
            self.free.add(cdata)
        elif known in ("status", "ip", "time", "source", "url"):
            self.words.add(cdata)


def _scan(document: XmlText, seen: _Written) -> None:
    text, at = document.text, document.start
    for token in _TOKEN.finditer(text, document.start):
        gap, at = text[at : token.start()], token.end()
        seen.note_gap(gap)
        if token["name"] is None:
            seen.note_aside(token)
        elif token["close"]:
            seen.note_end(gap)
        else:
            seen.note_start(token, gap)


def _check_size(name: str, rest: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooLarge(f"XML that is nested more than {MAX_DEPTH} deep")
    if len(name) > MAX_NAME:
        raise TooLarge(f"XML with a name of {len(name)} characters")
    if rest.count("=") > MAX_ATTRIBUTES:
        raise TooLarge(f"XML with an element of more than {MAX_ATTRIBUTES} attributes")


def _escapes(seen: _Written, document: XmlText) -> str:
    text = "".join(seen.plain)
    written = {chr(int(code[1], 16) if code[1] else int(code[2])) for code in _REFERENCE.finditer(text)}
    beyond = {character for character in written if character > "\x7f"}
    escaped = beyond - lacked("".join(beyond), codec_of(document.encoding))
    words = {(True, True): "now raw, now escaped", (True, False): "escaped", (False, True): "raw"}
    return words.get((bool(escaped), not text.isascii()), "")


def _indent(seen: _Written, document: XmlText) -> str:
    if not seen.between:
        return ""
    gaps = {(depth, gap.replace("\r\n", "\n")) for depth, gap in seen.between}
    if any(gap.strip() for _, gap in gaps):
        return ""  # text, which shows no indentation
    if any(gap for _, gap in gaps):
        unit = next((gap[1:] for depth, gap in gaps if depth == 1 and gap.startswith("\n")), "?")
        regular = all(gap == "\n" + unit * depth for depth, gap in gaps)
        return _INDENTS.get(unit, "another indentation") if regular else "white space at some places"
    ends = document.text[document.start :][:1].isspace(), document.text[-1].isspace()
    if document.declaration == "no":
        return "declaration" if ends[1] else "none"
    words = {(True, False): "a line break after the declaration", (False, True): "a line break at the end"}
    return words.get(ends, "declaration" if all(ends) else "none")


def _text(seen: _Written) -> str:
    """Only texts that may be anything show it: some writers take no CDATA for words of their own."""
    if not seen.free:
        return ""
    if seen.free == {False}:
        return "escaped"
    return "cdata" if seen.free | seen.words == {True} else "CDATA for some texts"


def _empty(seen: _Written) -> str:
    """Where all empty elements are written alike, what they stand for shows whether others would be."""
    names = seen.kinds["names"] if seen.listed else "text"
    closed, opened = ({names if kind == "names" else kind for kind in kinds} for kinds in (seen.closed, seen.opened))
    if closed and opened:
        if {"list", "null"} & opened:
            return "now <x/>, now <x></x>"
        return "" if "either" in opened else "by-kind"
    if closed:
        return "<x/>" if "text" in closed else ""
    return "<x></x>" if {"list", "null"} & opened else ""
