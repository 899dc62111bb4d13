"""Loads the settings: built-in defaults < TOML file < IFIND_MOCK_* variables < options, all mistakes told at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.simulation import Simulation
from mockserver.core.tasks import Account
from mockserver.profile.profile import Profile, resolve
from mockserver.settings.files import clauses, overlaid, read_toml
from mockserver.settings.table import BY_NAME, PREFIX, SETTINGS, Setting

CONFIG_FILE = "ifind-mock.toml"


@dataclass(frozen=True)
class Layer:
    """Settings from one place: where tells the place of an entry from its name, as its reader would see it."""

    origin: str
    entries: Mapping[str, Any]
    where: Callable[[Setting], str]
    is_text: bool = False


@dataclass(frozen=True)
class Settings:
    """All settings, read and checked. values are as the file would write them, origins tell where each came from, and
    each choice of the profile (as `profile.CLAUSE`) that is not a default.
    """

    host: str
    port: int
    state: str
    admin_token: str | None
    access_log: bool
    plain: bool
    simulation: Simulation
    profile: Profile
    values: Mapping[str, Any]
    origins: Mapping[str, str]


def load(
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """The settings of the options (by the names of SETTINGS, and `config`), the environment and the file.

    Raises Refusal with everything that is wrong in any of them, ValueError for an option that is no setting.
    """
    if unheard := set(options or {}) - {*BY_NAME, "config"}:
        raise ValueError(f"no settings: {', '.join(sorted(unheard))}")
    given = dict(options or {})
    variables = dict(environ or {})
    problems: list[Problem] = []
    variable = variables.pop(f"{PREFIX}CONFIG", None)
    config = given.pop("config", variable)
    layers = [Layer("default", {s.name: s.default for s in SETTINGS}, lambda s: s.name)]
    if (file := _file_layer(config, directory or Path(), problems)) is not None:
        layers.append(file)
    layers.append(_variables_layer(variables, problems))
    layers.append(Layer("option", given, lambda s: s.option, is_text=True))
    values, read, origins = _merge(layers, problems)
    if problems:
        raise Refusal(*problems)
    return _settings(values, read, origins)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _file_layer(config: str | None, directory: Path, problems: list[Problem]) -> Layer | None:
    path = directory / CONFIG_FILE if config is None else Path(config)
    if config is None and not (path.exists() or path.is_symlink()):
        return None
    name = CONFIG_FILE if config is None else config
    try:
        document = read_toml(path)
    except Refusal as refusal:
        problems.extend(refusal.problems)
        return None
    entries = {key: value for key, value in document.items() if key in BY_NAME}
    if isinstance(profile := entries.get("profile"), str):
        # What a file names stands beside it, wherever the mock is started.
        entries["profile"] = str(path.parent / profile)
    problems.extend(unknown(name, key, BY_NAME) for key in document if key not in BY_NAME)
    return Layer(name, entries, lambda s: f"{name}: {s.name}")


def _variables_layer(variables: Mapping[str, str], problems: list[Problem]) -> Layer:
    known = {s.variable: s.name for s in SETTINGS if not s.table}
    entries: dict[str, str] = {}
    for variable, value in variables.items():
        if not variable.startswith(PREFIX):
            continue
        if variable in known:
            entries[known[variable]] = value
        else:
            problems.append(unknown("environment", variable, [*known, f"{PREFIX}CONFIG"], noun="variable"))
    return Layer("environment", entries, lambda s: s.variable, is_text=True)


def _merge(layers: Sequence[Layer], problems: list[Problem]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """What each setting is as written, as read, and where it came from: the last layer that has it. Every layer is
    checked, also where a later one stands over it.
    """
    values: dict[str, Any] = {}
    read: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    origins: dict[str, str] = {}
    places: dict[str, str] = {}
    for layer in layers:
        for setting in SETTINGS:
            if setting.name not in layer.entries:
                continue
            where = layer.where(setting)
            try:
                value = _from_text(setting, where, layer.entries[setting.name], is_text=layer.is_text)
                parsed = setting.read(where, value)
            except Refusal as refusal:
                problems.extend(refusal.problems)
                continue
            name = setting.name
            read[name], values[name], origins[name], places[name] = parsed, value, layer.origin, where
            chosen = setting.choices(parsed) if setting.choices else {}
            profile = overlaid(profile, chosen)
            origins |= dict.fromkeys((f"profile.{clause}" for clause in chosen), layer.origin)
    if "host" in read and not is_loopback(read["host"]) and read.get("admin_token", "") is None:
        remedy = "give an admin_token too: whoever reaches the host could else command the mock"
        problems.append(Problem(places["host"], f"{read['host']!r} is not this machine alone", remedy))
    return values, {**read, "profile": profile}, origins


def _from_text(setting: Setting, where: str, entry: Any, *, is_text: bool) -> Any:
    """What the file would hold for the text of a variable or an option, or for the texts of one given again."""
    if not is_text:
        return entry
    if isinstance(entry, list | tuple):
        one = setting.one or setting.from_text
        return [one(where, text) for text in entry]
    if entry == "":
        raise Refusal(Problem(where, "is empty", "leave it out, or give it a value"))
    return setting.from_text(where, entry) if isinstance(entry, str) else entry


def _settings(values: Mapping[str, Any], read: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    return Settings(
        host=read["host"],
        port=read["port"],
        state=read["state"],
        admin_token=read["admin_token"],
        access_log=read["access_log"],
        plain=read["plain"],
        simulation=Simulation(
            delay=read["delay"],
            by_source=read["delays"]["sources"],
            by_phone=read["delays"]["phones"],
            latency=read["latency"],
            daily_limit=read["daily_limit"],
            paid_until=read["paid_until"],
            seed=read["seed"],
            accounts=tuple(
                Account(**{"daily_limit": read["daily_limit"], "paid_until": read["paid_until"], **fields})
                for fields in read["accounts"]
            ),
            faults=tuple(read["faults"]),
        ),
        profile=resolve(clauses(), read["profile"]),
        values=MappingProxyType(dict(values)),
        origins=MappingProxyType(dict(origins)),
    )
