"""Settings: built-in defaults < TOML file < IFIND_MOCK_* variables < options, each read and checked by one table.

A new setting is one row of SETTINGS: the option, the variable, the file's key and the commented file follow from it.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver import data
from mockserver.core import reading
from mockserver.core.accounts import MAX_SEED, login_and_token, read_account
from mockserver.core.clauses import Clause, parse_clauses
from mockserver.core.delays import Delay
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.faults import read_fault
from mockserver.core.mock import Simulation
from mockserver.core.profile import Profile, choices_of, resolve
from mockserver.core.sources import ALL_SOURCES, EDITIONS
from mockserver.core.tasks import Account
from mockserver.core.words import Words, parse_words

PREFIX = "IFIND_MOCK_"
CONFIG_FILE = "ifind-mock.toml"
DEFAULT_ACCOUNT = {"login": "demo@example.com", "token": "demo-token"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name at the top of the file (in the variable in capitals, in the option with hyphens), its
    default as the file would write it, its reader, what it is, and how a text (of an option or a variable) becomes
    what the file would hold; one does so for each of an option's that is given again and again. table
    settings stand in the file alone; secret ones are never shown.
    """

    name: str
    default: Any
    read: reading.Reader
    help: str
    from_text: Callable[[str, str], Any] = lambda _where, text: text
    metavar: str = "TEXT"
    table: bool = False
    secret: bool = False
    one: Callable[[str, str], Any] | None = None

    @property
    def option(self) -> str:
        """The name on the command line; what is several is given there one at a time."""
        return "--" + (self.name.removesuffix("s") if self.one else self.name).replace("_", "-")

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return PREFIX + self.name.upper()


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


def clauses() -> Mapping[str, Clause]:
    """The clauses of schemas/clauses.toml."""
    return parse_clauses(data.toml("schemas", "clauses.toml"))


def words() -> Words:
    """The words of fixtures/words.toml."""
    return parse_words(data.toml("fixtures", "words.toml"))


def load(
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """The settings of the options (by the names of SETTINGS, and `config`), the environment and the file.

    Raises Refusal with everything that is wrong in any of them, ValueError for an option that is no setting.
    """
    if unheard := set(options or {}) - {*_BY_NAME, "config"}:
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


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises Refusal naming it, with the line of a slip of syntax."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Refusal(Problem(str(path), "there is no such file", "check the path")) from None
    except OSError as error:
        raise Refusal(Problem(str(path), f"can't be read: {error.strerror}", "name a file that can")) from None
    except UnicodeDecodeError:
        raise Refusal(Problem(str(path), "is not UTF-8", "save it in that encoding")) from None
    except tomllib.TOMLDecodeError as error:
        raise Refusal(Problem(str(path), f"is no TOML: {error}", "texts stand in quotes")) from None
    except (ValueError, RecursionError) as error:
        raise Refusal(Problem(repr(str(path)), f"can't be read: {error}", "name a plain settings file")) from None


def read_profile(path: Path, known: Mapping[str, Clause]) -> Mapping[str, Any]:
    """The choices of a profile file, whose table [profile] holds them, checked.

    Raises Refusal naming the file, and every clause or choice that is wrong.
    """
    document = read_toml(path)
    if "profile" not in document or not isinstance(document["profile"], Mapping):
        raise Refusal(Problem(str(path), "has no table [profile]", "write the clauses below a line [profile]"))
    chosen = document["profile"]
    try:
        choices_of(known, chosen)
    except Refusal as refusal:
        raise refusal.at(f"{path}: profile") from None
    return {name: _choice(entry) for name, entry in chosen.items()}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _choice(entry: Any) -> Any:
    return entry["choice"] if isinstance(entry, Mapping) and "choice" in entry else entry


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
    entries = {key: value for key, value in document.items() if key in _BY_NAME}
    if isinstance(profile := entries.get("profile"), str):
        # What a file names stands beside it, wherever the mock is started.
        entries["profile"] = str(path.parent / profile)
    problems.extend(unknown(name, key, _BY_NAME) for key in document if key not in _BY_NAME)
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
    read: dict[str, Any] = {"profile": {}}
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
            if name in {"profile", "clauses"}:
                chosen = parsed
            elif name == "edition" and parsed is not None:
                chosen = {"edition": parsed}
            else:
                chosen = {}
            read["profile"] = _overlaid(read["profile"], chosen)
            origins |= dict.fromkeys((f"profile.{clause}" for clause in chosen), layer.origin)
            values[name], origins[name], places[name] = value, layer.origin, where
            if name not in {"profile", "clauses"}:
                read[name] = parsed
    if "host" in read and not is_loopback(read["host"]) and read.get("admin_token", "") is None:
        remedy = "give an admin_token too: whoever reaches the host could else command the mock"
        problems.append(Problem(places["host"], f"{read['host']!r} is not this machine alone", remedy))
    return values, read, origins


def _overlaid(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of two profiles, the second before the first, tables entry by entry."""
    both = {name for name in over if isinstance(over[name], Mapping) and isinstance(under.get(name), Mapping)}
    return {**under, **over, **{name: {**under[name], **over[name]} for name in both}}


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


def _whole_text(where: str, text: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,19}", text) is None:
        raise Refusal(Problem(where, f"{text!r} is no whole number", "write digits alone"))
    return int(text)


def _flag_text(where: str, text: str) -> bool:
    words_ = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
    if text.lower() not in words_:
        raise Refusal(Problem(where, f"{text!r} is neither true nor false", f"allowed: {', '.join(words_)}"))
    return words_[text.lower()]


def _account_text(where: str, text: str) -> dict[str, Any]:
    return login_and_token(text, where)


def _accounts_text(where: str, text: str) -> list[Any]:
    return [_account_text(where, part) for part in text.split(",")]


def _clauses_text(_where: str, text: str) -> list[str]:
    return re.split(r",(?=[a-z.-]+=)", text)


def _clauses(where: str, value: Any) -> Mapping[str, Any]:
    """The profile of texts such as `row.phone=number` and `error.codes.limit=402`."""
    if not isinstance(value, list):
        raise Refusal(Problem(where, f"{reading.kind_of(value)} is no list", 'write it as ["row.phone=number"]'))
    chosen: dict[str, Any] = {}
    for text in value:
        name, mark, choice = text.partition("=") if isinstance(text, str) else ("", "", "")
        if not mark:
            raise Refusal(
                Problem(where, f"{text!r} is no choice", "write it as CLAUSE=CHOICE, such as row.phone=number")
            )
        clause, _, kind = name.rpartition(".")
        if isinstance(getattr(clauses().get(clause), "default", None), Mapping):
            number = int(choice) if re.fullmatch("[0-9]{1,9}", choice) and clause == "error.codes" else choice
            chosen = _overlaid(chosen, {clause: {kind: number}})
        else:
            chosen[name] = choice
    return _checked(where, chosen, ": ")


def _host(where: str, value: Any) -> str:
    if not reading.is_word(value):
        raise Refusal(Problem(where, f"{value!r} is no host", "write it as 127.0.0.1 or localhost"))
    return str(value)


def _admin_token(where: str, value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch("[!-~]{1,254}", value) is None:
        raise Refusal(Problem(where, "is no token", "allowed: 1 to 254 ASCII characters without blanks"))
    return value


def _workers(where: str, value: Any) -> int:
    if value != 1 or isinstance(value, bool):
        raise Refusal(Problem(where, f"{value!r} workers are not available in this version", "allowed: 1"))
    return 1


def _accounts(where: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Refusal(Problem(where, "is no list of tables", "write each account below a line [[accounts]]"))
    problems: list[Problem] = []
    accounts: list[dict[str, Any]] = []
    for n, document in enumerate(value):
        try:
            accounts.append(read_account(document, f"{where}[{n}]", required=("login", "token")))
        except Refusal as refusal:
            problems.extend(refusal.problems)
    logins = [account["login"] for account in accounts]
    if len(set(logins)) < len(logins):
        problems.append(Problem(where, "a login stands there twice", "give each account a login of its own"))
    if problems:
        raise Refusal(*problems)
    return accounts


def _faults(where: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refusal(Problem(where, "is no list of tables", "write each fault below a line [[faults]]"))
    problems: list[Problem] = []
    for n, document in enumerate(value):
        try:
            read_fault(document, "")
        except Refusal as refusal:
            problems.extend(refusal.at(f"{where}[{n}]").problems)
    if problems:
        raise Refusal(*problems)
    return value


def _delays(where: str, value: Any) -> dict[str, Mapping[Any, Delay]]:
    problems: list[Problem] = []
    sources = {str(n): reading.delay for n in ALL_SOURCES}
    top = reading.table(value, where, {**sources, "phones": reading.as_is}, problems)
    phones: dict[str, Delay] = {}
    for number, text in (
        reading.table({"phones": top.pop("phones", {})}, where, {"phones": _is_table}, problems)
        .get("phones", {})
        .items()
    ):
        place = f"{where}.phones.{number}"
        try:
            phones[reading.phone(place, number)] = reading.delay(place, text)
        except Refusal as refusal:
            problems.extend(refusal.problems)
    if problems:
        raise Refusal(*problems)
    return {"sources": {int(n): delay for n, delay in top.items()}, "phones": phones}


def _is_table(where: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise Refusal(Problem(where, f"{value!r} is no table", "write phone = delay, with the phone in quotes"))
    return value


def _profile(where: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            return read_profile(Path(value), clauses())
        except Refusal as refusal:
            raise refusal.at(where, ": ") from None
    if not isinstance(value, Mapping):
        raise Refusal(
            Problem(where, f"{reading.kind_of(value)} is no profile", "write a file's path, or a table of clauses")
        )
    return _checked(where, value, ".")


def _checked(where: str, chosen: Mapping[str, Any], joint: str) -> Mapping[str, Any]:
    try:
        choices_of(clauses(), chosen)
    except Refusal as refusal:
        raise refusal.at(where, joint) from None
    return {name: _choice(entry) for name, entry in chosen.items()}


SETTINGS: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", _host, "Address to listen on.", metavar="HOST"),
    Setting("port", 8080, reading.whole(0, 65535), "Port to listen on; 0 is a free one.", _whole_text, "PORT"),
    Setting("state", "memory", reading.state, "Where tasks and charges are kept.", metavar="memory|FILE.db"),
    Setting("workers", 1, _workers, "Processes; more than 1 come later.", _whole_text, "N"),
    Setting("profile", {}, _profile, "What the API's documentation leaves open.", metavar="FILE"),
    Setting(
        "clauses",
        [],
        _clauses,
        "Choices of single clauses, over the profile: row.phone=number, error.codes.limit=402.",
        _clauses_text,
        "CLAUSE=CHOICE",
        one=lambda _where, text: text,
    ),
    Setting(
        "edition",
        None,
        reading.or_none(reading.one_of(EDITIONS)),
        "Edition of the API's page: the clause `edition`, over what the profile says.",
        metavar="A|B|C",
    ),
    Setting("delay", "2s", reading.delay, "Processing time of a task.", metavar="DELAY"),
    Setting("latency", "0s", reading.latency, "Real time before every API answer.", metavar="DELAY"),
    Setting("daily_limit", 100, reading.whole(0), "Units a day of accounts that name none.", _whole_text, "UNITS"),
    Setting("paid_until", "2099-12-31", reading.day, "What info tells of accounts that name none.", metavar="DATE"),
    Setting("seed", 0, reading.whole(0, MAX_SEED), "Seed of all made-up data and chance.", _whole_text, "N"),
    Setting(
        "admin_token",
        None,
        reading.or_none(_admin_token),
        "Token of the routes under /_mock/.",
        metavar="T",
        secret=True,
    ),
    Setting("plain", False, reading.flag, "Leave out the headers X-Mock-Task and X-Mock-Reason.", _flag_text, "BOOL"),
    Setting("access_log", False, reading.flag, "One line for each request, to standard error.", _flag_text, "BOOL"),
    Setting(
        "accounts",
        [DEFAULT_ACCOUNT],
        _accounts,
        "Who may call.",
        _accounts_text,
        "LOGIN:TOKEN",
        secret=True,
        one=_account_text,
    ),
    Setting("delays", {}, _delays, "Processing time by source, and by phone.", table=True),
    Setting("faults", [], _faults, "Faults that are armed from the start.", table=True),
)
_BY_NAME: Mapping[str, Setting] = MappingProxyType({s.name: s for s in SETTINGS})
