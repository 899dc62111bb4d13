"""The way to Redis: its address, one connection that is made anew when it breaks, and what its failures mean."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from mockserver.core.errors import StoreError
from mockserver.machine_time import monotonic
from mockserver.stores.trouble import Trouble

PATIENCE = 1.0
"""Seconds to wait for a connection, and for an answer."""
RETRY = 0.1
"""Seconds between two attempts to reach a Redis that is away; more where an attempt takes long."""

Reply: TypeAlias = Any
"""A text, a number, None, or a list of them."""
Settle: TypeAlias = "Callable[[Reply, StoreError | None], object]"
"""Takes what a script gave, or why that is not known: LostAnswer where it may have run. Asks nothing of the link."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis is, and which state in it."""

    secure: bool  # over TLS
    host: str
    port: int
    database: int
    name: str  # of the state: mocks with the same name are one
    user: str | None
    password: str | None

    def __str__(self) -> str:
        """As a message shows it: without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis{'s' * self.secure}://{host}:{self.port}/{self.database}?name={self.name}"

    @property
    def tag(self) -> str:
        """What all keys begin with. A cluster puts keys with the same text in braces together."""
        return f"{{ifind-mock:{self.name}}}"


def parse_address(url: str) -> RedisAddress:
    """The address of a URL that fits the pattern of the table of stores. Raises StoreError."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise StoreError(f"redis://{parts.hostname}: the port is out of range; name one from 1 to 65535") from None
    return RedisAddress(
        secure=parts.scheme.lower() == "rediss",
        host=parts.hostname or "",
        port=6379 if port is None else port,
        database=int(parts.path.strip("/") or 0),
        name=parts.query.removeprefix("name=") or "default",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class LostAnswer(StoreError):
    """The connection broke after something had been sent: it may have been done, or may still be done."""


class Script:
    """A script, and the name that Redis gives it."""

    def __init__(self, text: str, *, writes: bool = False, in_passing: bool = False) -> None:
        self.text = text
        self.writes = writes
        self.in_passing = in_passing  # no call needs it: a refusal of it is no trouble
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()


class Link:
    """One connection to a Redis. begin is called on each new one, before anything else is asked."""

    def __init__(self, address: RedisAddress, trouble: Trouble, begin: Callable[[], None]) -> None:
        self.address = address
        self._trouble = trouble
        self._begin = begin
        self._beginning = False
        self._next_try = 0.0
        self._opened = False
        self._connected = False
        self._away = ""  # why Redis can't be reached; empty where it can
        self._connection = _connection(address)
        self._sent: tuple[Script, tuple[str | int, ...], Settle] | None = None  # of which the answer is to be read

    def run(self, script: Script, *words: str | int) -> Reply:
        """What the script gives. Raises StoreError; LostAnswer where it may have run."""
        given = self._again(("EVALSHA", script.sha, 1, self.address.tag, *words), script)
        if script.writes and self._trouble.now is not None:
            self._trouble.is_over()
        return given

    def send(self, script: Script, words: Iterable[str | int], settle: Settle) -> None:
        """Has the script run without waiting for what it gives: settle is called with that, or with why it is not
        known, before anything else is done here. Raises StoreError where it was not sent.
        """
        self.collect()
        if not self._connected:
            self._connect()
        sent = ("EVALSHA", script.sha, 1, self.address.tag, *words)
        try:
            self._connection.send_command(*sent)
        except UnicodeEncodeError:
            raise
        except (RedisError, OSError) as error:
            raise self._failure(error, script) from None
        self._sent = script, sent, settle

    def collect(self) -> None:
        """Settles what was sent, where that is still to be done."""
        if self._sent is not None:
            self._read_sent()()

    def _read_sent(self) -> Callable[[], object]:
        """Reads what was sent gives. Gives what is to be done then."""
        assert self._sent is not None
        (script, words, settle), self._sent = self._sent, None
        try:
            given = self._connection.read_response()
        except NoScriptError:
            return lambda: self._send_whole(script, words, settle)
        except (RedisError, OSError, UnicodeDecodeError) as error:
            failure = self._failure(error, script)
            return lambda: settle(None, failure)
        return lambda: settle(given, None)

    def _send_whole(self, script: Script, words: tuple[str | int, ...], settle: Settle) -> None:
        try:
            given = self._once(words, script)
        except StoreError as error:
            settle(None, error)
        else:
            settle(given, None)

    def ask(self, *words: str | int) -> Reply:
        """What a command gives. Raises StoreError; LostAnswer where it may have run."""
        return self._again(words, None)

    def close(self) -> None:
        """Ends the connection."""
        self._connected = False
        self._connection.disconnect()
        if self._sent is not None:
            (_, _, settle), self._sent = self._sent, None
            settle(None, LostAnswer(f"{self.address}: the connection was closed"))

    def _again(self, words: tuple[str | int, ...], script: Script | None) -> Reply:
        """What the command gives; where the connection breaks that was there before, on a new one."""
        had = self._connected and not self._beginning
        try:
            return self._once(words, script)
        except LostAnswer as lost:
            if not had:
                raise
            try:
                self._connect()
            except StoreError as error:
                raise LostAnswer(str(error)) from lost
        return self._once(words, script)

    def _once(self, words: tuple[str | int, ...], script: Script | None) -> Reply:
        if not self._connected:
            self._connect()
        try:
            return self._exchange(words, script)
        except UnicodeEncodeError:
            raise
        except (RedisError, OSError, UnicodeDecodeError) as error:
            raise self._failure(error, script) from None

    def _exchange(self, words: tuple[str | int, ...], script: Script | None) -> Reply:
        self._connection.send_command(*words)
        if self._sent is not None:
            # What was sent before comes first. It is settled once this answer is read, too: it may ask on its own.
            settled = self._read_sent()
            try:
                if not self._connected:
                    raise LostAnswer(f"{self.address}: the connection was closed")
                return self._answer(words, script)
            finally:
                settled()
        return self._answer(words, script)

    def _answer(self, words: tuple[str | int, ...], script: Script | None) -> Reply:
        try:
            return self._connection.read_response()
        except NoScriptError:
            if script is None:
                raise
            # Redis was started anew, or has forgotten its scripts otherwise.
            self._connection.send_command("EVAL", script.text, *words[2:])
        return self._connection.read_response()

    def _connect(self) -> None:
        began = monotonic()
        if began < self._next_try:
            raise StoreError(self._away)
        try:
            self._connection.connect()
            self._connected, self._beginning = True, True
            self._begin()
        except (RedisError, OSError, UnicodeError, StoreError) as error:
            self.close()
            self._away = str(error if isinstance(error, StoreError) else self._failure(error))
            # An attempt that takes its time must not hold every call.
            self._next_try = monotonic() + max(RETRY, 5 * (monotonic() - began))
            if self._opened:  # whoever opens the store says so
                self._trouble.begins(self._trouble.now or self._away)
            raise StoreError(self._away) from None
        finally:
            self._beginning = False
        self._opened, self._away, self._next_try = True, "", 0.0
        self._trouble.is_over()

    def _failure(self, error: Exception, script: Script | None = None) -> StoreError:
        text = f"{self.address}: {_sentence(error)}"
        if not isinstance(error, ResponseError | UnicodeError) or isinstance(error, AuthenticationError):
            self.close()
            return LostAnswer(text)
        if self._opened and not self._beginning and not (script and script.in_passing):
            self._trouble.begins(text)
        return StoreError(text)


def _connection(address: RedisAddress) -> Any:  # half of its methods have no types
    kind: Any = SSLConnection if address.secure else Connection
    return kind(
        host=address.host,
        port=address.port,
        db=address.database,
        username=address.user,
        password=address.password,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        protocol=2,
        **({"ssl_cert_reqs": "required", "ssl_check_hostname": True} if address.secure else {}),
    )


_FOREIGN = "holds a value that no mock writes; name another state: ?name=…"
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (AuthenticationError, "refuses the user or the password; correct them in the state"),
    (AuthenticationWrongNumberOfArgsError, "knows no users, before Redis 6; leave the user out"),
    (NoPermissionError, "does not let the user run a command; allow all commands on the keys {ifind-mock:*"),
    (BusyLoadingError, "is still loading its data; wait until it has"),
    (ReadOnlyError, "is a replica, which takes no writes; name the primary"),
    (OutOfMemoryError, "has no memory left; raise its maxmemory, or reset what is not needed"),
    (NoAnswer, f"does not answer within {PATIENCE:g} s; see whether it is overloaded, stopped, or cut off"),
    (UnicodeDecodeError, _FOREIGN),
    (UnicodeError, "is no host's name; correct it in the state"),
)
"""What an error means, by its class, and what to do."""
_ANSWERS = (
    ("NOAUTH", "asks for a password; write redis://:PASSWORD@HOST"),
    ("WRONGPASS", "refuses the user or the password; correct them in the state"),
    ("MISCONF", "can't save to its disk, so it takes no writes; make room on that disk"),
    ("MOVED", "is a node of a cluster, whose other node has these keys; name that one: CLUSTER NODES lists them"),
    ("WRONGTYPE", _FOREIGN),
    ("DB index is out of range", "has no database of that number; name another after the port"),
    ("would overflow", "holds numbers of 64 bits"),
)
"""The same by what stands in the text of an error that Redis gives."""


def _sentence(error: Exception) -> str:
    """What has happened, and what to do. It holds no word of the command: that may be a token."""
    by_kind = (meaning for kind, meaning in _KINDS if isinstance(error, kind))
    if not isinstance(error, ResponseError):
        return next(by_kind, _unreached(error))
    by_text = (meaning for text, meaning in _ANSWERS if text in str(error))
    word = re.match(r"[A-Z]+", str(error))
    return next(by_kind, next(by_text, f"refuses a command ({word[0] if word else 'an error'}); see its log"))


def _unreached(error: BaseException) -> str:
    """Why there is no connection, in the system's words, and what to do."""
    remedy, one = "start it, or name another address", error.__cause__ or error.__context__ or error
    if isinstance(one, ssl.SSLError):
        remedy = "rediss:// needs a Redis that speaks TLS there, whose CA the system trusts, or the file SSL_CERT_FILE"
        return f"has no TLS that can be trusted ({one.reason or 'the connection was closed'}); {remedy}"
    closed = "the connection was closed"
    cause = (
        (os.strerror(one.errno) if one.errno and one.errno > 0 else one.strerror) if isinstance(one, OSError) else ""
    )
    return f"can't be reached ({cause or closed}); {remedy}"
