"""What an installed ifind-mock adds to pytest: `pytest --pyargs contract_tests`, and nothing to any other run.

pytest reads the conftest of a path before it parses the command line, but that of `--pyargs` only after it. An entry
point takes part earlier. It stands here and not in `contract_tests`, since users' own folders have that name.
"""

from __future__ import annotations

import re

import pytest

SUITE = re.compile(r"contract_tests(?:\.|::|$)")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Loads the suite's plugin where `--pyargs` names the suite."""
    known = early_config.known_args_namespace
    if known.pyargs and any(SUITE.match(argument) for argument in known.file_or_dir):
        early_config.pluginmanager.import_plugin("contract_tests.session.plugin")
