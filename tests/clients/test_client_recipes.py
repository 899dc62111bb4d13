"""The recipes in examples/clients: each one looks phones up on the mock, with its real interpreter."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from mockserver.testing import Account, Mock
from support.needed import not_here
from support.processes import environment

RECIPES = Path(__file__).parents[2] / "examples" / "clients"
NODE_MODULES = Path("/usr/share/nodejs")
JARS = tuple(Path("/usr/share/java", name) for name in ("gson.jar", "commons-csv.jar"))

pytestmark = pytest.mark.once


@dataclass(frozen=True)
class Recipe:
    """A client, and what it needs on this machine: commands, files, and a shell's test for more."""

    command: Sequence[str]
    needs: Sequence[str | Path] = ()
    check: str = "true"

    def lacks(self) -> list[str]:
        missing = [str(n) for n in self.needs if not (n.exists() if isinstance(n, Path) else shutil.which(n))]
        return missing or ([self.check] if subprocess.run(["sh", "-c", self.check], check=False).returncode else [])


CLIENTS = {
    "curl": Recipe(("sh", "curl.sh"), ("curl", "jq", "xmllint")),
    "requests": Recipe((sys.executable, "python_requests.py")),
    "httpx": Recipe((sys.executable, "python_httpx.py")),
    "fetch": Recipe(("node", "fetch.mjs"), ("node", NODE_MODULES / "@xmldom" / "xmldom")),
    "php": Recipe(("php", "curl.php"), ("php",), "php -m | grep -qx curl && php -m | grep -qx SimpleXML"),
    "java": Recipe(("java", "-cp", ":".join(map(str, (".", *JARS))), "Client"), ("javac", *JARS)),
}
FORMATS = ("json", "xml", "csv")


@cache
def lacking(name: str) -> list[str]:
    return CLIENTS[name].lacks()


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with Mock(delay="0s", daily_limit=100_000) as mock:
        yield mock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipes, beside the modules that npm would put there."""
    copied = tmp_path_factory.mktemp("clients") / "clients"
    shutil.copytree(RECIPES, copied)
    (copied / "node_modules").symlink_to(NODE_MODULES)
    if not lacking("java"):  # compiled once; a test runs it from its source
        jars = ":".join(map(str, JARS))
        subprocess.run(["javac", "-cp", jars, "Client.java"], cwd=copied, check=True)
    return copied


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if lacking(name):
        not_here(", ".join(lacking(name)))
    return name


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run(client: str, folder: Path, account: Account, *args: object, timeout: float = 20, **more: str) -> Ran:
    """What the recipe does for an account, with arguments, a time-out for its task, and more variables."""
    return ran([*CLIENTS[client].command, *map(str, args)], folder, account, IFIND_TIMEOUT=str(timeout), **more)


def ran(command: Sequence[str], folder: Path, account: Account, **more: str) -> Ran:
    variables = {
        "IFIND_API": account.url,
        "IFIND_LOGIN": account.login,
        "IFIND_TOKEN": account.token,
        "IFIND_PAUSE": "0.05",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **more,
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment(), **variables},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert account.token.encode() not in done.stdout + done.stderr
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def answer(account: Account, form: str) -> bytes:
    """The answer of the account's last task, as it is sent."""
    query = {"login": account.login, "token": account.token, "id": account.tasks[-1]["id"], "format": form}
    body: bytes = urlopen(f"{account.url}/result?{urlencode(query)}", timeout=10).read()
    return body


def shown(client: str, account: Account, form: str) -> str:
    """What the recipe has to print for the account's last task: curl's the answer as it is, others each row."""
    if client == "curl":
        return answer(account, form).decode()
    ready = json.loads(answer(account, "json"))
    photo = [{"photo": ready["photo"]}] if ready["photo"] else []
    return "".join("\t".join(row.values()) + "\n" for row in ready["data"] + ready["names"] + photo)


FILES = {
    "curl": "curl.sh",
    "requests": "python_requests.py",
    "httpx": "python_httpx.py",
    "fetch": "fetch.mjs",
    "php": "curl.php",
    "java": "Client.java",
}


def test_every_recipe_is_tested() -> None:
    files = {file.name for file in RECIPES.iterdir() if file.is_file()}

    assert FILES.keys() == CLIENTS.keys()
    assert files == {*FILES.values(), "test_in_process.py"}


def head(file: str) -> str:
    """The command that the head of a recipe shows, on one line."""
    text = (RECIPES / file).read_text(encoding="utf-8").partition("IFIND_API: ")[0]
    lines = [re.sub(r"^(#|//)? *", "", line) for line in text.splitlines()]
    return "\n".join(lines[next(n for n, line in enumerate(lines) if "IFIND_API=" in line) :]).replace("\\\n", " ")


def test_the_command_in_its_head_works(client: str, folder: Path, mock: Mock) -> None:
    account = mock.account()
    command = head(FILES[client]).replace("http://127.0.0.1:8080/api", account.url)
    command = command.replace("demo@example.com", account.login).replace("demo-token", account.token)
    done = ran(["sh", "-c", command], folder, account)

    assert (done.code, done.err) == (0, "")
    assert done.out == shown(client, account, "json")


def test_the_tests_in_process_pass(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_in_process.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.few(12)
@pytest.mark.parametrize(("source", "form"), [(2, "json"), (2, "xml"), (2, "csv"), (1, "xml"), (4, "csv")])
def test_what_is_found_is_shown_after_a_slow_task_and_polls_that_failed(
    client: str, source: int, form: str, folder: Path, mock: Mock
) -> None:
    account = mock.account(ready={"after_polls": 2})
    account.faults.arm("http", status=502, body="<h1>Bad Gateway</h1>", match={"method": "result"})
    account.faults.arm("reset", match={"method": "result"}, after=1)
    done = run(client, folder, account, "70000000777", source, form)

    assert (done.code, done.err) == (0, "")
    assert done.out == shown(client, account, form)
    account.assert_called("create", times=1)


@pytest.mark.few(6)
@pytest.mark.parametrize("form", FORMATS)
def test_an_error_of_the_api_ends_it_with_code_and_message(client: str, form: str, folder: Path, mock: Mock) -> None:
    account = mock.account()
    account.faults.arm("error", code=500, message='Try "later", please', match={"method": "result"}, times="always")
    done = run(client, folder, account, "70001234567", 2, form)

    assert (done.code, done.out, done.err) == (1, "", 'error: the API refused: 500 Try "later", please\n')
    account.assert_called("result", times=1)


@pytest.mark.few(8)
@pytest.mark.parametrize(
    ("form", "fault", "told"),
    [
        ("json", {"kind": "http", "status": 502, "body": "<h1>Bad Gateway</h1>"}, "HTTP 502"),
        (
            "csv",
            {"kind": "http", "status": 200, "body": "<h1>Log in</h1>"},
            "HTTP 200 with a body that is no answer in csv",
        ),
        ("xml", {"kind": "garbage"}, "HTTP 200 with a body that is no answer in xml"),
        ("json", {"kind": "empty"}, ""),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_a_create_without_an_answer_is_told_and_not_sent_again(
    client: str, form: str, fault: dict[str, object], told: str, folder: Path, mock: Mock
) -> None:
    account = mock.account()
    account.faults.arm(**fault, match={"method": "create"})  # type: ignore[arg-type]
    done = run(client, folder, account, "70001234567", 2, form)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: no answer: {told}")
    assert done.err.count("\n") == 1
    account.assert_called("create", times=1)


def test_a_task_that_is_never_ready_is_given_up(client: str, folder: Path, mock: Mock) -> None:
    account = mock.account(ready="never")
    done = run(client, folder, account, "70001234567", 2, timeout=3)

    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: task {account.tasks[-1]['id']} is not ready after 3 s\n"
    account.assert_called("result", at_least=2)


@pytest.mark.parametrize(
    ("words", "more"), [((), {}), (("70001234567", 2), {"IFIND_API": ""})], ids=["phone", "address"]
)
def test_what_is_missing_is_told(
    client: str, words: Sequence[object], more: dict[str, str], folder: Path, mock: Mock
) -> None:
    done = run(client, folder, mock.account(), *words, **more)

    assert (done.code, done.out) == (2, "")
    assert "PHONE SOURCE [json|xml|csv], with IFIND_API, IFIND_LOGIN and IFIND_TOKEN" in done.err
    assert done.err.count("\n") == 1


# A client whose address is written into its code.


@pytest.fixture(scope="module")
def secure() -> Iterator[Mock]:
    with Mock(delay="0s", tls=True) as mock:
        yield mock


def trusting(authority: Path | None, folder: Path) -> dict[str, str]:
    """The variables by which each client trusts a CA."""
    store = folder / "mock.p12"
    if shutil.which("keytool") and not store.exists():
        given = ("-alias", "mock", "-file", str(authority), "-keystore", str(store), "-storepass", "changeit")
        subprocess.run(["keytool", "-importcert", "-noprompt", *given], check=True, capture_output=True)
    names = ("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    ini = folder / "php.d"
    ini.mkdir(exist_ok=True)
    (ini / "ca.ini").write_text(f"curl.cainfo={authority}\n", encoding="utf-8")
    return {
        **dict.fromkeys(names, str(authority)),
        "PHP_INI_SCAN_DIR": f":{ini}",
        "JDK_JAVA_OPTIONS": f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit",
    }


def test_each_client_trusts_the_mocks_certificate(client: str, folder: Path, secure: Mock) -> None:
    done = run(client, folder, secure.account(), "70000000001", 2, **trusting(secure.ca_file, folder))

    assert done.code == 0, done.err
    assert "70000000001" in done.out


def test_no_client_trusts_it_without_being_told(client: str, folder: Path, secure: Mock) -> None:
    account = secure.account()
    done = run(client, folder, account, "70000000001", 2)

    assert done.code == 1
    assert done.err.startswith("error: no answer: ")
    account.assert_not_called("create")


# Node reads no such variable.
@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "fetch"], indirect=True)
def test_a_proxy_variable_leads_to_the_mock(client: str, folder: Path, mock: Mock) -> None:
    account = mock.account()
    proxy = account.url.removesuffix("/api")
    host, port = proxy.removeprefix("http://").split(":")
    variables = {"http_proxy": proxy, "JDK_JAVA_OPTIONS": f"-Dhttp.proxyHost={host} -Dhttp.proxyPort={port}"}
    done = run(client, folder, account, "70000000001", 2, IFIND_API="http://i-find.invalid/api", **variables)

    assert done.code == 0, done.err
    account.assert_called("create", times=1)


@pytest.mark.parametrize("example", ["requests_adapter.py", "httpx_mounts.py"])
def test_an_adapter_leads_to_the_mock(example: str, mock: Mock) -> None:
    done = subprocess.run(
        [sys.executable, RECIPES / "hard_coded" / example],
        env=environment(MOCK=mock.url.removesuffix("/api")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


@pytest.mark.parametrize(("program", "file"), [("nginx", "nginx.conf"), ("caddy", "Caddyfile")])
def test_a_server_in_front_answers_for_the_api_with_https(program: str, file: str, tmp_path: Path, mock: Mock) -> None:
    """By the commands that its head shows: what comes first, the server, and a call."""
    if shutil.which(program) is None:
        not_here(program)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    text = (RECIPES / "hard_coded" / file).read_text(encoding="utf-8").replace("8443", port)
    text = text.replace("127.0.0.1:8080", mock.url.split("/")[2])
    (tmp_path / file).write_text(text, encoding="utf-8")
    lines = "\n".join(line[4:] for line in text.splitlines() if line.startswith("#   "))
    *before, serve, call = lines.replace("\\\n", "").splitlines()
    for command in before:
        subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    with subprocess.Popen(["sh", "-c", f"exec {serve}"], cwd=tmp_path, stderr=subprocess.PIPE) as server:
        try:  # again until the port is open and the certificate is made
            done = subprocess.run(
                ["sh", "-c", f"until {call}; do sleep 0.1; done"],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                timeout=30,
                check=False,
            )
        finally:
            server.terminate()

    assert json.loads(done.stdout)["status"] == "ok"
