"""The writer: no file holds a credential or a value of somebody's answer, however it is written in it."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import string
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.unescape import fold, plainest
from contract_tests.redact.write import LeakError, write

TOKEN, LOGIN = "7f3a9c5be1d2408e", "anna+1@example.com"
ROW = {
    "title": "Диван; «угол», 2 м",
    "price": "500",
    "time": "2030-01-02 03:04:05",
    "phone": 70005550123,
    "name": "Ия",
    "source": "avito.ru",
    "category": "Мебель",
    "description": "",
    "url": "https://avito.ru/moskva/divan_1848",
}
PICTURE = bytes(range(7, 250)) * 3


def percent(text: str, form: str = "%{:02X}", keep: str = "") -> str:
    return "".join(chr(b) if chr(b) in keep else form.format(b) for b in text.encode())


def utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


def units(text: str, form: str) -> str:
    data = utf16(text)
    return "".join(form.format(int.from_bytes(data[i : i + 2])) for i in range(0, len(data), 2))


def lined(text: str, end: str) -> str:
    return end.join(text[i : i + 7] for i in range(0, len(text), 7))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


Write = Callable[[str], str | bytes]
WAYS: dict[str, Write] = {
    "plain": lambda s: s,
    "utf-16-le": lambda s: s.encode("utf-16-le"),
    "utf-16-be": utf16,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent": lambda s: quote(s, safe=""),
    "percent, lower": lambda s: percent(s, "%{:02x}"),
    "percent, all": percent,
    "percent, some": lambda s: percent(s, keep=string.ascii_lowercase + "+/@&"),
    "percent, twice": lambda s: quote(percent(s), safe=""),
    "percent, thrice": lambda s: quote(quote(quote(s, safe=""), safe=""), safe=""),
    "form": quote_plus,
    "json": lambda s: json.dumps(s)[1:-1],
    "json in json": lambda s: json.dumps(json.dumps(s)),
    "json, raw": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json, slashes": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "json, upper": lambda s: units(s, "\\u{:04X}"),
    "html": html.escape,
    "html in json": lambda s: json.dumps(html.escape(s)),
    "xml, decimal": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "xml, hex": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "xml, zeros": lambda s: "".join(f"&#X000{ord(c):x};" for c in s),
    "repr": lambda s: repr(s)[1:-1],
    "ascii": lambda s: ascii(s)[1:-1],
    "repr of bytes": lambda s: repr(s.encode())[2:-1],
    "wide": lambda s: "".join(f"\\U{ord(c):08x}" for c in s),
    "script": lambda s: "".join(f"\\u{{{ord(c):x}}}" for c in s),
    "base64": encoded,
    "base64, in lines": lambda s: lined(encoded(s), "\r\n  "),
    "base64, lines in json": lambda s: json.dumps(lined(encoded(s), "\n")),
    "base64, percent": lambda s: quote(encoded(s), safe=""),
    "base64 of more": lambda s: base64.b64encode(f"x:{s}".encode()).decode(),
    "base64, url": lambda s: base64.urlsafe_b64encode(f"xy{s}z".encode()).decode().rstrip("="),
    "hex": lambda s: s.encode().hex(),
    "hex, upper": lambda s: s.encode().hex().upper(),
}


def is_sought(secret: str) -> bool:
    """Six characters, also after its own escapes are undone; upper and lower case are each other's."""
    cases = {fold(secret), fold(secret.upper()), fold(secret.lower())}
    return len(fold(plainest(secret))) >= 6 and len(cases) == 1


SECRET = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40).filter(is_sought)
AROUND = st.text(st.sampled_from("aZ0я \n\"'\\/%&#;+=-_:,.<>{}xu25"), max_size=12)

# An escape that begins before the secret would take in what the secret begins with.
BEFORE = AROUND.filter(lambda text: not re.search(r"[%&\\][#xu{0-9a-fA-F]*$", text))


@pytest.mark.parametrize("way", WAYS)
@given(secret=SECRET | st.sampled_from([TOKEN, LOGIN]), before=BEFORE, after=AROUND)
@settings(max_examples=40, deadline=None)
def test_a_secret_is_found_and_masked_however_it_is_written(way: str, secret: str, before: str, after: str) -> None:
    secrets = Secrets({secret: "$IFIND_TOKEN"})
    written = WAYS[way](secret)
    content = written if isinstance(written, bytes) else f"{before}{written}{after}".encode()

    assert secrets.found_in(content) == "$IFIND_TOKEN"
    if isinstance(written, str):
        masked = Mask(secrets.labels).text(content.decode())
        assert secrets.found_in(masked.encode()) is None


@given(secret=st.text(st.sampled_from("абвгдежзИЙКЛёЁ №abc1"), min_size=6), before=st.binary(max_size=5))
@settings(deadline=None)
def test_windows_1251_is_read_too(secret: str, before: bytes) -> None:
    secrets = Secrets({secret: "$IFIND_TOKEN"})
    data = secret.encode("cp1251")
    escaped = "".join(f"%{b:02x}" for b in data)

    assert secrets.found_in(before + data) == "$IFIND_TOKEN"
    assert secrets.found_in(f"%D1{escaped}".encode()) == "$IFIND_TOKEN"
    assert secrets.found_in(base64.b64encode(before + data)) == "$IFIND_TOKEN"


@given(secret=st.text(min_size=6, max_size=30).filter(lambda s: len({*s}) > 3), other=st.text(max_size=300))
@settings(deadline=None)
def test_what_is_not_there_is_not_found(secret: str, other: str) -> None:
    assume(fold(plainest(secret)) not in fold(plainest(other)))
    assume(fold(secret) not in fold(other))

    assert Secrets({secret: "$IFIND_TOKEN"}).found_in(other.encode("utf-8", "surrogatepass")) is None


@given(st.text(max_size=200))
def test_a_text_without_a_secret_is_left_as_it_is(text: str) -> None:
    assume(fold(TOKEN) not in fold(plainest(text)))

    assert Mask({TOKEN: "$IFIND_TOKEN"}).text(text) == text


def test_only_the_secret_is_cut_out_of_a_text() -> None:
    mask = Mask({LOGIN: "$IFIND_LOGIN", TOKEN: "$IFIND_TOKEN"})
    line = f'curl "http://h/api?login={quote(LOGIN)}&token={TOKEN}&id=5" -H "Auth: {encoded(TOKEN)}" {LOGIN.upper()}'
    told = 'curl "http://h/api?login=$IFIND_LOGIN&token=$IFIND_TOKEN&id=5" -H "Auth: $IFIND_TOKEN" $IFIND_LOGIN'

    assert mask.text(line) == told


def test_a_label_that_is_the_secret_itself_is_not_told() -> None:
    assert Mask({"IFIND_TOKEN": "$IFIND_TOKEN"}).text("a IFIND_TOKEN b") != "a IFIND_TOKEN b"
    assert "withheld" not in Mask({"(withheld": "(withheld"}).text("x (withheld")


def ready(**members: Any) -> dict[str, Any]:
    return {"status": "ready", "data": [ROW], "names": [{"name": "Ольга Диваны"}], "photo": "", "cost": "1", **members}


def learnt(**members: Any) -> Secrets:
    secrets = Secrets({TOKEN: "$IFIND_TOKEN"})
    secrets.learn(ready(**members))
    return secrets


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [ROW["title"], ROW["url"], str(ROW["phone"]), ROW["category"], "Ольга Диваны"])
def test_a_value_of_an_answer_is_found_and_masked(way: str, value: str) -> None:
    secrets = learnt()
    written = WAYS[way](value)
    content = written if isinstance(written, bytes) else f"<p>{written}</p>".encode()

    assert secrets.found_in(content) == "a value of an answer"
    if isinstance(written, str):
        assert secrets.found_in(secrets.mask(content.decode()).encode()) is None


def test_what_the_kit_says_by_itself_is_no_leak() -> None:
    content = "avito.ru 2030-01-02 03:04:05 500 Ия description status ready 127.0.0.1 http://10.1.2.3/api".encode()
    secrets = learnt(ip="10.1.2.3", create_time="2030-01-02 03:04:05", error_code="documented")
    secrets.learn({"data": [{"title": "documented", "category": "not checked", "price": "1500000"}]})

    assert secrets.found_in(content) is None
    assert secrets.found_in((Path(__file__).parents[2] / "schemas" / "clauses.toml").read_bytes()) is None


def test_what_the_report_tells_of_the_target_is_no_leak() -> None:
    secrets = Secrets(told=("https://standin.example/api",))
    secrets.learn({"data": [{"source": "standin.example", "title": "Тахта «Уют»"}]})

    assert secrets.found_in(b"https://standin.example/api") is None
    assert secrets.found_in("Тахта «Уют»".encode())


def test_an_excerpt_of_a_long_value_is_found() -> None:
    text = "".join(f"{n} раз, " for n in range(3000))
    secrets = learnt(names=[{"name": text}])

    assert secrets.found_in(text[333:373].encode())
    assert secrets.found_in(text[-30:].encode())
    assert secrets.mask(f"<<{text[:600]}>>") == f"<<{'<value>'}{text[600 // 20 * 20 : 600]}>>"


@pytest.mark.parametrize(
    "encode",
    [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes, bytes.hex],
    ids=["standard", "url", "lines", "hex"],
)
def test_a_picture_is_found_in_any_alphabet_and_at_any_offset(encode: Callable[[bytes], str | bytes]) -> None:
    secrets = learnt(photo=base64.b64encode(PICTURE).decode())
    found = [encode(b"x" * n + PICTURE[n:]) for n in range(4)]

    assert all(secrets.found_in(f if isinstance(f, bytes) else f.encode()) for f in found)
    assert secrets.found_in(PICTURE[100:200])


def test_names_of_members_that_nobody_documented_are_values_too() -> None:
    secrets = Secrets()
    secrets.learn({"status": "ok", "Пётр Сидоров": {"дом": ["ул. Мира, 5"]}})

    assert secrets.found_in("Пётр Сидоров".encode())
    assert secrets.found_in("ул. Мира, 5".encode())


def test_a_large_report_is_searched_for_thousands_of_values_within_two_seconds() -> None:
    secrets = Secrets({TOKEN: "$IFIND_TOKEN", LOGIN: "$IFIND_LOGIN"})
    rows = [{"title": f"Тахта {n * 7919}", "url": f"https://avito.ru/moskva/{n * 104729}"} for n in range(1000)]
    secrets.learn({"data": rows})
    line = (
        '<td class="holds">Диваны &lt;br&gt; call 17 \\"created\\" at 2030-01-02, https://avito.ru/moskva/ 12345</td>\n'
    )
    report = (line * (5_000_000 // len(line.encode()))).encode()
    started = time.process_time()
    found = secrets.found_in(report)
    seconds = time.process_time() - started

    assert found is None
    assert seconds < 2 * SLACK
    assert secrets.found_in(report + encoded(rows[999]["url"]).encode()) == "a value of an answer"


SLACK = 2
"""Two runs of tests share a machine's cores."""


def test_a_file_is_written_whole_with_the_usual_rights(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    before = os.umask(0o027)
    try:
        write(path, b"first", Secrets())
        write(path, b"second", Secrets())
    finally:
        os.umask(before)

    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [f.name for f in tmp_path.iterdir()] == ["report.html"]


def test_what_would_leak_is_refused_and_the_file_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"before")
    with pytest.raises(LeakError, match=r"report\.json .* \$IFIND_TOKEN") as caught:
        write(path, json.dumps({"a": encoded(f"t={TOKEN}")}).encode(), Secrets({TOKEN: "$IFIND_TOKEN"}))

    assert path.read_bytes() == b"before"
    assert TOKEN not in str(caught.value)
    assert (caught.value.path, caught.value.what) == (path, "$IFIND_TOKEN")


def test_a_link_is_followed_and_a_device_is_not_replaced(tmp_path: Path) -> None:
    real = tmp_path / "real.txt"
    real.write_bytes(b"before")
    (tmp_path / "link.txt").symlink_to(real)
    write(tmp_path / "link.txt", b"after", Secrets())
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(fifo, b"told", Secrets())
        told = os.read(reading, 100)
    finally:
        os.close(reading)

    assert (real.read_bytes(), (tmp_path / "link.txt").is_symlink()) == (b"after", True)
    assert told == b"told"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write(tmp_path / "no" / "report.html", b"x", Secrets())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [6, 7, 8, 9, 23])
def test_each_of_many_values_is_found_at_any_place(size: int) -> None:
    values = {f"{n * 104729:x}".ljust(5, "k")[-5:] + "q" * (size - 5) for n in range(1, 300)}
    secrets = Secrets(values=values)
    missed = [v for v in values for before in range(5) if not secrets.found_in(b"#" * before + v.encode() + b"##")]

    assert missed == []
    assert secrets.found_in(b"#" * 50) is None
