"""`ifind-mock config`: a commented settings file, its check, and the settings in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from contract_tests.redact.unsafe import json_safe
from contract_tests.report.visible import line, visible
from mockserver.cli.options import load_settings, with_settings
from mockserver.cli.streams import output
from mockserver.core.errors import Problem, Refusal
from mockserver.profile.clauses import Clause
from mockserver.settings.files import clauses
from mockserver.settings.loading import CONFIG_FILE, check_file
from mockserver.settings.table import SETTINGS


@click.group("config")
def command() -> None:
    """Writes, checks and shows settings."""


@command.command("init")
@click.argument("file", default=CONFIG_FILE)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def init(file: str, *, force: bool) -> None:
    """Writes a commented FILE with every setting. Default: ifind-mock.toml."""
    path = Path(file)
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as out:
            out.write("\n".join(commented()) + "\n")
    except FileExistsError:
        raise Refusal(Problem(file, "exists already", "name another file, or use --force")) from None
    except FileNotFoundError:
        if path.parent.is_dir():  # a working directory that was deleted: `main` says so
            raise
        what = f"can't be written: the directory {path.parent} does not exist"
        raise Refusal(Problem(file, what, "make it, or name another file")) from None
    except OSError as error:
        raise Refusal(Problem(file, f"can't be written: {error.strerror}", "name another file")) from None
    click.echo(visible(f"wrote {file}"), err=True)


@command.command("check")
@click.argument("file", default=CONFIG_FILE)
def check(file: str) -> None:
    """Checks FILE and reports every mistake. Default: ifind-mock.toml."""
    check_file(file)
    click.echo(visible(f"{file}: ok"))


@with_settings()
@command.command("show")
def show(**options: Any) -> None:
    """Prints the settings in force and where each came from."""
    settings = load_settings(options)
    output()
    for setting in SETTINGS:
        value = setting.masked(settings.values[setting.name])
        text = json_safe(json.dumps(value, ensure_ascii=False, default=str))
        shown = "(not shown)" if setting.secret and value else text
        if setting.choices is None:
            click.echo(line(f"{setting.name} = {shown}  # {settings.origins[setting.name]}"))
    click.echo("[profile]")
    for clause, choice in settings.profile.choices.items():
        origin = settings.origins.get(f"profile.{clause}", "default")
        click.echo(line(f"{json.dumps(clause)} = {json_safe(_toml(choice))}  # {origin}"))


def commented() -> Iterator[str]:
    """The lines of a settings file that holds every setting as a comment: `#` before a setting, `##` before prose."""
    yield "## Settings of ifind-mock. Each line with one # shows a default or an example: remove the # to change it."
    yield f"## Variables such as {SETTINGS[0].variable} and options (ifind-mock serve --help) override this file."
    for setting in SETTINGS:
        shown = setting.default if setting.field.example is None else setting.field.example
        if shown not in ([], {}):
            yield ""
            yield f"## {setting.field.help} Allowed: {setting.field.allowed}."
            yield from _entry(setting.name, shown, setting.field.schema)
    yield ""
    yield "## A choice for each clause that the API's documentation leaves open. The line"
    yield '## profile = "FILE" in place of this table reads it from a file.'
    yield "#[profile]"
    for clause in clauses().values():
        if clause.default is not None:
            yield f"## {clause.title} ({clause.grade})"
            yield f"#{json.dumps(clause.id)} = {_toml(clause.default)}  # {_allowed(clause)}"


def _entry(name: str, shown: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one setting: a table and the first item of a list of tables have a line for each key."""
    item = shown[0] if isinstance(shown, list) else shown
    if not isinstance(item, Mapping):
        yield f"#{name} = {_toml(shown)}"
        return
    yield f"#[{name}]" if item is shown else f"#[[{name}]]"
    keys = schema.get("items", schema)["properties"]
    width = max(len(f"{key} = {_toml(entry)}") for key, entry in item.items())
    for key, entry in item.items():
        yield f"#{f'{key} = {_toml(entry)}':{width}}  # {keys[key]['description']}"


def _allowed(clause: Clause) -> str:
    words = [_toml(choice) for choice in clause.choices]
    if clause.value is not None and not isinstance(clause.default, Mapping):
        words.append(f"or such as {_toml(clause.samples[0])}")
    return " | ".join(words) or "entries that are left out keep their defaults"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
