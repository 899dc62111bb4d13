"""Makes `pytest contract_tests --target URL` the suite, options included; elsewhere none of them exists."""

from contract_tests.session.plugin import (
    api,
    checks,
    me,
    pool,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_runtestloop,
    pytest_sessionfinish,
    pytest_terminal_summary,
    run,
)

__all__ = [
    "api",
    "checks",
    "me",
    "pool",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_runtestloop",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "run",
]
