"""A call as a line for sh: it runs as it is pasted, whatever the credentials are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from contract_tests.api.calls import Call, request_of
from contract_tests.redact.mask import Mask
from contract_tests.redact.unsafe import UNSAFE

MAX_LINE = 1500
"""Characters of a line that are shown."""
_LONG = re.compile(r"([0-9A-Za-z])\1{99,}")
"""One character again and again, which sh can make by itself."""


def curl(call: Call, base: str, mask: Mask) -> str:
    """The command that sends the call. Secrets are the mask's labels, which are variables of the shell, and curl
    encodes them. One that is too long is cut, and is a comment then, so that no half of a call is sent.
    """
    words = ["curl -sS", *_method(call, base), _word(f"{base}/{call.method}", mask)]
    words += [f"-H {_word(f'{name}: {value}', mask)}" for name, value in call.headers]
    if call.raw is not None:
        words += [f"-H {_word(f'Content-Type: {call.raw.content_type}', mask)}", *_url(call, mask)]
        words += ["--data-binary @-"]
        words.insert(0, f"printf {_printf(call.raw.body)} |")
    elif call.way.location == "multipart":
        # --form would read a file where a value begins with @ or <.
        words += [*_url(call, mask), *(f"--form-string {_word(f'{n}={v}', mask)}" for n, v in call.params)]
    elif call.way.location == "form":
        words += [*_url(call, mask), *_data(call.params, mask)]
    else:
        words += _data(call.in_url, mask)
        words += [f"-d {shlex.quote(call.tail.removeprefix('&'))}"] if call.tail else []
    line = " ".join(words)
    return line if len(line) <= MAX_LINE else f"# {line[:MAX_LINE]}… ({len(line)} characters)"


def _method(call: Call, base: str) -> Iterator[str]:
    """How curl is told the HTTP method, and that data belong in the URL."""
    request = request_of(call, base)
    if request.http_method == "HEAD":
        yield "-I"
    elif request.http_method != ("POST" if request.body or call.raw is not None else "GET"):
        yield f"-X {request.http_method}"
    if call.way.location == "query" and call.raw is None and (call.in_url or call.tail):
        yield "-G"


def _url(call: Call, mask: Mask) -> Iterator[str]:
    """Parameters in the URL of a call that has a body."""
    for name, value in call.in_url:
        encoded = quote(name, safe="")
        yield f"--url-query {_word(f'{encoded}={value}', mask)}"


def _data(pairs: Iterable[tuple[str, str]], mask: Mask) -> Iterator[str]:
    for name, value in pairs:
        encoded, shown = (quote(text, safe="", errors="surrogateescape") for text in (name, value))
        secret = mask.text(value) != value
        if name and (secret or (shown != value and value.isprintable() and not UNSAFE.search(value))):
            yield f"--data-urlencode {_word(f'{encoded}={value}', mask)}"
        else:
            yield f"-d {_word(f'{encoded}={shown}', mask)}"


def _word(text: str, mask: Mask) -> str:
    """A text as a word of sh. Labels stand in double quotes, where sh puts in what the variable holds."""
    labels = sorted(filter(None, {*mask.labels.values()}), key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, labels))})", mask.text(text)) if labels else [text]
    return "".join(f'"{part}"' if n % 2 else _quoted(part) for n, part in enumerate(parts) if part) or "''"


def _quoted(text: str) -> str:
    parts, at = [], 0
    for long in _LONG.finditer(text):
        zeros = f'"$(printf %0{len(long[0])}d 0 | tr 0 {long[1]})"'
        parts += [shlex.quote(text[at : long.start()]) if long.start() > at else "", zeros]
        at = long.end()
    return "".join([*parts, shlex.quote(text[at:]) if at < len(text) else ""])


def _printf(body: bytes) -> str:
    """The format of printf that prints the bytes; a hyphen would begin an option."""
    plain = "".join(chr(b) if 32 <= b < 127 and b not in b"\\%-" else f"\\{b:03o}" for b in body)
    return shlex.quote(plain)
