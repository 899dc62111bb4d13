"""Shows a call as a command line of curl, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from contract_tests.api.calls import Call, request_of
from contract_tests.redact.mask import Mask


def curl(call: Call, base: str, mask: Mask) -> str:
    """A command line that sends the call, with secrets as the mask's labels (shell variables, to paste and run)."""
    request = request_of(call, base)
    words = ["curl -sS"]
    implied = "GET" if not request.body else "POST"
    if request.http_method == "HEAD":
        words.append("-I")
    elif request.http_method != implied:
        words.append(f"-X {request.http_method}")
    in_url = (*call.query, *call.params) if call.way.location == "query" and call.raw is None else call.query
    words.append(f'"{base}/{call.method}{"?" + _masked(in_url, mask) if in_url else ""}{call.tail}"')
    words.extend(f'-H "{name}: {mask.text(value)}"' for name, value in call.headers)
    if call.raw is not None:
        words.append(f'-H "Content-Type: {call.raw.content_type}" --data-binary <{len(call.raw.body)} bytes>')
    elif call.way.location == "form":
        words.append(f'-d "{_masked(call.params, mask)}"')
    elif call.way.location == "multipart":
        words.extend(f'-F "{name}={_shell(mask.text(value))}"' for name, value in call.params)
    line = " ".join(words)
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}… ({len(line)} characters)"


MAX_LINE = 600


def _masked(pairs: Iterable[tuple[str, str]], mask: Mask) -> str:
    return "&".join(f"{quote(name, safe='[]')}={_masked_value(value, mask)}" for name, value in pairs)


def _masked_value(value: str, mask: Mask) -> str:
    masked = mask.text(value)
    kept = "$" if masked != value else ""
    return quote(masked, safe=kept, errors="surrogateescape")


def _shell(text: str) -> str:
    return "".join(f"\\{c}" if c in '"`\\' else c for c in text)
