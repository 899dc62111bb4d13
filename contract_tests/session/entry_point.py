"""Loads the suite's plugin for `pytest --pyargs contract_tests`; a pytest that runs anything else gains no option.

pytest reads the conftest of a path before it parses the command line, but that of `--pyargs` only after it. This
module is the entry point by which an installed package takes part earlier.
"""

from __future__ import annotations

import re

import pytest

PACKAGE = re.compile(r"contract_tests(?:\.|::|$)")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    known = early_config.known_args_namespace
    if known.pyargs and any(PACKAGE.match(argument) for argument in known.file_or_dir):
        early_config.pluginmanager.import_plugin("contract_tests.session.plugin")
