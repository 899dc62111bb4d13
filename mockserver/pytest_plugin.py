"""What an installed ifind-mock adds to pytest: the fixtures `ifind_mock` and `ifind_mock_server`, and the suite where
`--pyargs contract_tests` asks for it. It adds no option, and starts nothing before a test uses a fixture.

pytest reads the conftest of a path before it parses the command line, but that of `--pyargs` only after it. An entry
point takes part earlier. It stands here and not in `contract_tests`, since users' own folders have that name.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.testing.controller import AccountController, MockController
    from mockserver.testing.shared import MockInWaiting

SUITE = re.compile(r"contract_tests(?:\.|::|$)")
URL = "ifind_mock_url"
"""The key under which a worker of pytest-xdist is given the URL of the mock that all workers share."""
_ACCOUNT: pytest.StashKey[AccountController] = pytest.StashKey()
_SHARED: pytest.StashKey[MockInWaiting] = pytest.StashKey()


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Loads the suite's plugin where `--pyargs` names the suite."""
    known = early_config.known_args_namespace
    if known.pyargs and any(SUITE.match(argument) for argument in known.file_or_dir):
        early_config.pluginmanager.import_plugin("contract_tests.session.plugin")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Gives a worker of pytest-xdist the URL of the mock of this process, where it can reach it."""
    if not node.gateway.spec.popen:
        return  # on another machine: it starts a mock of its own
    if _SHARED not in node.config.stash:
        from mockserver.testing.shared import MockInWaiting

        node.config.stash[_SHARED] = MockInWaiting(node.config.rootpath)
    node.workerinput[URL] = node.config.stash[_SHARED].url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the calls of the test's account to the report of a failure."""
    report = yield
    if report.when == "call" and report.failed and _ACCOUNT in item.stash:
        report.sections.append(("calls of ifind_mock", item.stash[_ACCOUNT].history()))
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the mock that the workers shared."""
    if _SHARED in config.stash:
        config.stash[_SHARED].stop()


@pytest.fixture(scope="session")
def ifind_mock_server(pytestconfig: pytest.Config) -> Iterator[MockController]:
    """The mock of the whole run, started when it is first used: one for all workers of pytest-xdist.

    Its settings are those of ifind-mock.toml in the root directory and of variables IFIND_MOCK_*; a task is ready at
    once unless they say otherwise.
    """
    from mockserver.core.errors import IfindMockError

    with ExitStack() as stop:
        try:
            mock = _started(pytestconfig, stop)
        except IfindMockError as error:  # without a traceback, which would show the environment
            message = f"the mock of the tests can't start: {error}"
            raise pytest.fail.Exception(message, pytrace=False) from None
        yield mock


def _started(config: pytest.Config, stop: ExitStack) -> MockController:
    from mockserver.testing.channel import ControlError
    from mockserver.testing.controller import MockController
    from mockserver.testing.shared import run_settings

    url = getattr(config, "workerinput", {}).get(URL)
    if url is None:
        return stop.enter_context(MockController.of(run_settings(config.rootpath)))
    try:
        return MockController.at(url)
    except ControlError:
        run_settings(config.rootpath)  # says what is wrong where the settings are
        raise


@pytest.fixture
def ifind_mock(request: pytest.FixtureRequest, ifind_mock_server: MockController) -> Iterator[AccountController]:
    """An account of the test's own, which shares nothing with another test: `url`, `login` and `token` are what a
    program needs; it can be told a delay, a time, faults, scenarios and stubs, and asked what was called.
    """
    request.node.stash[_ACCOUNT] = account = ifind_mock_server.account()
    yield account
    account.drop()
