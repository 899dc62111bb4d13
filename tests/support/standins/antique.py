"""The stand-in `antique`: edition A, a script from before there were sources. HTTP 200 for all, records for units."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from support.standins.antique_writing import write
from support.standins.people import rows
from support.standins.shell import Answer, Call, Request

PROFILE: Mapping[str, Any] = {
    "edition": "A",
    "info.methods": "get",
    "format.invalid": "json",
    "check.order": "credentials-first",
    "check.format-first": "no",
    "param.empty-is-missing": "yes",
    "param.repeated": "first",
    "param.both": "query",
    "param.multipart": "ignored",
    "phone.invalid": "strip",
    "id.invalid": "unknown",
    "task.lifetime": "1h",
    "task.foreign-error": "unknown-task",
    "result.times": "text",
    "result.sections": "relevant",
    "result.photo-empty": "",
    "row.phone": "number",
    "quota.unit": "record",
    "quota.charged-at": "create",
    "quota.turns-at": "03:00+03:00",
    "info.shape": "list",
    "info.csv": "leaf",
    "error.missing-names": "all",
    "error.http-status": "body",
    "error.follows-format": "yes",
    "error.codes": {
        "missing": 400,
        "invalid": 17,
        "credentials": 3,
        "unknown-task": 100500,
        "limit": 0,
        "rate": 5,
        "failed-task": 6,
        "server": 7,
        "unknown-method": 8,
        "http-method": 9,
        "too-large": 10,
    },
    "error.messages": {
        "missing": "Not set param(s) {names}",
        "invalid": "Неверное значение: {names}",
        "credentials": "Доступ запрещён: проверьте логин и ключ",
        "unknown-task": "Нет такой задачи",
        "limit": "Исчерпан суточный лимит (daily limit): {used} из {of}",
        "rate": "Слишком часто",
        "failed-task": "Не вышло",
        "server": "Сбой",
        "unknown-method": "Неизвестный метод",
        "http-method": "Так нельзя, только GET или POST",
        "too-large": "Слишком много",
    },
    "not-found": "html-404",
    "content-type.json": "text/html",
    "content-type.xml": "text/plain; charset={charset}",
    "content-type.csv": "application/vnd.ms-excel; charset={charset}",
    "json.escapes": "slashes",
    "json.indent": "spaced",
    "xml.declaration": "no",
    "xml.encoding": "utf-8",
    "xml.escapes": "raw",
    "xml.indent": "none",
    "xml.list": "repeated",
    "xml.names": "entries",
    "xml.text": "cdata",
    "xml.null": "empty",
    "xml.layout": "plain",
    "csv.lacking": "reference",
    "csv.quotes": "needed",
    "csv.rows": "section",
    "csv.layout": "plain",
    "http-method.other": "refused",
    "info.follows-format": "no",
    "xml.root": "ответ",
    "xml.item": "запись",
    "xml.empty": "<x/>",
    "csv.delimiter": "tab",
    "csv.header": "no",
    "csv.encoding": "cp1251",
    "csv.line-end": "LF",
    "csv.flat": "pairs",
    "rate.limit": "50000/min",
    "cors": "*",
}
CODES, MESSAGES = PROFILE["error.codes"], PROFILE["error.messages"]
REQUIRED = {"create": ("login", "token", "phone"), "result": ("login", "token", "id"), "info": ("login", "token")}
HTTP_METHODS = {"create": ("GET", "POST"), "result": ("GET", "POST"), "info": ("GET",)}
LIFETIME = 3600
MOSCOW = 3 * 3600


class Refused(Exception):
    def __init__(self, error: str, http: int = 200, allow: str = "", **blanks: object) -> None:
        super().__init__(MESSAGES[error].format(**blanks))
        self.code, self.http, self.allow = CODES[error], http, allow


class Antique:
    PROFILE = PROFILE

    def __init__(self, accounts: dict[str, str], seconds: float, limit: int) -> None:
        self.charged = 0
        self._accounts = accounts
        self._seconds = seconds
        self._limit = limit
        self._tasks: list[tuple[str, str, str, float]] = []
        self._used: dict[tuple[str, int], int] = {}
        self._minutes: dict[str, tuple[float, int]] = {}

    def read(self, request: Request) -> dict[str, str]:
        """The first of a repeated name counts; the query comes before a form."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = request.body.decode("utf-8", "replace") if kind == "application/x-www-form-urlencoded" else ""
        params: dict[str, str] = {}
        for piece in [*request.query.split("&"), *(form.split("&") if request.http_method == "POST" else ())]:
            name, _, value = piece.partition("=")
            if piece:
                params.setdefault(unquote_plus(name, errors="replace"), unquote_plus(value, errors="replace"))
        return params

    def write(self, answer: Answer) -> tuple[str, bytes]:
        return write(answer)

    def answer(self, call: Call) -> Answer:
        try:
            answer = self._decide(call)
        except Refused as refused:
            error = {"status": "error", "error_code": refused.code, "message": str(refused)}
            answer = Answer(error, call.format, refused.http)
            answer.headers += [("Allow", refused.allow)] if refused.allow else []
        answer.headers.append(("Access-Control-Allow-Origin", "*"))
        return answer

    def _decide(self, call: Call) -> Answer:
        if call.http_method == "OPTIONS":
            allowed = [("Access-Control-Allow-Methods", "GET, POST"), ("Access-Control-Allow-Headers", "Content-Type")]
            return Answer({}, http=204, headers=allowed, page=("", b""))
        if call.too_large:
            raise Refused("too-large", 413)
        if not call.known_path or call.operation not in REQUIRED:
            return Answer({}, http=404, page=("text/html", b"<html><body>404, sorry</body></html>\n"))
        http_methods = HTTP_METHODS[call.operation]
        if call.http_method not in ("HEAD", *http_methods):
            raise Refused("http-method", 405, ", ".join(("HEAD", *http_methods)))
        params = {name: value for name, value in call.params.items() if value}
        login = self._login(call.operation, params)
        run = {"create": self._create, "result": self._result, "info": self._info}[call.operation]
        return run(call, login, params)

    def _login(self, operation: str, params: dict[str, str]) -> str:
        self._count(params)
        lacking = [name for name in REQUIRED[operation] if name not in params]
        if {"login", "token"} & {*lacking}:
            raise Refused("missing", names=", ".join(lacking))
        login = params["login"]
        if self._accounts.get(login) != params["token"]:
            raise Refused("credentials")
        if lacking:
            raise Refused("missing", names=", ".join(lacking))
        return login

    def _count(self, params: dict[str, str]) -> None:
        login = params.get("login", "")
        if login not in self._accounts or self._accounts[login] != params.get("token"):
            return
        start, count = self._minutes.get(login, (time.monotonic(), 0))
        if time.monotonic() >= start + 60:
            start, count = time.monotonic(), 0
        self._minutes[login] = (start, count + 1)
        if count >= 50_000:
            raise Refused("rate")

    def _create(self, call: Call, login: str, params: dict[str, str]) -> Answer:
        phone = re.sub("[^0-9]", "", params["phone"])
        if not 7 <= len(phone) <= 15:
            raise Refused("invalid", names="phone")
        now = time.time()
        day = (login, int(now // 86400))  # three in the morning of Moscow is midnight of UTC
        used = self._used.get(day, 0)
        if used >= self._limit:
            raise Refused("limit", used=used, of=self._limit)
        cost = len(rows(phone, 2))
        self._used[day] = used + cost
        self.charged += cost
        self._tasks.append((login, phone, call.peer, now))
        return Answer({"status": "ok", "id": 1000 + 7 * len(self._tasks)}, call.format)

    def _result(self, call: Call, login: str, params: dict[str, str]) -> Answer:
        number = int(params["id"]) if re.fullmatch("[0-9]{1,18}", params["id"]) else 0
        at, odd = divmod(number - 1000, 7)
        if odd or not 1 <= at <= len(self._tasks):
            raise Refused("unknown-task")
        owner, phone, peer, made = self._tasks[at - 1]
        now = time.time()
        if owner != login or now > made + LIFETIME:
            raise Refused("unknown-task")
        if now < made + self._seconds:
            return Answer({"status": "processing"}, call.format)
        found = rows(int(phone), 2)
        begun, ended = (_stamp(at) for at in (made, made + self._seconds))
        members = {"cost": str(len(found)), "ip": peer, "create_time": begun, "end_time": ended}
        return Answer({"status": "ready", "data": found, **members}, call.format, rows="data")

    def _info(self, _call: Call, login: str, _params: dict[str, str]) -> Answer:
        used = self._used.get((login, int(time.time() // 86400)), 0)
        limit = {"used": used, "of": self._limit}
        account = {"api_limit": limit, "api_time_limit": "2031-04-17", "demo": "0"}
        return Answer({"status": "ok", "data": [account]})


def _stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment + MOSCOW))
