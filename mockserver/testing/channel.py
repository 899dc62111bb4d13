"""The ways to the control API: by calls in this process, or over HTTP. Both take and give JSON values."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from mockserver.api.http import url_of
from mockserver.core.errors import IfindMockError, Problem
from mockserver.testing.suite import safe

if TYPE_CHECKING:
    from mockserver.web.control import Control

_TIMEOUT = 30.0  # seconds; a test should not hang where a server does not answer
_FIRST_ERROR = 400
_LARGEST = 64 * 2**20
"""Bytes of an answer that are read."""


class ControlError(IfindMockError):
    """The control API refused, or can't be reached. The text lists every problem: where, what, and what to do."""

    def __init__(self, *problems: Problem, status: int | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(safe("\n".join(map(str, problems))))
        self.problems = problems
        self.status = status  # the HTTP status of the refusal; None where there was no answer
        self.details = details or {}  # the answer's body


class Channel(Protocol):
    """A way to the control API of one mock."""

    @property
    def api(self) -> str:
        """The URL of the mock's API."""

    @property
    def authority(self) -> Path | None:
        """The certificate of its CA, where it has been started here with TLS."""

    def call(
        self,
        http_method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
        patience: float = 0,
    ) -> Any:
        """The JSON value that a route answers. path is below `/_mock`, without escapes; patience are the seconds that
        the answer may wait by itself. Raises ControlError for a refusal.
        """


class LocalChannel:
    """The control of a mock in this process."""

    def __init__(self, api: str, authority: Path | None, control: Control) -> None:
        self.api = api
        self.authority = authority
        self._control = control

    def call(
        self,
        http_method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
        patience: float = 0,  # noqa: ARG002 - the control bounds its waits itself
    ) -> Any:
        """See Channel."""
        texts = {name: str(value) for name, value in (query or {}).items()}
        # As over HTTP, so that the mock keeps nothing that the caller may change.
        sent = None if body is None else json.loads(_json(body))
        try:
            handled = self._control.handle(http_method, path, texts, sent)
        except IfindMockError as error:  # the server has stopped
            raise ControlError(Problem("", str(error))) from None
        if handled.is_problem:
            raise _refused(handled.status, handled.body)
        return handled.body


class RemoteChannel:
    """The control API at a URL. The proxies of the environment are not used."""

    authority = None

    def __init__(self, url: str, admin_token: str | None) -> None:
        self._scheme, self._host, self._port, self._path = _parts(url)
        self._base = f"{url_of(self._host, self._port, self._scheme)}{self._path}"
        self._headers = {"Content-Type": "application/json"}
        if admin_token is not None:
            self._headers["Authorization"] = f"Bearer {admin_token}"
        self.api = f"{self._base}/api"

    def call(
        self,
        http_method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
        patience: float = 0,
    ) -> Any:
        """See Channel."""
        kind = HTTPSConnection if self._scheme == "https" else HTTPConnection
        seconds = _TIMEOUT + patience
        connection = kind(self._host, self._port, timeout=seconds)
        target = f"{self._path}/_mock{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        sent = b"" if body is None else _json(body).encode()
        try:
            connection.connect()
            with _cut_after(seconds, connection.sock):
                connection.request(http_method, target, sent, self._headers)
                response = connection.getresponse()
                status, content = response.status, response.read(_LARGEST)
        except (OSError, HTTPException, UnicodeError) as error:
            why = str(error) or type(error).__name__
            raise ControlError(Problem(self._base, f"does not answer: {why}", "see whether the mock runs")) from None
        finally:
            connection.close()
        try:
            value = json.loads(content) if content else None
        except (ValueError, RecursionError):
            value = ()
        if status >= _FIRST_ERROR and isinstance(value, dict) and isinstance(value.get("problems"), list):
            raise _refused(status, value)
        if status >= _FIRST_ERROR or value == ():
            raise foreign(f"{self._base}/_mock{path}", status)
        return value


def _parts(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of the URL of a mock, the path without its last part."""
    try:
        parts = urlsplit(url)
        default = {"http": 80, "https": 443}[parts.scheme]
        host, port = parts.hostname or "", parts.port or default
    except (KeyError, ValueError):
        host, port = "", 0
    if not host:
        raise ControlError(Problem("", "this is not the URL of a mock", "write it as http://127.0.0.1:8080/api"))
    path = parts.path.rstrip("/")
    return parts.scheme, host, port, path.removesuffix("/api").removesuffix("/_mock")


@contextmanager
def _cut_after(seconds: float, sock: socket.socket) -> Iterator[None]:
    """Ends the connection after so many seconds: a time-out alone begins anew with each byte that comes."""

    def cut() -> None:
        with suppress(OSError):  # it has ended by itself
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
        if not timer.is_alive():
            raise TimeoutError("timed out")
    finally:
        timer.cancel()


def foreign(where: str, status: int = 200) -> ControlError:
    """The error of an answer that no mock gives."""
    what = f"answers {status}, and not as the control API of an ifind-mock does"
    return ControlError(Problem(where, what, "check the URL"), status=status)


def _refused(status: int, body: Mapping[str, Any]) -> ControlError:
    problems = [one if isinstance(one, dict) else {} for one in body["problems"]]
    known = [Problem(*(str(one.get(part, "")) for part in ("where", "what", "remedy"))) for one in problems]
    return ControlError(*known, status=status, details=body)


def whole_list(channel: Channel, name: str, query: Mapping[str, str | int]) -> list[dict[str, Any]]:
    """All entries of a list that comes in pages."""
    entries: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = channel.call("GET", f"/{name}", query={**query, "offset": offset, "limit": 1000})
        listed, following = (page.get(name), page.get("next")) if isinstance(page, dict) else (None, None)
        goes_on = following is None or (isinstance(following, int) and following > offset and listed)
        if not isinstance(listed, list) or not goes_on:
            raise foreign(f"{channel.api}: the list of {name}")
        entries += listed
        offset = following
    return entries


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise ControlError(Problem("", f"this can't be written as JSON: {error}")) from None
