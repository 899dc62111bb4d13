"""What users get is the wheel: it is built, installed away from the checkout, and works from there."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.needed import release_tool
from support.processes import environment

CHECKOUT = Path(__file__).parents[2]


def run(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(a) for a in args], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source package, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=CHECKOUT)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel. The dependencies are lent by this one, without what it holds of the checkout: a
    directory that a .pth file names has its own .pth files, the editable install among them, left unread.
    """
    home = tmp_path_factory.mktemp("env")
    venv.create(home, symlinks=True)
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    pip = run(sys.executable, "-m", "pip", f"--python={home}", "install", "--no-deps", "--no-index", wheel, cwd=home)
    assert pip.returncode == 0, pip.stdout + pip.stderr
    return home


def test_the_wheel_carries_schemas_and_fixtures_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert "mockserver/schemas/clauses.toml" in names
    assert "mockserver/fixtures/words.toml" in names
    assert {"templates/live.html.jinja", "static/live.js", "static/style.css", "texts.toml"} <= {
        name.removeprefix("mockserver/web/dashboard/") for name in names
    }
    assert "contract_tests/suite/test_create.py" in names
    assert not any(name.startswith("tests/") for name in names)


def test_the_page_of_the_package_has_no_link_that_leads_nowhere(wheel: Path) -> None:
    file = zipfile.ZipFile(wheel)
    metadata = file.read(next(name for name in file.namelist() if name.endswith("/METADATA"))).decode()

    assert "docs/clauses.md" in metadata
    assert {target.partition("://")[0] for target in re.findall(r"\]\(([^)]*)\)", metadata)} == {"https"}


def test_the_source_package_has_what_a_checkout_has(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as package:
        names = {name.partition("/")[2].partition("/")[0] for name in package.getnames()}
    tracked = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=CHECKOUT).stdout.splitlines()

    assert names == {*(name.partition("/")[0] for name in tracked), "PKG-INFO"}


@pytest.mark.once
def test_nothing_is_found_in_the_packages(dist: Path) -> None:
    checked = run(release_tool("twine"), "check", "--strict", *dist.iterdir(), cwd=CHECKOUT)
    contents = run(release_tool("check-wheel-contents"), dist, cwd=CHECKOUT)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert contents.returncode == 0, contents.stdout + contents.stderr


def test_it_is_the_installed_one_that_runs(installed: Path) -> None:
    told = run(installed / "bin/python", "-c", "import mockserver; print(mockserver.__file__)", cwd=installed)

    assert told.stdout.startswith(str(installed))


def test_check_and_serve_work_from_it(installed: Path, tmp_path: Path) -> None:
    only = ("--only", "create.ok", "--only", "formats.same")
    reports = ("--html", "report.html", "--json", "report.json")
    checked = run(installed / "bin/ifind-mock", "check", *only, *reports, cwd=tmp_path)
    kept = run(installed / "bin/ifind-mock", "mutants", "--list", cwd=tmp_path)
    sample = run(installed / "bin/ifind-mock", "sample", "70001234567", cwd=tmp_path)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert b"</html>" in (tmp_path / "report.html").read_bytes()
    assert kept.returncode == 0, kept.stderr
    assert sample.stdout.startswith('{"status":"ready"')


@pytest.fixture
def mock(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of a mock, started from the wheel."""
    command = [installed / "bin/ifind-mock", "serve", "--port", "0", "--delay", "100ms"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().removeprefix("ready ").strip()
    process.terminate()
    process.communicate(timeout=10)


def test_pytest_runs_the_suite_from_it_by_package_name(installed: Path, tmp_path: Path, mock: str) -> None:
    pytest_ = (installed / "bin/python", "-m", "pytest", "-p", "no:cacheprovider")
    right = run(*pytest_, "--pyargs", "contract_tests", "--target", mock, "--only", "info.answers", cwd=tmp_path)
    wrong = run(*pytest_, "--pyargs", "contract_tests", "--target", mock, "--rate", "fast", cwd=tmp_path)

    assert right.returncode == 0, right.stdout + right.stderr
    assert "1 of 1 clause decided" in right.stdout
    assert wrong.returncode == 2
    assert "--rate: 'fast' is not a rate" in wrong.stdout + wrong.stderr


def test_the_pytest_of_a_user_gains_no_option_from_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    python = installed / "bin/python"
    told = run(python, "-m", "pytest", "-p", "no:cacheprovider", "--help", cwd=tmp_path)
    passed = run(python, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", cwd=tmp_path)
    refused = run(python, "-m", "pytest", "-p", "no:cacheprovider", "--target", "mock", cwd=tmp_path)

    assert "--poll-timeout" not in told.stdout
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "unrecognized arguments: --target" in refused.stderr
