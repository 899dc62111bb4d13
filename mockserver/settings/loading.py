"""Loads the settings: built-in defaults < TOML file < IFIND_MOCK_* variables < options, all mistakes at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses, overlaid, read_toml
from mockserver.settings.table import BY_NAME, PREFIX, SETTINGS, Setting, Settings

CONFIG_FILE = "ifind-mock.toml"


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
) -> Settings:
    """The settings of the options (by the names of SETTINGS, and `config`), the environment and the file. Raises
    Refusal with everything that is wrong in any of them, ValueError for an option that is no setting.
    """
    if strange := set(options or {}) - {*BY_NAME, "config"}:
        raise ValueError(f"no settings: {', '.join(sorted(strange))}; allowed: {', '.join(BY_NAME)}, config")
    chosen = dict(options or {})
    variables = dict(environ or {})
    problems: list[Problem] = []
    config = chosen.pop("config", variables.pop(f"{PREFIX}CONFIG", None))
    layers = [
        Layer("default", {s.name: s.default for s in SETTINGS}, lambda s: s.name),
        *_file_layer(config, directory or Path(), problems),
        _variables_layer(variables, problems),
        Layer("option", chosen, lambda s: s.option, is_text=True),
    ]
    values, read, origins = _merge(layers, problems)
    if problems:
        raise Refusal(*problems)
    read["profile"] = resolve(clauses(), read["profile"])
    return Settings(**read, values=values, origins=origins)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _file_layer(config: str | None, directory: Path, problems: list[Problem]) -> list[Layer]:
    """The layer of the file, where there is one."""
    path = directory / CONFIG_FILE if config is None else Path(config)
    if config is None and not (path.exists() or path.is_symlink()):
        return []
    name = CONFIG_FILE if config is None else config
    try:
        document = read_toml(path)
    except Refusal as refusal:
        problems.extend(refusal.problems)
        return []
    entries = {key: value for key, value in document.items() if key in BY_NAME}
    if isinstance(profile := entries.get("profile"), str):
        # A file's path is relative to the file, not to the directory in which the mock starts.
        entries["profile"] = str(path.parent / profile)
    problems.extend(unknown(name, key, BY_NAME) for key in document if key not in BY_NAME)
    return [Layer(name, entries, lambda s: f"{name}: {s.name}")]


def _variables_layer(variables: Mapping[str, str], problems: list[Problem]) -> Layer:
    known = {s.variable: s.name for s in SETTINGS if not s.file_only}
    own = {variable: value for variable, value in variables.items() if variable.startswith(PREFIX)}
    names = [*known, f"{PREFIX}CONFIG"]
    problems.extend(
        unknown("environment", variable, names, noun="variable") for variable in own if variable not in known
    )
    entries = {known[variable]: value for variable, value in own.items() if variable in known}
    return Layer("environment", entries, lambda s: s.variable, is_text=True)


def _merge(layers: Sequence[Layer], problems: list[Problem]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Each setting as the file writes it, as read, and where it came from: the last layer. Every layer is checked."""
    values: dict[str, Any] = {}
    read: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    origins: dict[str, str] = {}
    places: dict[str, str] = {}
    for layer in layers:
        for setting in (s for s in SETTINGS if s.name in layer.entries):
            name, where, entry = setting.name, layer.where(setting), layer.entries[setting.name]
            try:
                value = setting.from_text(where, entry) if layer.is_text else entry
                parsed = setting.field(where, value)
            except Refusal as refusal:
                problems.extend(refusal.problems)
                continue
            read[name], values[name], origins[name], places[name] = parsed, value, layer.origin, where
            chosen = setting.choices(parsed) if setting.choices else {}
            profile = overlaid(profile, chosen)
            origins |= dict.fromkeys((f"profile.{clause}" for clause in chosen), layer.origin)
    if "host" in read and not is_loopback(read["host"]) and read.get("admin_token", "") is None:
        remedy = "set admin_token (--admin-token T), too, or they can control the mock"
        problems.append(Problem(places["host"], f"other machines can reach {read['host']!r}", remedy))
    return values, {**read, "profile": profile}, origins
