"""Provides the target of a run: a private mock, a mock's URL with new accounts, or the user's credentials."""

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
from contract_tests.budget.sender import send_control
from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions, read_phone
from contract_tests.engine.target import MAGIC, Phones, Target, on_loopback, read_url
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

    Raises UsageError where something must be named first, UnreachableError where nobody answers.
    """
    url = options.url
    if url is not None:
        yield _target_at(url, options)
        return
    with private_mock(options.profile) as base:
        yield _provisioned(base, None, _mock_phones(options), private=True)


def _target_at(base: str, options: CheckOptions) -> Target:
    environ = options.environment
    login, token = environ.get("IFIND_LOGIN"), environ.get("IFIND_TOKEN")
    admin_token = environ.get("IFIND_MOCK_ADMIN_TOKEN")
    if makes_accounts(base, environ):
        return _provisioned(base, admin_token, _mock_phones(options), private=options.private)
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
    """Whether the suite makes its own accounts at the URL, which is a mock's, so that units cost nothing.

    Raises UnreachableError where nobody answers.
    """
    reachable = on_loopback(base) or bool(environ.get("IFIND_MOCK_ADMIN_TOKEN"))
    return not environ.get("IFIND_LOGIN") and reachable and is_mock(base)


def phone_of(environ: Mapping[str, str]) -> str:
    """The phone of the environment. Raises UsageError where none is named, or no number."""
    phone = environ.get("IFIND_PHONE")
    if not phone:
        raise UsageError("no phone: name a number that you may look up, with --phone or IFIND_PHONE")
    return read_phone(phone)


def _mock_phones(options: CheckOptions) -> Phones:
    """The mock's phones; the options may name the ordinary one."""
    return replace(MAGIC, ordinary=read_phone(options.phone)) if options.phone else MAGIC


# A mock whose control routes are there.


def _provisioned(base: str, admin_token: str | None, phones: Phones, *, private: bool) -> Target:
    run = secrets.token_hex(4)

    def make(name: str, daily_limit: int) -> Account:
        wanted = {"login": f"check-{run}-{name or '1'}@example.com", "token": f"check-token-{secrets.token_hex(8)}"}
        made = _control(base, "accounts", {**wanted, "daily_limit": daily_limit}, admin_token)
        try:
            return Account(str(made["login"]), str(made["token"]), name)
        except KeyError as missing:
            raise UsageError(f"{_root(base)}/_mock/accounts answered without the account's {missing}") from None

    return Target(base, make("", MAIN_LIMIT), phones, make("2", MAIN_LIMIT), private, make)


def accounts_on(base: str) -> tuple[Account, Account]:
    """Two new accounts on a mock that is the suite's own."""
    target = _provisioned(base, None, MAGIC, private=True)
    assert target.second is not None, "it was made"
    return target.main, target.second


def is_mock(base: str) -> bool:
    """Whether a mock answers at the URL; takes one call without credentials. Raises UnreachableError."""
    try:
        answer = send_control(Request("GET", f"{_root(base)}/_mock/health"))
    except TransportError as failure:
        if failure.kind == "unreachable":
            raise UnreachableError(f"{base} can't be reached: {failure}") from None
        return False
    try:
        health = json.loads(answer.body)
    except ValueError:
        return False
    # A mock with an admin token says so as application/problem+json.
    keys = {200: {"version", "api"}, 401: {"title", "problems"}}.get(answer.status)
    return isinstance(health, dict) and keys is not None and keys <= set(health)


def _control(base: str, route: str, body: object, admin_token: str | None) -> dict[str, object]:
    url = f"{_root(base)}/_mock/{route}"
    bearer = (("Authorization", f"Bearer {admin_token}"),) if admin_token else ()
    request = Request("POST", url, (("Content-Type", "application/json"), *bearer), json.dumps(body).encode())
    try:
        answer = send_control(request, repeatable=False)
        made = json.loads(answer.body)
    except (TransportError, ValueError) as error:
        raise UsageError(f"{url}: no account could be made ({error}); set {VARIABLES}") from None
    if answer.status in (401, 403):
        raise UsageError(f"{url} wants the admin token: set IFIND_MOCK_ADMIN_TOKEN, or {VARIABLES}")
    if answer.status not in (200, 201) or not isinstance(made, dict):
        raise UsageError(f"{url}: no account could be made (HTTP {answer.status}); set {VARIABLES}")
    return made


def _root(base: str) -> str:
    url = urlsplit(base)
    return f"{url.scheme}://{url.netloc}"


@contextmanager
def private_mock(profile: Path | None = None, *more: str) -> Iterator[str]:
    """The base URL of a new mock on a free port, in an empty directory and environment; more are options of `serve`. It
    ends with the context. Raises UnreachableError where it does not start.
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
