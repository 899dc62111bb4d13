"""Text files that people write: their encodings, and what a message says of a mistake in TOML."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.data import TextFileError, text_of, toml_of


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_utf_8_is_read_with_or_without_its_mark_and_with_any_line_end(mark: bytes, end: bytes) -> None:
    raw = mark + end.join(["[profile]", '"xml.root" = "ответ"', ""][n].encode() for n in range(3))

    assert toml_of(raw) == {"profile": {"xml.root": "ответ"}}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named_with_the_remedy(encoding: str) -> None:
    with pytest.raises(TextFileError, match=r"is in UTF-16 .*; save it as UTF-8 \(PowerShell"):
        text_of("port = 1\n".encode(encoding))


def test_another_encoding_is_named_with_its_line() -> None:
    with pytest.raises(TextFileError, match=r"^line 2 is not in UTF-8; save the file in that encoding$"):
        text_of("a = 1\nb = 'тест'\n".encode("cp1251"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Given twice.
        ("a = 1\nport = 1\nport = 2\n", "line 3: the key port is given twice; keep one of the two"),
        ('[profile]\n"row.phone" = "a"\n"row.phone" = "b"\n', 'line 3: the key "row.phone" is given twice'),
        ("p = {a = 1, a = 2}\n", "line 1: the key a is given twice"),
        ("a = 1\n[a]\nb = 1\n", "line 2: the key a is given twice"),
        ("[profile]\nx = 1\n\n[profile]\ny = 1\n", "line 4: the table [profile] is given twice; put its keys"),
        ("[[accounts]]\nx = 1\n[accounts]\n", "line 3: the table [accounts] is given twice; put its keys"),
        # Values.
        ("port = x\n", 'line 1: the value of port is a text without quotes; put it in quotes: "…"'),
        ("token = s3cret", "line 1: the value of token is a text without quotes"),
        ("a = 1\ntoken =\n", "line 2: the value of token is missing; write one after the ="),
        ("plain = True\n", "line 1: the value of plain is True, a word that TOML does not have; write true"),
        ("plain = off\n", "line 1: the value of plain is off, a word that TOML does not have; write false"),
        ("edition = null\n", "null, a word that TOML does not have; leave the whole line out"),
        ("delay = 2s\n", "line 1: the value of delay begins as a number and goes on as something else; put a text"),
        ("port = 0808\n", "a number begins with no 0"),
        ("delay = “2s”\n", "line 1: the value of delay has curly quotes; write straight ones"),
        ("port = 1,\n", "line 1: a comma after the value; leave it out"),
        ("x = 'it's'\n", "line 1: the text ends at its second ', and more follows; put a text that holds ' in \""),
        # Paths of Windows.
        ('state = "C:\\data\\x.db"\n', "line 1: the value of state has a backslash, which begins an escape"),
        ('state = "C:\\Users\\x.db"\n', "has a \\u, \\U or \\x without its digits; write a path in single quotes"),
        # What is not closed.
        ("a = 1\nb = 'x\nc = 1\n", "line 2: the value of b has no closing quote; write it at the end of the text"),
        ('a = "x\n', "line 1: the value of a has no closing quote"),
        ('a = 1\nb = """x\ny\n', "line 2: the value of b has no closing quotes"),
        ("a = 1\nb = [1,\n2\n", "line 2: a list is not closed; write ] at its end"),
        ("b = { c = 1\n", "line 1: a table in { } is not closed on its line"),
        ("[profile\n", "line 1: the name of a table is not closed; write it as [name]"),
        ("[[accounts]\n", "line 1: the name of a list of tables is not closed; write it as [[name]]"),
        # Other languages.
        ("a = 1\nport: 8080\n", "line 2: a : after a key; write KEY = VALUE"),
        ("port 8080\n", "line 1: no = after a key; write KEY = VALUE"),
        ("{\n", "line 1: the line does not begin with a key; write KEY = VALUE"),
        ("a = {b = 1,}\n", "line 1: a key is missing; write its name; no comma stands before a }"),
        ("a = 'x\x01'\n", "line 1: there is a control character; leave it out"),
        ("x = " + "[" * 20_000, "too deep to read"),
        ("x = " + "1" * 5000, "has a value that can't be read"),
        ("x = [{ y = 0x" + "f" * 5000 + " }]", "has a value that can't be read (a number is too long)"),
        ("x = 0b" + "1_1" * 5000, "has a value that can't be read (a number is too long)"),
        ("x = 2030-02-31", "line 1: invalid date or datetime; correct that line"),
    ],
)
def test_a_mistake_in_toml_is_told_with_its_line_what_was_found_and_what_is_right(text: str, message: str) -> None:
    with pytest.raises(TextFileError) as caught:
        toml_of(text.encode())

    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("part", ["a.", "a . ", '"a".', "'a'.", "a-b.", "a.'b'."])
@pytest.mark.parametrize("form", ["\n{}a = 1", "\n[{}a]", "\nx = {{ {}a = 1 }}", "\n[[{}a]]"])
def test_a_name_of_many_parts_is_refused_unread(monkeypatch: pytest.MonkeyPatch, form: str, part: str) -> None:
    """The bound: 40 parts. tomllib takes memory for the square of their number, 30 GB for a file of 200 KB."""
    text = form.format(part * (39 // part.count(".")))
    assert toml_of(text.encode()) == tomllib.loads(text)

    monkeypatch.setattr(tomllib, "loads", lambda _: pytest.fail("it was read"))
    with pytest.raises(TextFileError, match="line 2: more than 40 names are joined by dots; shorten that"):
        toml_of(form.format(part * 100_000).encode())


@given(st.lists(st.sampled_from([*"ab=[]{}.\"'#\n ,1-:\\u", '"""', "true", "s3cret"]), max_size=12).map("".join))
def test_toml_is_read_as_python_reads_it_and_any_other_text_is_a_message(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(TextFileError, match=r"(?s)^line \d+: .+; .+"):
            toml_of(text.encode())
    else:
        assert toml_of(text.encode()) == expected


def test_where_a_large_file_breaks_off_is_not_looked_for_for_long() -> None:
    text = "".join(f'"key {number}" = "{"a" * 20}"\n' for number in range(20_000)) + 'last = """\nmore\n'
    began = time.thread_time()

    with pytest.raises(TextFileError, match=r"^at its end: a value has no closing quotes"):
        toml_of((text + "more\n" * 100).encode())
    assert time.thread_time() - began < 20
