"""What a start loads, so that a mock is up as soon as possible and stays small.

Time differs with the machine, and is not measured here: what is loaded decides it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.processes import serving

MEMORY = 45  # MB resident, at most
PACKAGES: Mapping[str, str] = {
    "mockserver": "itself",
    "click": "reads the command line",
    "contract_tests": "the exit codes, and nothing else",
    "uvloop": "the event loop",
    "httptools": "reads requests",
}
"""What `serve` may load besides the standard library before it has answered, and why."""
LATER: Mapping[str, str] = {
    "contract_tests.report": "when an error is shown",
    "mockserver.people.made_up": "when a task with something found is ready",
    "mockserver.people.word_lists": "when a task with something found is ready",
    "mockserver.settings.service_links": "where there are variables IFIND_MOCK_…",
    "mockserver.stores.sqlite": "where the state is kept in a file",
    "mockserver.web": "when the control API is asked",
    "mockserver.wire.certificates": "where TLS is asked for",
    "email": "never: the header Date is written without it",
    "encodings.idna": "where the host is no ASCII text",
    "html": "where an answer of a user's own is kept",
    "http.client": "never",
    "multiprocessing": "never",
    "sqlite3": "where the state is kept in a file",
    "statistics": "when a lognormal delay is drawn",
    "tempfile": "where TLS is asked for",
    "unittest": "never",
    "xml": "never",
}
"""What `serve` loads when it is needed, and not before."""


def of_package(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def imported(log: str) -> set[str]:
    """The modules in the output of `-X importtime`."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", log, re.MULTILINE))


def packages(loaded: set[str]) -> set[str]:
    """The packages that are not of the standard library. It looks for one of Java's; Cython's are parts of others, and
    look for one of old Pythons.
    """
    strange = {"org", "cython_runtime", "backports_abc"}
    names = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names - strange
    return {name for name in names if not name.startswith("_cython_")}


@pytest.fixture(scope="module")
def bare() -> set[str]:
    """What Python loads here for nothing: a virtual environment and an editable install have modules of their own."""
    return imported(
        subprocess.run([sys.executable, "-X", "importtime", "-c", ""], stderr=-1, text=True, check=True).stderr
    )


def test_serve_answers_the_api_before_it_has_loaded_anything_else(tmp_path: Path, bare: set[str]) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream, serving(cwd=tmp_path, stderr=stream.fileno(), PYTHONPROFILEIMPORTTIME="1") as mock:
        assert b"ok" in mock.get("info")
        assert b"ok" in mock.get("create", phone="70001234567", source=2)
        assert b"processing" in mock.get("result", id=1)
        if sys.platform == "linux":
            status = Path(f"/proc/{mock.process.pid}/status").read_text(encoding="ascii")
            resident = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024
            assert resident < MEMORY * 10**6
    loaded = imported(log.read_text()) - bare

    assert "mockserver.wire.server" in loaded
    assert packages(loaded) == PACKAGES.keys()
    assert [name for name in loaded if any(of_package(name, package) for package in LATER)] == []
    assert {name for name in loaded if of_package(name, "contract_tests")} == {
        "contract_tests",
        "contract_tests.findings",
        "contract_tests.findings.exit_code",
    }


def test_a_mock_in_a_test_loads_no_command_line_no_framework_and_no_suite(tmp_path: Path, bare: set[str]) -> None:
    program = """
from urllib.request import urlopen
from mockserver.testing import Mock
with Mock(delay="0s") as mock:
    account = mock.account()
    urlopen(f"{mock.url}/info?login={account.login}&token={account.token}").read()
"""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program], cwd=tmp_path, stderr=-1, text=True, check=True
    )
    loaded = imported(done.stderr) - bare

    assert packages(loaded) == {"mockserver", "uvloop", "httptools"}
    unused = (
        "mockserver.cli",
        "mockserver.web.app",
        "mockserver.people.made_up",
        "mockserver.stores.sqlite",
        "unittest",
    )
    assert [name for name in loaded if any(of_package(name, one) for one in unused)] == []


@pytest.mark.parametrize("command", ["check", "learn", "parity", "validate"])
def test_a_command_of_the_suite_loads_what_makes_pages_only_for_a_page(command: str, tmp_path: Path) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "mockserver", command, "--help"]
    log = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stderr

    assert "jinja2" not in imported(log)
