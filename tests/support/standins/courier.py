"""The stand-in `courier`: edition C, boards of three countries. Odd codes, texts for times, XML line by line."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from support.standins.courier_writing import WRITERS
from support.standins.people import NAMES, PHOTOS, rows
from support.standins.shell import Answer, Call, Request

PROFILE: Mapping[str, Any] = {
    "edition": "C",
    "info.methods": "both",
    "format.invalid": "error",
    "check.order": "parameters-first",
    "check.format-first": "no",
    "param.empty-is-missing": "no",
    "param.repeated": "first",
    "param.both": "body",
    "param.multipart": "ignored",
    "phone.invalid": "strip",
    "id.invalid": "error",
    "task.lifetime": "90.5m",
    "task.foreign-error": "credentials",
    "result.times": "text",
    "result.sections": "null",
    "result.photo-empty": "",
    "row.phone": "text",
    "quota.unit": "task",
    "quota.charged-at": "create",
    "quota.turns-at": "23:59-09:30",
    "info.shape": "object",
    "info.csv": "underscore",
    "error.missing-names": "all",
    "error.http-status": "mirror",
    "error.follows-format": "yes",
    "error.codes": {
        "missing": 400,
        "invalid": 409,
        "credentials": 999,
        "unknown-task": 451,
        "limit": 423,
        "rate": 425,
        "failed-task": 417,
        "server": 555,
        "unknown-method": 418,
        "http-method": 412,
        "too-large": 414,
    },
    "error.messages": {
        "missing": "Not set param(s) {names}",
        "invalid": 'Bad "{names}"; <see the page> & try again, ]]>',
        "credentials": "Нет доступа,\nпроверьте ключ",
        "unknown-task": "=нет такой задачи",
        "limit": "Daily limit {of} spent ({used})",
        "rate": "Не так быстро \U0001f422",
        "failed-task": "Задача упала;\r\nначните снова",
        "server": "\\500\\",
        "unknown-method": "???/method",
        "http-method": "GET | POST",
        "too-large": "> 1 MiB",
    },
    "not-found": "error",
    "content-type.json": 'application/vnd.courier+json;charset="utf-8"',
    "content-type.xml": "application/xhtml+xml",
    "content-type.csv": "application/octet-stream",
    "json.escapes": "unicode",
    "json.indent": "none",
    "xml.declaration": "yes",
    "xml.encoding": "utf-8",
    "xml.escapes": "raw",
    "xml.indent": "2 spaces",
    "xml.list": "wrapped",
    "xml.names": "values",
    "xml.text": "escaped",
    "xml.null": "empty",
    "xml.layout": "plain",
    "csv.lacking": "?",
    "csv.quotes": "php",
    "csv.rows": "with-task",
    "csv.layout": "plain",
    "http-method.other": "refused",
    "info.follows-format": "yes",
    "xml.root": "i-find.answer_1",
    "xml.item": "name",
    "xml.empty": "by-kind",
    "csv.delimiter": "|",
    "csv.header": "yes",
    "csv.encoding": "utf-16le",
    "csv.line-end": "CRLF",
    "csv.flat": "row",
    "rate.limit": "900000/h",
    "cors": "http://localhost:3000",
}
SECTIONS = {"1": "names", "2": "data", "3": "photo", "11": "data", "12": "data"}
REQUIRED = {
    "create": ["login", "token", "phone", "source"],
    "result": ["login", "token", "id"],
    "info": ["login", "token"],
}
DIGITS = frozenset("0123456789")
LIFETIME = 90.5 * 60
TURN = 86400 - 60 + 9.5 * 3600
"""Seconds after midnight of UTC, in which 23:59 falls nine and a half hours west."""


class Parcel(NamedTuple):
    login: str
    phone: str
    source: str
    peer: str
    made: float

    @property
    def contents(self) -> Any:
        section = SECTIONS[self.source]
        if section == "photo":
            return PHOTOS[int(self.source)]
        return rows(self.phone, int(self.source)) if section == "data" else [{"name": name} for name in NAMES]


class Courier:
    PROFILE = PROFILE

    def __init__(self, accounts: dict[str, str], seconds: float, limit: int) -> None:
        self.charged = 0
        self.accounts = accounts
        self.seconds = seconds
        self.limit = limit
        self.parcels: dict[str, Parcel] = {}
        self.spent: defaultdict[tuple[str, float], int] = defaultdict(int)
        self.hours: dict[str, tuple[float, int]] = {}

    def read(self, request: Request) -> dict[str, str]:
        """What comes first counts; a form that is no multipart one goes before the query."""
        params = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if request.http_method == "POST" and kind == "application/x-www-form-urlencoded":
            form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
            params |= {name: values[0] for name, values in form.items()}
        return params

    def write(self, answer: Answer) -> tuple[str, bytes]:
        content_type, writer = WRITERS[answer.format]
        return content_type, writer(answer)

    def answer(self, call: Call) -> Answer:
        answer = self._answer(call)
        answer.headers.append(("Access-Control-Allow-Origin", "http://localhost:3000"))
        return answer

    def _answer(self, call: Call) -> Answer:
        if call.http_method == "OPTIONS":
            names = {"Methods": "GET, POST", "Headers": "Content-Type"}
            headers = [(f"Access-Control-Allow-{name}", value) for name, value in names.items()]
            return Answer({}, http=204, headers=headers, page=("", b""))
        if call.too_large:
            return _error(call, "too-large", http=413)
        if not call.known_path:
            return _error(call, "unknown-method", http=404)
        operations: dict[str, Callable[[Call], Answer]] = {
            "create": self._create,
            "result": self._result,
            "info": self._info,
        }
        if call.operation not in operations:
            return _error(call, "unknown-method")
        if call.http_method not in ("GET", "POST", "HEAD"):
            answer = _error(call, "http-method", http=405)
            answer.headers.append(("Allow", "HEAD, GET, POST"))
            return answer
        return self._refusal(call) or operations[call.operation](call)

    def _refusal(self, call: Call) -> Answer | None:
        """The error of a call that is not let in."""
        params = call.params
        known = self.accounts.get(params.get("login", ""))
        if known is not None and known == params.get("token") and self._too_often(params["login"]):
            return _error(call, "rate")
        missing = [name for name in REQUIRED[call.operation] if name not in params]
        if missing:
            return _error(call, "missing", names=", ".join(missing))
        right = {
            "phone": call.operation != "create" or 7 <= len(_digits(params["phone"])) <= 15,
            "source": call.operation != "create" or params["source"] in SECTIONS,
            "id": call.operation != "result" or (0 < len(params["id"]) <= 18 and DIGITS.issuperset(params["id"])),
            "format": params.get("format", "json") in WRITERS,
        }
        wrong = [name for name, is_right in right.items() if not is_right]
        if wrong:
            return _error(call, "invalid", names=", ".join(wrong))
        return None if known == params["token"] else _error(call, "credentials")

    def _too_often(self, login: str) -> bool:
        since, count = self.hours.get(login, (time.monotonic(), 0))
        if time.monotonic() - since >= 3600:
            since, count = time.monotonic(), 0
        self.hours[login] = (since, count + 1)
        return count >= 900_000

    def _create(self, call: Call) -> Answer:
        login, now = call.params["login"], time.time()
        today = (login, (now - TURN) // 86400)
        if self.spent[today] >= self.limit:
            return _error(call, "limit", used=str(self.spent[today]), of=str(self.limit))
        self.spent[today] += 1
        self.charged += 1
        number = 40_000 + len(self.parcels) * 13
        self.parcels[str(number)] = Parcel(login, _digits(call.params["phone"]), call.params["source"], call.peer, now)
        return Answer({"status": "ok", "id": number}, call.format)

    def _result(self, call: Call) -> Answer:
        parcel, now = self.parcels.get(str(int(call.params["id"]))), time.time()
        if parcel is not None and parcel.login != call.params["login"]:
            return _error(call, "credentials")
        if parcel is None or now - parcel.made > LIFETIME:
            return _error(call, "unknown-task")
        end = parcel.made + self.seconds
        if now < end:
            return Answer({"status": "processing"}, call.format)
        section = SECTIONS[parcel.source]
        times = {"create_time": _moscow(parcel.made), "end_time": _moscow(end)}
        sections: dict[str, Any] = {"data": None, "names": None, "photo": None, section: parcel.contents}
        body = {"status": "ready", **sections, "cost": "1", "ip": parcel.peer, **times}
        return Answer(body, call.format, rows=None if section == "photo" else section)

    def _info(self, call: Call) -> Answer:
        used = self.spent[call.params["login"], (time.time() - TURN) // 86400]
        limit = {"used": used, "of": self.limit}
        return Answer(
            {"status": "ok", "data": {"api_limit": limit, "api_time_limit": "2033-03-03", "demo": "0"}}, call.format
        )


def _error(call: Call, kind: str, *, http: int | None = None, **blanks: str) -> Answer:
    code, message = PROFILE["error.codes"][kind], PROFILE["error.messages"][kind]
    for name, value in blanks.items():
        message = message.replace("{" + name + "}", value)
    mirrored = code if 400 <= code <= 599 else 200
    return Answer({"status": "error", "error_code": code, "message": message}, call.format, http or mirrored)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in DIGITS)


def _moscow(moment: float) -> str:
    year, month, day, hour, minute, second = time.gmtime(moment + 10800)[:6]
    return f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
