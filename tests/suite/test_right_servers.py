"""The suite against servers: it passes on every right one, with any choice where one is open, and on no broken one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import waitress

from mockserver.assembly import open_gateway
from mockserver.mutants.catalogue import MUTANTS
from mockserver.mutants.hook import MutantHook
from mockserver.profile.profile import resolve
from mockserver.settings.loading import load
from mockserver.web.app import create_app
from mockserver.wire.serving import serve_mock
from support.command import ifind
from support.in_process import CLAUSES
from support.processes import environment

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[2]
OPEN = {c.id: c for c in CLAUSES.values() if c.default is not None}


def covering_set() -> list[dict[str, Any]]:
    """Profiles that hold every choice of every clause at least once."""
    size = max(len(clause.every_choice()) for clause in OPEN.values())
    return [{name: (c := clause.every_choice())[n % len(c)] for name, clause in OPEN.items()} for n in range(size)]


@contextmanager
def serving_profile(profile: dict[str, Any], *, mutant: str | None = None, **options: Any) -> Iterator[str]:
    settings = load({"delay": "150ms", **options}, {})
    settings = replace(settings, profile=resolve(CLAUSES, profile))
    hook = None if mutant is None else partial(MutantHook, MUTANTS[mutant])
    with serve_mock(open_gateway(settings, hook=hook), settings) as url:
        yield f"{url}/api"


def check(url: str, tmp_path: Path, *more: str) -> tuple[int, str]:
    done = ifind("check", url, *more, cwd=tmp_path)
    return done.returncode, done.stdout + done.stderr


def written(profile: dict[str, Any], tmp_path: Path) -> str:
    """The profile as a file."""

    def toml(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
        return json.dumps(value, ensure_ascii=False)

    path = tmp_path / "profile.toml"
    lines = ["[profile]", *(f"{json.dumps(name)} = {toml(choice)}" for name, choice in profile.items())]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.mark.few(3)
@pytest.mark.parametrize("profile", covering_set(), ids=lambda p: f"edition-{p['edition']}-root-{p['xml.root']}")
def test_check_passes_under_any_choices_and_finds_exactly_those(profile: dict[str, Any], tmp_path: Path) -> None:
    # A full check takes a thousand calls more: it is run under the first choice of each clause.
    full = ("--full",) if profile == covering_set()[0] else ()
    with serving_profile(profile) as url:
        code, output = check(url, tmp_path)
        knowing, told_knowing = check(url, tmp_path, *full, "--strict", "--profile", written(profile, tmp_path))

    assert code == 0, output
    assert knowing == 0, told_knowing


def test_the_covering_set_holds_every_choice_of_every_clause() -> None:
    held = {(name, json.dumps(choice)) for profile in covering_set() for name, choice in profile.items()}

    assert held == {(name, json.dumps(choice)) for name, c in OPEN.items() for choice in map(plain, c.every_choice())}


def plain(choice: Any) -> Any:
    return dict(choice) if not isinstance(choice, str) else choice


def test_a_choice_other_than_the_one_expected_is_refuted_and_counts_when_strict(tmp_path: Path) -> None:
    with serving_profile({"row.phone": "number", "xml.root": "r"}) as url:
        lenient, output = check(url, tmp_path, "--all", "--only", "row.phone", "--only", "xml.root")
        strict, _ = check(url, tmp_path, "--only", "xml.root", "--strict")

    assert (lenient, strict) == (0, 1)
    assert re.search(r"row\.phone +observed +refuted +number", output)
    assert re.search(r"xml\.root +assumed +refuted +r ", output)


def test_what_no_run_can_show_is_reported_and_is_no_failure(tmp_path: Path) -> None:
    done = ifind("check", "--all", "--only", "task.lifetime", cwd=tmp_path)

    assert done.returncode == 0
    assert re.search(r"^task\.lifetime +assumed +not checked ", done.stdout, re.MULTILINE)


def test_a_private_mock_of_a_profile_shows_that_profile(tmp_path: Path) -> None:
    profile = written({"xml.root": "r"}, tmp_path)
    done = ifind("check", "--profile", profile, "--strict", "--only", "xml.root", cwd=tmp_path)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("token", ["right", "wrong", None])
def test_on_a_mock_with_an_admin_token_accounts_are_made_with_it(token: str | None, tmp_path: Path) -> None:
    more = {} if token is None else {"IFIND_MOCK_ADMIN_TOKEN": token}
    with serving_profile({}, admin_token="right") as url:
        done = ifind("check", url, "--only", "create.ok", cwd=tmp_path, **more)

    assert done.returncode == (0 if token == "right" else 2)
    assert token == "right" or "set IFIND_MOCK_ADMIN_TOKEN" in done.stdout


def test_a_url_without_the_apis_path_is_refused_with_a_hint(tmp_path: Path) -> None:
    with serving_profile({}) as url:
        code, output = check(url.removesuffix("/api"), tmp_path)

    assert code == 2
    assert f"did you mean {url}?" in output


@pytest.fixture
def plain_wsgi() -> Iterator[str]:
    """The Flask app under waitress, without the wire server."""
    server = waitress.create_server(create_app(load({"delay": "150ms"}, {})), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}/api"
    server.close()
    thread.join(5)


def test_check_passes_on_the_flask_app_under_a_plain_wsgi_server(plain_wsgi: str, tmp_path: Path) -> None:
    code, output = check(plain_wsgi, tmp_path)

    assert code == 0, output


def pytest_alone(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "contract_tests", "--target", url, "-p", "no:cacheprovider", *more],
        cwd=CHECKOUT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_plain_pytest_runs_the_suite_with_the_same_exit_code() -> None:
    with serving_profile({}) as url:
        right = pytest_alone(url)
    with serving_profile({}, mutant="cost-is-0") as url:
        wrong = pytest_alone(url, "--only", "result.cost")

    assert right.returncode == 0, right.stdout
    assert wrong.returncode == 1, wrong.stdout
    assert "result.cost" in wrong.stdout
