"""Recordings for the tests of `validate`: HAR entries, and the report on a file of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import yaml
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from mockserver import data
from mockserver.cli.main import commands
from support.samples import FIXTURES

REPORT = Draft202012Validator(json.loads(data.path("schemas", "reports", "validation.schema.json").read_bytes()))
LOGIN, TOKEN, PHONE = "me@example.com", "secret-token-4711", "70001234567"
CREDENTIALS = {"login": LOGIN, "token": TOKEN}
API = "https://api.invalid/api"
CREATED = '{"status":"ok","id":7}'
BAD = '{"status":"ok","id":"7"}'
READY = (FIXTURES / "synthetic/json/ready-data-one.json").read_text(encoding="utf-8")
READY_PHONE = json.loads(READY)["data"][0]["phone"]


BASE64 = base64.b64encode


def validate(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(commands, ["validate", *map(str, args)], input=stdin)


def report(content: bytes, *args: object) -> dict[str, Any]:
    """The report on a file of recordings, which shows no secret of the calls."""
    done = validate("-", "--output", "json", *args, stdin=content)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    printed = done.stdout + done.stderr + validate("-", *args, stdin=content).output
    for secret in (LOGIN, TOKEN, PHONE, READY_PHONE):
        assert secret not in printed
    result: dict[str, Any] = json.loads(done.stdout)
    REPORT.validate(result)
    assert result["exit_code"] == done.exit_code
    return result


def outcomes(result: Mapping[str, Any]) -> dict[str, str]:
    return {entry["file"]: entry["outcome"] for entry in result["files"]}


def url(method: str, base: str = API, **query: str) -> str:
    return f"{base}/{method}?{urlencode({**CREDENTIALS, **query})}"


def entry(address: str, text: str | None, kind: str = "application/json", **more: Any) -> dict[str, Any]:
    """An entry of a HAR file as browsers write it; more: parts that are other."""
    content: dict[str, Any] = {"size": 0 if text is None else len(text.encode()), "mimeType": kind}
    if text is not None:
        content["text"] = text
    response = {
        "status": more.get("status", 200),
        "headers": [{"name": "Content-Type", "value": kind}, *more.get("headers", [])],
        "content": {**content, **more.get("content", {})},
        "redirectURL": more.get("location", ""),
        "bodySize": -1,
    }
    request = {"method": more.get("http_method", "GET"), "url": address, "headers": [], **more.get("request", {})}
    return {"startedDateTime": "2030-01-01T00:00:00Z", "request": request, "response": response, "time": 1}


def har(*entries: object) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {}, "pages": [], "entries": entries}}).encode()


def dumped(document: object) -> bytes:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()
