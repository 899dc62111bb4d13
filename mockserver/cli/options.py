"""Options made from the table of settings, so that command line, variables and file can't drift apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import click

from mockserver.settings.loading import Settings, load
from mockserver.settings.table import SETTINGS, Setting

CONFIG = click.Option(["--config"], metavar="FILE", help="Settings file; else ifind-mock.toml, where there is one.")


def setting_options(names: Iterable[str] | None = None) -> list[click.Parameter]:
    """An option for every setting that isn't a table (or for the named ones), and `--config`."""
    wanted = None if names is None else set(names)
    return [CONFIG, *(_option(s) for s in SETTINGS if not s.table and (wanted is None or s.name in wanted))]


def _option(setting: Setting) -> click.Option:
    if isinstance(setting.default, bool):
        return click.Option(
            [f"{setting.option}/--no-{setting.option[2:]}", setting.name], default=None, help=setting.help
        )
    return click.Option(
        [setting.option, setting.name],
        metavar=setting.metavar,
        multiple=isinstance(setting.default, list),
        help=setting.help + _default(setting),
    )


def _default(setting: Setting) -> str:
    shown = setting.default
    if isinstance(shown, list):
        return " Again and again for more." + (" Default: demo@example.com:demo-token." if shown else "")
    return "" if shown in (None, {}) else f" Default: {shown}."


def with_settings(names: Iterable[str] | None = None) -> Callable[[click.Command], click.Command]:
    """A decorator that gives a command the options."""

    def add(command: click.Command) -> click.Command:
        command.params = [*setting_options(names), *command.params]
        return command

    return add


def load_settings(options: dict[str, Any]) -> Settings:
    """The settings of the options that were given, the environment, and the file. Raises Refusal."""
    given = {name: value for name, value in options.items() if value not in (None, ())}
    return load(given, os.environ)
