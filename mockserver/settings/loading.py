"""Loads the settings: built-in defaults < TOML file < IFIND_MOCK_* variables < options < arguments of a program, all
mistakes at once.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.core.errors import Problem, Refusal, all_unknown
from mockserver.inputs import fields
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses, overlaid, read_toml
from mockserver.settings.table import BY_NAME, PREFIX, SETTINGS, Setting, Settings, SettingValues, beside

CONFIG_FILE = "ifind-mock.toml"
_CONFIG_VARIABLE = f"{PREFIX}CONFIG"


@dataclass(frozen=True)
class Layer:
    """Settings from one place."""

    origin: str
    entries: Mapping[str, Any]
    where: Callable[[Setting], str]  # the place of a setting in it, as its reader would see it
    is_text: bool = False


def load(
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    arguments: SettingValues | None = None,
) -> Settings:
    """The settings of the options (texts, by the names of SETTINGS, and `config`), the environment and the file, and of
    a program's arguments, which come before them all.

    Raises Refusal with everything that is wrong in any of them, ValueError for an option that is no setting.
    """
    if strange := set(options or {}) - {*BY_NAME, "config"}:
        raise ValueError(f"no settings: {', '.join(sorted(strange))}; allowed: {', '.join(BY_NAME)}, config")
    chosen = dict(options or {})
    variables = dict(environ or {})
    given = {name: _as_in_a_file(value) for name, value in (arguments or {}).items()}
    named = _config(chosen, variables, given)
    return _loaded(named, variables, chosen, directory or Path(), given)


def check_file(file: str) -> None:
    """Raises Refusal with everything that is wrong in a settings file."""
    _loaded((file, ""), {}, {}, Path(), {})


def _loaded(
    named: tuple[Any, str] | None,
    variables: Mapping[str, str],
    options: Mapping[str, Any],
    directory: Path,
    arguments: Mapping[str, Any],
) -> Settings:
    problems = all_unknown("", (n for n in arguments if n not in BY_NAME), [*BY_NAME, "config"], noun="a setting")
    layers = [
        Layer("default", {s.name: s.default for s in SETTINGS}, lambda s: s.name),
        *_file_layer(named, directory, problems),
        _variables_layer(variables, problems),
        Layer("option", options, lambda s: s.option, is_text=True),
        Layer("argument", arguments, lambda s: s.name),
    ]
    merged = _merge(layers, problems)
    if problems:
        raise Refusal(*problems)
    profile = resolve(clauses(), merged.profile)
    return Settings(
        **{**merged.read, "profile": profile},
        file=directory / CONFIG_FILE if named is None else Path(named[0]),
        values=merged.values,
        places=merged.places,
        origins=merged.origins,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "localhost.")


def _as_in_a_file(value: Any) -> Any:
    """A program's value as a file would hold it: a path is a text, a tuple a list."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return [*value] if isinstance(value, tuple) else value


def _config(options: dict[str, Any], variables: dict[str, Any], arguments: dict[str, Any]) -> tuple[Any, str] | None:
    """The file that is named and the place that names it, taken out of all three."""
    by_variable = variables.pop(_CONFIG_VARIABLE, None)
    places = ((arguments.pop("config", None), "config"), (options.pop("config", None), "--config"))
    return next((named for named in (*places, (by_variable, _CONFIG_VARIABLE)) if named[0] is not None), None)


def _file_layer(named: tuple[Any, str] | None, directory: Path, problems: list[Problem]) -> list[Layer]:
    """The layer of the file that is named, else of the one in the directory, where there is one."""
    path = directory / CONFIG_FILE
    if named is None and not (path.exists() or path.is_symlink()):
        return []
    name, place = named or (CONFIG_FILE, "")
    try:
        if not name:
            raise Refusal(Problem("", "is empty", "leave it out, or give it a value"))
        if named is not None:
            path = Path(fields.path("", name))
        document = read_toml(path)
    except Refusal as refusal:
        problems.extend((refusal.at(place, ": ") if place else refusal).problems)
        return []
    entries = {key: value for key, value in document.items() if key in BY_NAME}
    if isinstance(profile := entries.get("profile"), str) and profile:
        entries["profile"] = str(path.parent / profile)
    if isinstance(scenarios := entries.get("scenarios"), list):
        entries["scenarios"] = [_beside(path, one) for one in scenarios]
    problems.extend(all_unknown(name, (key for key in document if key not in BY_NAME), BY_NAME))
    return [Layer(name, entries, lambda s: f"{name}: {s.name}")]


def _beside(path: Path, named: Any) -> Any:
    """What a settings file names. A path is relative to the file, not to the directory in which the mock starts."""
    return str(path.parent / named) if isinstance(named, str) and named.endswith(".toml") else named


def _variables_layer(variables: Mapping[str, str], problems: list[Problem]) -> Layer:
    known = {s.variable: s.name for s in SETTINGS if not s.file_only}
    ours = {name.removeprefix(PREFIX): value for name, value in variables.items() if name.startswith(PREFIX)}
    links: Collection[str] = ()
    if ours:
        from mockserver.settings.service_links import service_links

        links = service_links(ours)
    own = {f"{PREFIX}{name}": value for name, value in ours.items() if name not in links}
    names = [*known, _CONFIG_VARIABLE]
    strange = (variable for variable in own if variable not in known)
    problems.extend(all_unknown("environment", strange, names, noun="a variable"))
    entries = {known[variable]: value for variable, value in own.items() if variable in known}
    return Layer("environment", entries, lambda s: s.variable, is_text=True)


@dataclass
class Merged:
    """The settings of all layers, by name."""

    values: dict[str, Any] = field(default_factory=dict)  # as the file writes them
    read: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


def _merge(layers: Sequence[Layer], problems: list[Problem]) -> Merged:
    """The settings of the last layer that has each. Every layer is checked."""
    merged = Merged()
    for layer in layers:
        for setting in (s for s in SETTINGS if s.name in layer.entries):
            name, where, entry = setting.name, layer.where(setting), layer.entries[setting.name]
            try:
                value = setting.from_text(where, entry) if layer.is_text else entry
                if setting.is_table and isinstance(value, Mapping):
                    value = {**merged.values.get(setting.name, {}), **value}
                read = setting.field(where, value)
            except Refusal as refusal:
                problems.extend(refusal.problems)
                continue
            merged.read[name], merged.values[name] = read, value
            merged.origins[name], merged.places[name] = layer.origin, where
            chosen = setting.choices(read) if setting.choices else {}
            merged.profile = overlaid(merged.profile, chosen)
            merged.origins |= dict.fromkeys((f"profile.{clause}" for clause in chosen), layer.origin)
    host, place = merged.read.get("host"), merged.places.get("host", "")
    if host is not None and not is_loopback(host) and merged.read.get("admin_token", "") is None:
        remedy = f"set {beside(place, 'admin_token')}, too, or they can control the mock"
        problems.append(Problem(place, f"other machines can reach {host!r}", remedy))
    return merged
