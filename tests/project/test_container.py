"""The Dockerfile and compose.yaml: their instructions are followed without Docker, as far as that goes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.request
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.needed import release_tool
from support.processes import COMMAND, environment

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each on one line, without its comments."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last(word: str) -> str:
    """What the last instruction of a kind says."""
    return [rest for name, rest in instructions() if name == word][-1]


def variables() -> dict[str, str]:
    return dict(part.split("=", 1) for name, rest in instructions() if name == "ENV" for part in shlex.split(rest))


def copied() -> list[str]:
    """What is copied from the checkout."""
    return [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]


def test_the_context_has_what_is_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}

    assert ignored[0] == "*"
    assert {source.partition("/")[0] for source in copied()} == kept
    assert [source for source in copied() if not (ROOT / source).exists()] == []


def test_bases_are_pinned_and_slim_and_the_last_user_is_not_root() -> None:
    bases = {rest.split()[0] for name, rest in instructions() if name == "FROM"}
    (base,) = bases
    newest = re.findall(r":: Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))[-1]

    assert fnmatch(base, f"python:{newest}-slim-*")
    assert last("USER") not in {"root", "0"}
    assert [name for name, _ in instructions()].index("HEALTHCHECK") > 0


def test_what_is_copied_is_enough_to_install(tmp_path: Path) -> None:
    for source in copied():
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", "made", "."],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "made").glob("ifind_mock-*.whl"))) == 1


def run(words: str, **more: str) -> subprocess.Popen[str]:
    """A command of the Dockerfile in the form of a list, with its variables."""
    command = json.loads(words)
    program = {"ifind-mock": COMMAND, "python": [sys.executable]}[command[0]]
    return subprocess.Popen(
        [*program, *command[1:]],
        env=environment(**{name: value for name, value in variables().items() if name != "PATH"}, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def started() -> str:
    return json.dumps(json.loads(last("ENTRYPOINT")) + json.loads(last("CMD")))


@pytest.mark.parametrize("more", [{}, {"IFIND_MOCK_TLS": "true"}], ids=["plain", "TLS"])
def test_it_serves_other_machines_and_its_health_is_known_without_a_token(more: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    check = last("HEALTHCHECK").partition("CMD ")[2]
    variables = {"IFIND_MOCK_PORT": port, "IFIND_MOCK_ADMIN_TOKEN": "choose-one", **more}
    asking = {**variables, "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    scheme = "https" if more else "http"
    with run(started(), **variables) as mock:
        try:
            assert mock.stdout
            assert mock.stdout.readline() == f"ready {scheme}://127.0.0.1:{port}/api\n"
            with run(check, **asking) as healthy:
                healthy.communicate(timeout=20)
            url = f"{scheme}://127.0.0.1:{port}/_mock/accounts"
            request = urllib.request.Request(url, headers={"Authorization": "Bearer choose-one"})
            context = ssl._create_unverified_context()
            assert urllib.request.urlopen(request, timeout=10, context=context).status == 200
        finally:
            mock.terminate()
    with run(check, **asking) as unhealthy:
        _, why = unhealthy.communicate(timeout=20)

    assert healthy.returncode == 0
    assert (unhealthy.returncode, why) == (1, "ifind-mock: [Errno 111] Connection refused\n")
    assert mock.returncode == 0


def test_without_an_admin_token_it_says_what_to_set() -> None:
    with run(started()) as mock:
        _, err = mock.communicate(timeout=20)

    assert mock.returncode == 2
    assert "set IFIND_MOCK_ADMIN_TOKEN" in err


@pytest.mark.once
def test_linters_find_nothing() -> None:
    for command in (
        [release_tool("hadolint"), "Dockerfile"],
        [release_tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return document


def test_compose_says_which_variable_has_the_token_and_locks_the_container_down() -> None:
    (mock,) = compose()["services"].values()
    (name,) = re.findall(r"\$\{(\w+):\?", mock["environment"]["IFIND_MOCK_ADMIN_TOKEN"])

    assert name == "IFIND_MOCK_ADMIN_TOKEN"
    assert mock["read_only"]
    assert mock["cap_drop"] == ["ALL"]
    assert mock["ports"] == [f"127.0.0.1:{last('EXPOSE')}:{last('EXPOSE')}"]
