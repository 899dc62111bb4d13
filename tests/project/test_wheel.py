"""What users get is the wheel: it is built, installed away from the checkout, and works from there."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from support.processes import environment

CHECKOUT = Path(__file__).parents[2]


def run(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(a) for a in args], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, cwd=CHECKOUT)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


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
    assert "contract_tests/suite/test_create.py" in names
    assert not any(name.startswith("tests/") for name in names)


def test_it_is_the_installed_one_that_runs(installed: Path) -> None:
    told = run(installed / "bin/python", "-c", "import mockserver; print(mockserver.__file__)", cwd=installed)

    assert told.stdout.startswith(str(installed))


def test_check_and_serve_work_from_it(installed: Path, tmp_path: Path) -> None:
    checked = run(installed / "bin/ifind-mock", "check", "--html", "report.html", "--json", "report.json", cwd=tmp_path)
    kept = run(installed / "bin/ifind-mock", "mutants", "--list", cwd=tmp_path)
    sample = run(installed / "bin/ifind-mock", "sample", "70001234567", cwd=tmp_path)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert b"</html>" in (tmp_path / "report.html").read_bytes()
    assert kept.returncode == 0, kept.stderr
    assert sample.stdout.startswith('{"status":"ready"')
