"""The suite's options as options of pytest."""

from __future__ import annotations

import pytest

from contract_tests.engine.options import CheckOptions, options_of, read_options

PREFIX = "contract_"
"""Of the options' names inside pytest, where other plugins have theirs."""
RENAMED = {"strict": "strict-clauses"}
"""Options whose name pytest has for itself."""


def add_options(parser: pytest.Parser) -> None:
    """Gives pytest the suite's options."""
    group = parser.getgroup("contract suite of ifind-mock")
    for option, text in options_of("pytest"):
        name, dest = f"--{RENAMED.get(option.name, option.name)}", PREFIX + option.field
        if option.metavar:
            action = "append" if option.many else "store"
            group.addoption(name, dest=dest, action=action, default=None, metavar=option.metavar, help=text)
        else:
            group.addoption(name, dest=dest, action="store_true", default=None, help=text)


def read_command_line(config: pytest.Config) -> CheckOptions:
    """The options of pytest's command line. Raises UsageError."""
    values = {option.field: config.getoption(PREFIX + option.field) for option, _ in options_of("pytest")}
    return CheckOptions(**read_options("pytest", values))
