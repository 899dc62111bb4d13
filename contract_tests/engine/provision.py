"""Brings a target about: a private mock, accounts of its own on a mock's URL, or credentials from the environment."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from contract_tests.api.calls import Account
from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import LIVE, CheckOptions, read_phone
from contract_tests.engine.target import MAGIC, Phones, Target, on_loopback, read_url
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import Request, TransportError
from mockserver import data

PRIVATE_DELAY = "250ms"
START_TIMEOUT = 20.0
MAIN_LIMIT = 1_000_000
VARIABLES = "IFIND_LOGIN and IFIND_TOKEN (and IFIND_LOGIN2, IFIND_TOKEN2 for a second account)"


class UnreachableError(Exception):
    """The target can't be reached. Exit code 3."""


@contextmanager
def target_of(options: CheckOptions) -> Iterator[Target]:
    """The target that the options name, up for as long as the context lasts.

    Raises UsageError where something must be named first, UnreachableError where there is nobody.
    """
    environ = os.environ if options.environ is None else options.environ
    if options.target == "mock":
        with private_mock(options.profile) as base:
            yield _provisioned(base, None, replace_phone(options), private=True)
        return
    base = read_url(LIVE if options.target == "live" else options.target)
    yield _given(base, options, environ)


def _given(base: str, options: CheckOptions, environ: Mapping[str, str]) -> Target:
    login, token = environ.get("IFIND_LOGIN"), environ.get("IFIND_TOKEN")
    admin_token = environ.get("IFIND_MOCK_ADMIN_TOKEN")
    if makes_accounts(base, environ):
        return _provisioned(base, admin_token, replace_phone(options), private=options.private)
    if not login or not token:
        raise UsageError(f"{base}: no credentials; set {VARIABLES}")
    login2, token2 = environ.get("IFIND_LOGIN2"), environ.get("IFIND_TOKEN2")
    if bool(login2) != bool(token2):
        raise UsageError("the second account is half named: set both IFIND_LOGIN2 and IFIND_TOKEN2, or neither")
    optional = on_loopback(base) or options.tasks
    named = options.phone or (phone_of(environ) if environ.get("IFIND_PHONE") or not optional else None)
    return Target(
        base=base,
        main=Account(login, token),
        second=Account(login2, token2, "2") if login2 and token2 else None,
        phones=Phones(named or MAGIC.ordinary),
    )


def makes_accounts(base: str, environ: Mapping[str, str]) -> bool:
    """Whether the URL is that of a mock on which the suite makes accounts of its own, so that units cost nothing.

    Raises UnreachableError where nobody answers.
    """
    reachable = on_loopback(base) or bool(environ.get("IFIND_MOCK_ADMIN_TOKEN"))
    return not environ.get("IFIND_LOGIN") and reachable and is_mock(base)


def phone_of(environ: Mapping[str, str]) -> str:
    """The phone of the environment. Raises UsageError where there is none, or none that is a number."""
    phone = environ.get("IFIND_PHONE")
    if not phone:
        raise UsageError("no phone: name a number that you may look up, with --phone or IFIND_PHONE")
    return read_phone(phone)


def replace_phone(options: CheckOptions) -> Phones:
    """The mock's phones, with the ordinary one that the options may name."""
    return replace(MAGIC, ordinary=read_phone(options.phone)) if options.phone else MAGIC


# A mock whose control routes are there.


def _provisioned(base: str, admin_token: str | None, phones: Phones, *, private: bool) -> Target:
    run = secrets.token_hex(4)

    def make(name: str, daily_limit: int) -> Account:
        asked = {"login": f"check-{run}-{name or '1'}@example.com", "token": f"check-token-{secrets.token_hex(8)}"}
        told = _control(base, "POST", "accounts", {**asked, "daily_limit": daily_limit}, admin_token)
        try:
            return Account(str(told["login"]), str(told["token"]), name)
        except KeyError as missing:
            raise UsageError(f"{_root(base)}/_mock/accounts did not tell the account's {missing}") from None

    return Target(base, make("", MAIN_LIMIT), phones, make("2", MAIN_LIMIT), private, make)


def accounts_on(base: str) -> tuple[Account, Account]:
    """Two new accounts on a mock that is the suite's own."""
    target = _provisioned(base, None, MAGIC, private=True)
    assert target.second is not None, "it was made"
    return target.main, target.second


def is_mock(base: str) -> bool:
    """Whether a mock answers at the URL: one call without credentials tells. Raises UnreachableError."""
    try:
        with HttpClient(deadline=10) as wire:
            answer = wire.send(Request("GET", f"{_root(base)}/_mock/health"))
    except TransportError as failure:
        if failure.kind == "unreachable":
            raise UnreachableError(f"{base} can't be reached: {failure}") from None
        return False
    try:
        told = json.loads(answer.body)
    except ValueError:
        return False
    # A mock with an admin token says so as application/problem+json.
    keys = {200: {"version", "api"}, 401: {"title", "problems"}}.get(answer.status)
    return isinstance(told, dict) and keys is not None and keys <= set(told)


def _control(base: str, http_method: str, route: str, body: object, admin_token: str | None) -> dict[str, object]:
    url = f"{_root(base)}/_mock/{route}"
    bearer = (("Authorization", f"Bearer {admin_token}"),) if admin_token else ()
    sent = Request(http_method, url, (("Content-Type", "application/json"), *bearer), json.dumps(body).encode())
    try:
        with HttpClient(deadline=10) as wire:
            answer = wire.send(sent, repeatable=False)
        told = json.loads(answer.body)
    except (TransportError, ValueError) as error:
        raise UsageError(f"{url}: no account could be made ({error}); set {VARIABLES}") from None
    if answer.status in (401, 403):
        raise UsageError(f"{url} wants the admin token: set IFIND_MOCK_ADMIN_TOKEN, or {VARIABLES}")
    if answer.status not in (200, 201) or not isinstance(told, dict):
        raise UsageError(f"{url}: no account could be made (HTTP {answer.status}); set {VARIABLES}")
    return told


def _root(base: str) -> str:
    url = urlsplit(base)
    return f"{url.scheme}://{url.netloc}"


@contextmanager
def private_mock(profile: Path | None = None, *more: str) -> Iterator[str]:
    """A mock of our own on a free port, in an empty directory and environment, of the profile where one is given, with
    more options of `serve`; its base URL. It ends with the context, whatever happens. Raises UnreachableError where it
    does not start.
    """
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--delay", PRIVATE_DELAY, "--seed", "0"]
    if profile is not None:
        command += ["--profile", str(profile.resolve())]
    command += more
    kept = {k: v for k, v in os.environ.items() if k in ("SYSTEMROOT", "LD_LIBRARY_PATH")}
    environ = {**kept, "PYTHONPATH": str(data.PACKAGE.parent), "PYTHONUTF8": "1"}
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=empty, env=environ, stdout=subprocess.PIPE, stderr=log)
        try:
            yield _first_line(process, log.fileno())
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None, "it was asked for"
            process.stdout.close()


def _first_line(process: subprocess.Popen[bytes], log: int) -> str:
    """The base URL off the line `ready URL`."""
    assert process.stdout is not None, "it was asked for"
    end = time.monotonic() + START_TIMEOUT
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, end - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                break
            line += chunk
    word, _, url = line.decode("utf-8", "replace").strip().partition(" ")
    if word == "ready" and line.endswith(b"\n"):
        return read_url(url)
    said = os.pread(log, 2000, 0).decode("utf-8", "replace").strip()
    raise UnreachableError(f"the private mock did not start{': ' + said if said else ''}")
