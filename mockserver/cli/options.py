"""Options made from the table of settings, so that command line, variables and file are always the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Any

import click

from mockserver.settings.loading import load
from mockserver.settings.table import SETTINGS, Setting, Settings

CONFIG = click.Option(["--config"], metavar="FILE", help="Settings file. Default: ifind-mock.toml, if it exists.")


def _option(setting: Setting) -> click.Option:
    if isinstance(setting.default, bool):
        both = f"{setting.option}/--no-{setting.option[2:]}"
        return click.Option([both, setting.name], default=None, help=setting.field.help)
    several = " Repeat the option for more." if setting.one else ""
    default = f" Default: {setting.default_text}." if setting.default_text else ""
    text = setting.field.help + several + default
    return click.Option([setting.option, setting.name], metavar=setting.metavar, multiple=bool(setting.one), help=text)


def with_settings(names: Collection[str] | None = None) -> Callable[[click.Command], click.Command]:
    """A decorator that adds `--config` and an option for each setting that can have one, or for the named ones."""
    wanted = [s for s in SETTINGS if not s.file_only and (names is None or s.name in names)]

    def add(command: click.Command) -> click.Command:
        command.params = [CONFIG, *map(_option, wanted), *command.params]
        return command

    return add


def load_settings(options: dict[str, Any]) -> Settings:
    """The settings of the options that were given, the environment, and the file. Raises Refusal."""
    return load({name: value for name, value in options.items() if value not in (None, ())}, os.environ)
