"""The stand-in `bureau`: edition B behind a framework. Errors have an HTTP status and are JSON, escapes everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from support.standins.bureau_writing import TYPES, csv_of, json_of, xml_of
from support.standins.people import NAMES, PHOTOS, rows
from support.standins.shell import Answer, Call, Request

PROFILE: Mapping[str, Any] = {
    "edition": "B",
    "info.methods": "get",
    "format.invalid": "error",
    "check.order": "parameters-first",
    "check.format-first": "yes",
    "param.empty-is-missing": "no",
    "param.repeated": "last",
    "param.both": "query",
    "param.multipart": "read",
    "phone.invalid": "error",
    "id.invalid": "unknown",
    "task.lifetime": "36h",
    "task.foreign-error": "credentials",
    "result.times": "epoch",
    "result.sections": "all",
    "result.photo-empty": "null",
    "row.phone": "number",
    "quota.unit": "task",
    "quota.charged-at": "create",
    "quota.turns-at": "06:30+05:30",
    "info.shape": "list",
    "info.csv": "dotted",
    "error.missing-names": "credentials-alone",
    "error.http-status": "mirror",
    "error.follows-format": "no",
    "error.codes": {
        "missing": 400,
        "invalid": 422,
        "credentials": 403,
        "unknown-task": 410,
        "limit": 402,
        "rate": 420,
        "failed-task": 424,
        "server": 599,
        "unknown-method": 406,
        "http-method": 415,
        "too-large": 431,
    },
    "error.messages": {
        "missing": "Not set param(s) {names}",
        "invalid": "Validation failed: {names}",
        "credentials": "Access denied",
        "unknown-task": "No such job",
        "limit": "You have reached your daily limit",
        "rate": "Enhance your calm",
        "failed-task": "Job aborted",
        "server": "Oops",
        "unknown-method": "No such route",
        "http-method": "Wrong http_method",
        "too-large": "That is too much",
    },
    "not-found": "html-404",
    "content-type.json": "text/javascript; charset=UTF-8",
    "content-type.xml": "text/xml",
    "content-type.csv": 'text/comma-separated-values; charset="{charset}"; header=absent',
    "json.escapes": "escaped",
    "json.indent": "4 spaces",
    "xml.declaration": "no-encoding",
    "xml.encoding": "utf-8-sig",
    "xml.escapes": "escaped",
    "xml.indent": "none",
    "xml.list": "wrapped",
    "xml.names": "entries",
    "xml.text": "escaped",
    "xml.null": "nil",
    "xml.layout": "plain",
    "csv.lacking": "?",
    "csv.quotes": "all",
    "csv.rows": "section",
    "csv.layout": "plain",
    "http-method.other": "refused",
    "info.follows-format": "yes",
    "xml.root": "root",
    "xml.item": "row",
    "xml.empty": "<x></x>",
    "csv.delimiter": ";",
    "csv.header": "no",
    "csv.encoding": "utf-8-sig",
    "csv.line-end": "LF",
    "csv.flat": "row",
    "rate.limit": "2000/s",
    "cors": "https://cabinet.example",
}
SECTIONS = {"1": "names", "2": "data", "3": "photo", "4": "photo"}
FORMATS: Mapping[str, Callable[[Answer], bytes]] = {"json": json_of, "xml": xml_of, "csv": csv_of}
RATE = 2000
LIFETIME = 36 * 3600


@dataclass(frozen=True)
class Job:
    owner: str
    phone: str
    source: str
    peer: str
    made: float


@dataclass(eq=False)
class Problem(Exception):
    """An error; status stands for what the code would give."""

    kind: str
    names: str = ""
    status: int | None = None
    allow: str = ""


class Bureau:
    PROFILE = PROFILE

    def __init__(self, accounts: dict[str, str], seconds: float, limit: int) -> None:
        self.charged = 0
        self._accounts, self._seconds, self._limit = accounts, seconds, limit
        self._jobs: dict[int, Job] = {}
        self._used: dict[str, list[float]] = {login: [] for login in accounts}
        self._window: dict[str, list[float]] = {login: [] for login in accounts}
        self._routes = {
            "create": (("login", "token", "phone", "source"), ("GET", "POST"), self._create),
            "result": (("login", "token", "id"), ("GET", "POST"), self._result),
            "info": (("login", "token"), ("GET",), self._info),
        }

    def read(self, request: Request) -> dict[str, str]:
        """What comes last counts; the query is laid over the form, of which there are two kinds."""
        form = _form(request) if request.http_method == "POST" else []
        return {**dict(form), **dict(parse_qsl(request.query, keep_blank_values=True))}

    def write(self, answer: Answer) -> tuple[str, bytes]:
        return TYPES[answer.format], FORMATS[answer.format](answer)

    def answer(self, call: Call) -> Answer:
        try:
            answer = self._routed(call)
        except Problem as problem:
            code = PROFILE["error.codes"][problem.kind]
            message = PROFILE["error.messages"][problem.kind].replace("{names}", problem.names)
            answer = Answer({"status": "error", "error_code": code, "message": message}, http=problem.status or code)
            if problem.allow:
                answer.headers.append(("Allow", problem.allow))
        answer.headers.append(("Access-Control-Allow-Origin", PROFILE["cors"]))
        return answer

    def _routed(self, call: Call) -> Answer:
        if call.http_method == "OPTIONS":
            answer = Answer({}, http=204, page=("", b""))
            answer.headers.append(("Access-Control-Allow-Methods", "GET, POST"))
            answer.headers.append(("Access-Control-Allow-Headers", "Content-Type"))
            return answer
        if call.too_large:
            raise Problem("too-large", status=413)
        if not call.known_path or call.operation not in self._routes:
            page = b"<!doctype html><html><head><title>404</title></head><body>Lost?</body></html>"
            return Answer({}, http=404, page=("text/html", page))
        required, http_methods, run = self._routes[call.operation]
        if (call.http_method if call.http_method != "HEAD" else "GET") not in http_methods:
            raise Problem("http-method", status=405, allow="HEAD, " + ", ".join(http_methods))
        self._slow_down(call.params)
        self._validate(call.params, required)
        login = call.params["login"]
        if self._accounts.get(login) != call.params["token"]:
            raise Problem("credentials")
        return run(call, login)

    def _slow_down(self, params: dict[str, str]) -> None:
        login, now = params.get("login", ""), _now()
        if login in self._accounts and self._accounts[login] == params.get("token"):
            window = self._window[login]
            if window and now >= window[0] + 1:
                window.clear()
            window.append(now if not window else window[0])
            if len(window) > RATE:
                raise Problem("rate")

    def _validate(self, params: dict[str, str], required: tuple[str, ...]) -> None:
        if params.get("format", "json") not in FORMATS:
            raise Problem("invalid", "format")
        missing = [name for name in required if name not in params]
        if missing:
            raise Problem("missing", ", ".join([n for n in missing if n in ("login", "token")] or missing))
        wrong = []
        if "phone" in required and re.fullmatch("[0-9]{7,15}", params["phone"]) is None:
            wrong.append("phone")
        if "source" in required and params["source"] not in SECTIONS:
            wrong.append("source")
        if wrong:
            raise Problem("invalid", ", ".join(wrong))

    def _create(self, call: Call, login: str) -> Answer:
        if len(self._today(login)) >= self._limit:
            raise Problem("limit")
        now = _now()
        self._used[login].append(now)
        self.charged += 1
        number = 3_000_000_000 + len(self._jobs)
        self._jobs[number] = Job(login, call.params["phone"], call.params["source"], call.peer, now)
        return Answer({"status": "ok", "id": number}, call.format)

    def _today(self, login: str) -> list[float]:
        """The charges since one at night of UTC, which is half past six where the bureau sits."""
        return [at for at in self._used[login] if (at - 3600) // 86400 == (_now() - 3600) // 86400]

    def _result(self, call: Call, login: str) -> Answer:
        asked = call.params["id"]
        job = self._jobs.get(int(asked)) if re.fullmatch("[0-9]{1,18}", asked) else None
        if job is not None and job.owner != login:
            raise Problem("credentials")
        if job is None or _now() > job.made + LIFETIME:
            raise Problem("unknown-task")
        if _now() < job.made + self._seconds:
            return Answer({"status": "processing"}, call.format)
        section = SECTIONS[job.source]
        body: dict[str, Any] = {"status": "ready", "data": [], "names": [], "photo": None}
        body[section] = _found(job)
        body |= {"cost": "1", "ip": job.peer}
        body |= {"create_time": int(job.made), "end_time": int(job.made + self._seconds)}
        return Answer(body, call.format, rows=section if section != "photo" else None)

    def _info(self, call: Call, login: str) -> Answer:
        limit = {"used": len(self._today(login)), "of": self._limit}
        account = {"api_limit": limit, "api_time_limit": "2032-02-29 23:59:59", "demo": "0"}
        return Answer({"status": "ok", "data": [account]}, call.format)


def _found(job: Job) -> object:
    if job.source == "1":
        return [{"name": name} for name in NAMES]
    if job.source == "2":
        return rows(int(job.phone), 2)
    return PHOTOS[int(job.source)]


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _form(request: Request) -> list[tuple[str, str]]:
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if not kind.lower().startswith("multipart/form-data"):
        return []
    whole: Message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    parts = whole.get_payload() if whole.is_multipart() else []
    assert isinstance(parts, list), "of a multipart message"
    return [pair for part in parts if isinstance(part, Message) and (pair := _field(part))]


def _field(part: Message) -> tuple[str, str] | None:
    name = part.get_param("name", header="content-disposition")
    if not isinstance(name, str) or part.get_filename() is not None:
        return None
    payload = part.get_payload(decode=True)
    return (name, payload.decode("utf-8", "replace")) if isinstance(payload, bytes) else None
