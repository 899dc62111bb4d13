"""A target and a mock of the profile that was learned from it differ in nothing but what the profile states."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from test_parity import differences, mock
from test_right_servers import covering_set

from contract_tests.engine.options import CheckOptions
from contract_tests.learning.learn import learn
from contract_tests.parity.parity import examine
from contract_tests.parity.parity_report import ParityReport
from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.wire.serving import serve_mock
from support.standins.php_dialects import DIALECTS
from support.standins.php_server import PhpServer, php_serving
from support.standins.running import STANDINS, serving


@contextmanager
def mock_of(file: Path) -> Iterator[str]:
    """A mock of the profile that was learned."""
    settings = load({"delay": "100ms", "seed": 3, "profile": str(file)}, {})
    with serve_mock(open_gateway(settings), settings) as url:
        yield f"{url}/api"


def learned_and_compared(url: str, environ: Mapping[str, str], tmp_path: Path) -> tuple[ParityReport, str]:
    """The parity of a target and the mock of its learned profile, and what learn said."""
    file, output = tmp_path / "learned.toml", io.StringIO()
    options: dict[str, Any] = {"environ": environ, "poll_timeout": 3.0}
    code = learn(CheckOptions(url, **options), file, output, output)
    said = f"{output.getvalue()}\n{file.read_text(encoding='utf-8')}"
    assert code == 0, said
    with mock_of(file) as local:
        return examine(url, local, CheckOptions(profile=file, **options)), said


@pytest.mark.parametrize("name", STANDINS)
def test_a_stand_in_and_the_mock_of_its_learned_profile_agree(name: str, tmp_path: Path) -> None:
    with serving(name) as target:
        report, said = learned_and_compared(target.url, target.env, tmp_path)

    assert report.exit_code == 0, differences(report) + said


@pytest.mark.parametrize("profile", covering_set(), ids=lambda p: f"edition-{p['edition']}-root-{p['xml.root']}")
def test_a_mock_and_the_mock_of_its_learned_profile_agree(profile: dict[str, Any], tmp_path: Path) -> None:
    with mock(profile) as url:
        report, said = learned_and_compared(url, {}, tmp_path)

    assert report.exit_code == 0, differences(report) + said


@pytest.fixture(scope="module")
def php() -> Iterator[PhpServer]:
    with php_serving() as server:
        yield server


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_of_php_and_the_mock_of_its_learned_profile_agree(php: PhpServer, name: str, tmp_path: Path) -> None:
    target = php.target(name)
    report, said = learned_and_compared(target.url, target.env, tmp_path)

    assert report.exit_code == 0, differences(report) + said
