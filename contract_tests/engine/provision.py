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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from contract_tests.api.calls import Account
from contract_tests.budget.sender import CONTROL_TIMEOUT, send_control
from contract_tests.contract.clauses import UsageError
from contract_tests.decode.json import read_json
from contract_tests.decode.model import Unreadable
from contract_tests.engine.options import SECRET_VARIABLES, CheckOptions, read_phone
from contract_tests.engine.target import MAGIC, Phones, Target, on_loopback, read_url
from contract_tests.findings.exit_code import UNREACHABLE, USAGE
from contract_tests.report.renderers import fixed_texts
from contract_tests.transport.messages import KINDS, Request, TransportError
from mockserver import data

USUAL_PORT = 8080
PRIVATE_DELAY = 0.25
"""Seconds that a task of the private mock takes."""
START_TIMEOUT = 20.0
BUSY = 2.0
"""Seconds in which a mock on a busy machine answers a control call."""
MAIN_LIMIT = 1_000_000
LONGEST_SECRET = 1000
"""Characters of a credential: every answer and every report is searched for it."""
VARIABLES = "IFIND_LOGIN and IFIND_TOKEN (and IFIND_LOGIN2, IFIND_TOKEN2 for a second account)"


PHONE = "name a number that you may look up, with --phone or IFIND_PHONE"


class UnreachableError(Exception):
    """The target can't be reached."""


def unreachable(base: str, why: object) -> UnreachableError:
    """The error of a target that can't be reached; for one on this machine it says how a mock is started there."""
    url = urlsplit(base)
    remedy = ""
    if on_loopback(base) and KINDS["tls"] not in str(why):  # where TLS fails, something runs
        tls = " --tls" if url.scheme == "https" else ""
        host = "" if url.hostname in ("127.0.0.1", "localhost") else f" --host {url.hostname}"
        usual = 443 if tls else 80
        port = "" if url.port == USUAL_PORT else f" --port {url.port or usual}"
        remedy = f"; is it running? Start it with `ifind-mock serve{tls}{host}{port}`"
    return UnreachableError(f"{base} can't be reached: {why}{remedy}")


def code_of(error: UsageError | UnreachableError) -> int:
    """The exit code of a run that can't begin."""
    return USAGE if isinstance(error, UsageError) else UNREACHABLE


@contextmanager
def target_of(options: CheckOptions) -> Iterator[Target]:
    """The target that the options name, up for as long as the context lasts.

    Raises UsageError where something must be named first, UnreachableError where nobody answers.
    """
    if options.url is None:
        with private_mock(options.profile) as base:
            target = _provisioned(base, options.phone, own_mock=True)
            yield replace(target, finish_tasks=partial(_put_clock_forward, base))
    else:
        yield _target_at(options.url, options)


def _target_at(base: str, options: CheckOptions) -> Target:
    environ = options.environment
    login, token = environ.get("IFIND_LOGIN"), environ.get("IFIND_TOKEN")
    if makes_accounts(base, options):
        check_secrets(environ)
        admin_token, seconds = environ.get("IFIND_MOCK_ADMIN_TOKEN"), _patience(options)
        return _provisioned(base, options.phone, admin_token, own_mock=options.own_mock, seconds=seconds)
    check_named(base, options)
    assert login is not None, "it is named"
    assert token is not None, "it is named"
    login2, token2 = environ.get("IFIND_LOGIN2"), environ.get("IFIND_TOKEN2")
    if bool(login2) != bool(token2):
        raise UsageError("the second account is half named: set both IFIND_LOGIN2 and IFIND_TOKEN2, or neither")
    named = options.phone or environ.get("IFIND_PHONE")
    return Target(
        base=base,
        main=Account(login, token),
        second=Account(login2, token2, "2") if login2 and token2 else None,
        phones=Phones(named or MAGIC.ordinary),
    )


def makes_accounts(base: str, options: CheckOptions) -> bool:
    """Whether the suite makes its own accounts at the URL, which is a mock's, so that units cost nothing.

    Raises UnreachableError where nobody answers.
    """
    environ = options.environment
    reachable = on_loopback(base) or bool(environ.get("IFIND_MOCK_ADMIN_TOKEN"))
    if environ.get("IFIND_LOGIN") or not reachable:
        return False
    return is_mock(base, _patience(options)) if options.makes_accounts is None else options.makes_accounts


def _patience(options: CheckOptions) -> float:
    """Seconds for a call of a control route, which is sent before the run's own time begins: no more than that, but
    long enough for a mock on a busy machine.
    """
    return min(CONTROL_TIMEOUT, max(BUSY, options.run_timeout or CONTROL_TIMEOUT))


def check_named(base: str, options: CheckOptions, *, credentials: bool = True) -> None:
    """Raises UsageError with all that a run at the URL lacks at once: the credentials, if they count, and the phone,
    without which no target elsewhere is called.
    """
    environ = options.environment
    check_secrets(environ)
    needs_phone = not on_loopback(base) and not options.tasks
    phone = options.phone or environ.get("IFIND_PHONE") or not needs_phone
    known = (environ.get("IFIND_LOGIN") and environ.get("IFIND_TOKEN")) or not credentials
    lacking = [what for what, named in (("credentials", known), ("phone", phone)) if not named]
    remedies = {"credentials": f"set {VARIABLES}", "phone": PHONE}
    if environ.get("IFIND_PHONE"):
        read_phone(environ["IFIND_PHONE"])
    if lacking:
        raise UsageError(f"{base}: no {' and no '.join(lacking)}; {'; '.join(remedies[what] for what in lacking)}")


def check_secrets(environ: Mapping[str, str]) -> None:
    """Raises UsageError, which does not show it, for a secret that could not be masked in what a server makes of it."""
    for name in SECRET_VARIABLES:
        secret = environ.get(name, "")
        if len(secret) > LONGEST_SECRET:
            size = len(secret)
            raise UsageError(
                f"{name} has {size} characters, of which no more than {LONGEST_SECRET} can be masked; check it"
            )
        if secret != secret.strip() or secret[:1] in _INVISIBLE or secret[-1:] in _INVISIBLE:
            end = "begins" if secret[:1].isspace() or secret[:1] in _INVISIBLE else "ends"
            raise UsageError(f"{name} {end} in white space, such as a line feed: take it away")


_INVISIBLE = ("\u200b", "\ufeff")


def _provisioned(
    base: str,
    phone: str | None = None,
    admin_token: str | None = None,
    *,
    own_mock: bool,
    seconds: float = CONTROL_TIMEOUT,
) -> Target:
    """A mock whose control routes are there; the phone may replace its ordinary one."""
    run, url = secrets.token_hex(4), f"{_root(base)}/_mock/accounts"
    bearer = (("Authorization", f"Bearer {admin_token}"),) if admin_token else ()
    phones = replace(MAGIC, ordinary=read_phone(phone)) if phone else MAGIC

    def make(name: str, daily_limit: int) -> Account:
        login, token = f"check-{run}-{name or '1'}@example.com", f"check-token-{secrets.token_hex(8)}"
        body = json.dumps({"login": login, "token": token, "daily_limit": daily_limit}).encode()
        request = Request("POST", url, (("Content-Type", "application/json"), *bearer), body)
        try:
            answer = send_control(request, seconds)
            made = read_json(answer.body).model
        except (TransportError, Unreadable) as error:
            raise UsageError(f"{url}: no account could be made ({error}); set {VARIABLES}") from None
        if answer.status in (401, 403):
            raise UsageError(f"{url} wants the admin token: set IFIND_MOCK_ADMIN_TOKEN, or {VARIABLES}")
        if answer.status not in (200, 201):
            raise UsageError(f"{url}: no account could be made (HTTP {answer.status}); set {VARIABLES}")
        for key in ("login", "token"):
            if not isinstance(made.get(key), str) or not 0 < len(made[key]) <= LONGEST_SECRET:
                raise UsageError(f"{url} answered without a {key} of 1 to {LONGEST_SECRET} characters; set {VARIABLES}")
            if any(made[key] in text for text in fixed_texts()):
                raise UsageError(
                    f"{url} made a {key} that is a word of the report, which can't be masked; set {VARIABLES}"
                )
        return Account(made["login"], made["token"], name)

    return Target(base, make("", MAIN_LIMIT), phones, make("2", MAIN_LIMIT), own_mock, make)


def _put_clock_forward(base: str) -> None:
    """Puts the clock of a private mock forward by the time that a task takes."""
    body = json.dumps({"seconds": PRIVATE_DELAY}).encode()
    request = Request("POST", f"{_root(base)}/_mock/clock/advance", (("Content-Type", "application/json"),), body)
    with suppress(TransportError):  # time passes by itself, too, and the next poll tells what is wrong
        send_control(request)


def accounts_on(base: str) -> tuple[Account, Account]:
    """Two new accounts on a mock that is the suite's own."""
    target = _provisioned(base, own_mock=True)
    assert target.second is not None, "it was made"
    return target.main, target.second


def is_mock(base: str, seconds: float = CONTROL_TIMEOUT) -> bool:
    """Whether a mock answers at the URL; takes one call without credentials. Raises UnreachableError."""
    try:
        answer = send_control(Request("GET", f"{_root(base)}/_mock/health"), seconds)
    except TransportError as failure:
        if failure.kind == "unreachable":
            raise unreachable(base, failure) from None
        return False
    try:
        health = read_json(answer.body).model
    except Unreadable:
        return False
    return answer.status == 200 and {"version", "uptime"} <= set(health)


def _root(base: str) -> str:
    url = urlsplit(base)
    return f"{url.scheme}://{url.netloc}"


@contextmanager
def private_mock(profile: Path | None = None, *more: str) -> Iterator[str]:
    """The base URL of a new mock on a free port, in an empty directory and environment; more are options of `serve`. It
    ends with the context. Raises UnreachableError where it does not start.
    """
    command = [
        sys.executable,
        "-m",
        "mockserver",
        "serve",
        "--port",
        "0",
        "--delay",
        f"{PRIVATE_DELAY}s",
        "--seed",
        "0",
        *(("--with-parent",) if sys.platform != "win32" else ()),
        *more,
    ]
    if profile is not None:
        command += ["--profile", str(profile.resolve())]
    kept = {k: v for k, v in os.environ.items() if k in ("SYSTEMROOT", "LD_LIBRARY_PATH")}
    environ = {**kept, "PYTHONPATH": str(data.PACKAGE.parent), "PYTHONUTF8": "1"}
    with ExitStack() as stack:
        try:
            empty = stack.enter_context(tempfile.TemporaryDirectory())
            log = stack.enter_context(tempfile.TemporaryFile())
            process = stack.enter_context(
                subprocess.Popen(
                    command, cwd=empty, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
                )
            )
        except OSError as error:  # such as no directory for temporary files
            raise UnreachableError(f"the private mock did not start: {error.strerror}") from None
        assert process.stdout is not None, "it was asked for"
        try:
            yield _first_line(process.stdout.fileno(), log.fileno())
        finally:
            process.kill()
            process.wait()  # after a Ctrl-C the end of the block would hardly wait


def _first_line(out: int, log: int) -> str:
    """The base URL off the line `ready URL`."""
    end, line = time.monotonic() + START_TIMEOUT, b""
    with selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, end - time.monotonic())):
            chunk = os.read(out, 4096)
            if not chunk:
                break
            line += chunk
    word, _, url = line.decode("utf-8", "replace").strip().partition(" ")
    if word == "ready" and line.endswith(b"\n"):
        return read_url(url)
    said = os.pread(log, 2000, 0).decode("utf-8", "replace").strip()
    raise UnreachableError(f"the private mock did not start{': ' + said if said else ''}")
