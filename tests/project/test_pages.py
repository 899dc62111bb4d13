"""Every code block of README.md and of the pages in docs/ is run, or checked by its language."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from mockserver import load
from mockserver.core.errors import IfindMockError
from mockserver.faults.scenarios import read_scenario
from mockserver.testing import Mock
from support.needed import not_here
from support.pages import IN_RUSSIAN, PAGES, ROOT, Block, blocks, directive
from support.processes import environment

ALL = [block for page in PAGES if page != IN_RUSSIAN for block in blocks(page)]
"""README.ru.md has the blocks of README.md: test_readme.py."""
DIRECTIVES = {"include", "literalinclude"}
"""What `make docs` reads, and refuses where it is wrong."""
HERE = "127.0.0.1:8080"
"""Where the pages have the mock."""
NOT_RUN = {
    ("README.md", "needs the virtual environment of `make run`, which `.ci/run` makes and starts"),
    ("README.md", "needs Docker; `tests/project/test_container.py` lints the Dockerfile"),
    ("docs/deployment.md", "needs Docker; `tests/project/test_container.py` lints the Dockerfile"),
    ("docs/first-steps.md", "the address stands for this repository's"),
    ("docs/schemas.md", "installs from a package index"),
    ("docs/live.md", "calls the live API"),
    ("docs/parity.md", "calls the live API"),
}
SERVES = re.compile(r"(?:\w+=\S+ )*(?:ifind-mock serve|gunicorn|flask)\b.*")
LISTENS = re.compile(r"\bhttps?://(127\.0\.0\.1:\d+)|unix:")
MAKES = re.compile(r"(?:make\b.*\n)+")


@dataclass
class Session:
    """A reader who gives the commands of a page, one after another, in a folder of their own."""

    folder: Path
    address: str | None = None
    """That of the mock, which the commands have as HERE."""
    _started: list[subprocess.Popen[str] | Mock] = field(default_factory=list)

    def do(self, block: Block) -> str:
        """Gives the commands, and returns what they print. A mock that they start goes on."""
        script = block.text
        if SERVES.fullmatch(script.splitlines()[-1]):
            return self._serve(script)
        if MAKES.fullmatch(script):
            return self._make(script)
        if HERE in script and self.address is None:
            mock = Mock().start()
            self._started.append(mock)
            self.address = mock.url.removeprefix("http://").removesuffix("/api")
        ended = self._run(script if self.address is None else script.replace(HERE, self.address))
        assert ended.returncode == 0, f"{block.place}\n{script}{ended.stdout}\n{ended.stderr}"
        return ended.stdout if self.address is None else ended.stdout.replace(self.address, HERE)

    def end(self) -> None:
        """Ends the mocks."""
        while self._started:
            started = self._started.pop()
            if isinstance(started, Mock):
                started.stop()
            else:
                os.killpg(started.pid, signal.SIGKILL)
                started.communicate()
        self.address = None

    def _serve(self, script: str) -> str:
        self.end()
        is_ours = "ifind-mock" in script  # its standard output is the line that it is ready
        process = subprocess.Popen(
            ["bash", "-c", re.sub(r"--port \d+", "--port 0", script.replace(HERE, "127.0.0.1:0"))],
            cwd=self.folder,
            env=self._environment(IFIND_MOCK_PORT="0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if is_ours else subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if found := LISTENS.search(line):
                self.address = found[1]
                return line.replace(found[1], HERE) if is_ours else ""
        raise AssertionError(f"{script}does not listen")

    def _make(self, script: str) -> str:
        """What make would do: it is told to print its commands only, in a folder that holds nothing to be lost."""
        shutil.copy(ROOT / "Makefile", self.folder)
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        ended = self._run(script, MAKEFLAGS="n", LOCK="", VENV=".venv", PYTHON="python3", ARGS="", MARKS="not alone")
        assert ended.returncode == 0, script + ended.stderr
        return ended.stdout

    def _run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euc", script],
            cwd=self.folder,
            env=self._environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _environment(self, **more: str) -> dict[str, str]:
        """Has the commands of this environment, fetches this repository from here, and installs beside it."""
        (self.folder / ".curlrc").write_text("silent\nshow-error\n", encoding="utf-8")
        git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf"}
        git["GIT_CONFIG_VALUE_0"] = "https://git.example.com/ifind-mock.git"
        pip = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_TARGET": "installed"}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return environment(PATH=path, CURL_HOME=str(self.folder), **git, **pip, **more)


def matches(shown: str, printed: str) -> bool:
    """Whether an output is the one that a page shows; … stands for anything, and for what varies."""
    pattern = ".*".join(map(re.escape, shown.strip().split("…")))
    return re.fullmatch(pattern + r"\s*", printed, re.DOTALL) is not None


def run(script: str) -> None:
    """Checks what a page's commands say without running them."""
    subprocess.run(["bash", "-n", "-c", script], check=True, timeout=10)


def toml(text: str) -> None:
    """A scenario, or a settings file, which a profile is, too."""
    document = tomllib.loads(text)
    if "steps" in document:
        read_scenario("shown", document)
        return
    Path("shown.toml").write_text(text, encoding="utf-8")
    load({"config": "shown.toml"})


def found(program: str) -> str:
    """The path of a program, without which the test ends."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") or not_here(program)


def nginx(text: str) -> None:
    """A whole configuration, or what stands inside its http."""
    whole = text if re.search(r"^http\b", text, re.MULTILINE) else f"events {{}} http {{ {text} }}"
    temp = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = re.sub(r"\bhttp \{", f"http {{ access_log off; {temp}", whole, count=1)
    Path("shown.conf").write_text(f"pid shown.pid; error_log stderr;\n{whole}", encoding="utf-8")
    subprocess.run([found("nginx"), "-t", "-p", ".", "-c", "shown.conf", "-e", "stderr"], check=True, timeout=30)


def caddyfile(text: str) -> None:
    """As Caddy reads it."""
    Path("Caddyfile").write_text(text, encoding="utf-8")
    subprocess.run(
        [found("caddy"), "validate", "--config", "Caddyfile", "--adapter", "caddyfile"], check=True, timeout=30
    )


def yaml_file(text: str) -> None:
    """A configuration of pre-commit names hooks that there are; anything else can be read."""
    document = yaml.safe_load(text)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    named = {hook["id"] for repo in document.get("repos", ()) for hook in repo["hooks"]}
    if not named <= {hook["id"] for hook in hooks}:
        raise ValueError(f"{named}: there is no such hook")


def ini(text: str) -> None:
    """Sections and keys."""
    configparser.ConfigParser(strict=True, interpolation=None).read_string(text)


CHECKS: Mapping[str, Callable[[str], object]] = {
    "toml": toml,
    "yaml": yaml_file,
    "json": json.loads,
    "ini": ini,
    "nginx": nginx,
    "caddyfile": caddyfile,
}
"""How a block of a language is checked that is not run."""
RUN = ("sh", "python", "text")


def test_each_block_is_of_a_kind_that_is_run_or_checked() -> None:
    known = {*CHECKS, *RUN}
    strange = [block.place for block in ALL if block.language not in known and directive(block) not in DIRECTIVES]

    assert strange == []
    assert [block.place for block in ALL if block.language == "text" and not block.is_output] == []
    assert [b.place for b in ALL if b.language == "sh" and re.search(r"^\$ ", b.text, re.MULTILINE)] == []
    assert sum(block.language == "sh" for block in ALL) > 60


def test_what_a_page_includes_is_an_example_that_is_run() -> None:
    included = [block.language.partition(" ")[2] for block in ALL if directive(block) == "literalinclude"]
    others = (file for file in (ROOT / "tests").rglob("test_*.py") if file != Path(__file__))
    tested = "".join(file.read_text(encoding="utf-8") for file in others)

    assert len(included) > 10
    assert [name for name in included if not name.startswith("../examples/") or Path(name).name not in tested] == []


def test_what_is_not_run_is_a_short_list() -> None:
    left_out = [block for block in ALL if block.not_run]

    assert {(block.page, block.not_run) for block in left_out} == NOT_RUN
    assert {block.language for block in left_out} == {"sh"}
    for block in left_out:
        run(block.text)


def of_page(page: str) -> Iterator[Block]:
    return (block for block in ALL if block.page == page and not block.not_run)


@contextmanager
def reading(folder: Path) -> Iterator[Session]:
    (folder / "examples").symlink_to(ROOT / "examples")
    session = Session(folder)
    try:
        yield session
    finally:
        session.end()


@pytest.mark.once
@pytest.mark.parametrize("page", sorted({block.page for block in ALL if block.language == "sh" and not block.not_run}))
def test_every_command_does_what_the_page_shows(page: str, tmp_path: Path) -> None:
    printed = ""
    with reading(tmp_path) as session:
        for block in of_page(page):
            if block.file:
                (tmp_path / block.file).write_text(block.text, encoding="utf-8")
            if block.language == "sh":
                printed = session.do(block)
            elif block.is_output:
                assert matches(block.text, printed), f"{block.place}: printed\n{printed}"


@pytest.mark.once
def test_every_python_example_passes_in_a_project_of_its_own(tmp_path: Path) -> None:
    commands = {page: "".join(b.text for b in of_page(page) if b.language == "sh") for page in {b.page for b in ALL}}
    examples = [b for b in ALL if b.language == "python" and not (b.file and b.file in commands[b.page])]
    assert examples
    for block in examples:
        name = re.sub(r"\W", "_", block.place)
        (tmp_path / f"test_{name}.py").write_text(block.text, encoding="utf-8")
    (tmp_path / "contract_tests").mkdir()  # a name that a user's project may have
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", [b for b in ALL if b.language in CHECKS], ids=lambda block: block.place)
def test_a_block_is_what_its_language_says(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    CHECKS[block.language](block.text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("toml", 'delay = "soon"'),
        ("toml", "[[steps]]\naction = 7"),
        ("json", "{"),
        ("yaml", "a: [b"),
        ("yaml", "repos: [{hooks: [{id: ifind-mock}]}]"),
        ("ini", "key = value"),
        ("nginx", "server { listen }"),
        ("caddyfile", "mock.example.com {\n\treverse_prox 127.0.0.1\n}"),
    ],
)
def test_a_wrong_block_is_refused(language: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises((ValueError, IfindMockError, configparser.Error, yaml.YAMLError, subprocess.CalledProcessError)):
        CHECKS[language](text)


@pytest.mark.parametrize(
    ("shown", "printed", "is_so"),
    [
        ('{"id":1}', '{"id":1}\n', True),
        ('{"id":1}', '{"id":2}\n', False),
        ('{"id":…', '{"id":2}\n', True),
        ("…2 passed…", "..\n2 passed in 1 s\n", True),
        ("", "more", False),
    ],
)
def test_an_output_is_compared_but_for_what_varies(shown: str, printed: str, is_so: bool) -> None:
    assert matches(shown, printed) is is_so
