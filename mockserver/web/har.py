"""Entries of the journal as an HTTP Archive (HAR 1.2), which browsers and test tools read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

from mockserver.core.clock import iso_of
from mockserver.stores.journal import Entry

MASK = "***"
"""In place of a login, a token, and every value that the journal does not keep."""
_FORM = "application/x-www-form-urlencoded"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def archive(entries: Iterable[Entry], bodies: Mapping[int, bytes], base: str, comment: str) -> bytes:
    """The archive of the entries. base is the URL of the mock."""
    log = {
        "version": "1.2",
        "creator": {"name": "ifind-mock", "version": version("ifind-mock")},
        "entries": [_entry(entry, bodies.get(entry.number), base) for entry in entries],
        "comment": comment,
    }
    return json.dumps({"log": log}, ensure_ascii=False).encode()


def _entry(entry: Entry, body: bytes | None, base: str) -> dict[str, Any]:
    waited = entry.latency / 1000
    return {
        "startedDateTime": iso_of(entry.real_time),
        "time": waited,
        "request": _request(entry, base),
        "response": _response(entry, body),
        "cache": {},
        "timings": {"send": 0, "wait": waited, "receive": 0},
        "comment": entry.reason,
    }


def _request(entry: Entry, base: str) -> dict[str, Any]:
    params = [(name, _value(entry, name)) for name in entry.params]
    posted = entry.http_method == "POST" and entry.in_body
    listed = [{"name": name, "value": value} for name, value in params]
    url = f"{base}/api/{entry.method or MASK}"
    return {
        "method": entry.http_method or MASK,
        "url": url if posted or not params else f"{url}?{urlencode(params, safe='*')}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": "Content-Type", "value": _FORM}] if posted else [],
        "queryString": [] if posted else listed,
        **({"postData": {"mimeType": _FORM, "params": listed}} if posted else {}),
        "headersSize": -1,
        "bodySize": -1 if posted else 0,
    }


def _value(entry: Entry, name: str) -> str:
    """A parameter's value, where the journal knows it; the phone and the source of a result are the task's."""
    known: Mapping[str, object] = {
        "format": entry.format,
        **({"phone": entry.phone, "source": entry.source} if entry.method == "create" else {}),
        **({"id": entry.task} if entry.method == "result" else {}),
    }
    value = known.get(name)
    return MASK if value is None else str(value)


def _response(entry: Entry, body: bytes | None) -> dict[str, Any]:
    content: dict[str, Any] = {"size": entry.response_size, "mimeType": entry.content_type}
    if body is None:
        content["comment"] = "the body was not kept, or is one of many: ask for fewer calls"
    else:
        content |= _text(body, entry.content_type)
    headers = {"Content-Type": entry.content_type, "X-Mock-Reason": entry.reason}
    return {
        "status": entry.http_status,
        "statusText": _PHRASES.get(entry.http_status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in headers.items() if value],
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": entry.response_size,
    }


def _text(body: bytes, content_type: str) -> dict[str, str]:
    """The body as UTF-8 where its Content-Type says so, else as base64, so that no byte changes."""
    if not body or "charset=utf-8" in content_type.lower():
        try:
            return {"text": body.decode()}
        except UnicodeDecodeError:
            pass
    return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
