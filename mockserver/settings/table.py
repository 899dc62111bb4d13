"""The table of settings: a setting is one field of Settings.

The option, the variable, the file's key, the commented file and the row of docs/settings.md follow from it.
SettingValues tells type checkers what a program may write for it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from mockserver.api.stub_documents import STUB
from mockserver.core.delays import DURATION_PATTERN, MOST, Delay, duration
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.messages import Micros
from mockserver.core.simulation import Simulation
from mockserver.core.tasks import Account
from mockserver.core.written import kind_of, shown, without_quotes
from mockserver.faults.faults import FAULT
from mockserver.faults.scenarios import read_scenario
from mockserver.faults.stubs import Stub
from mockserver.inputs import fields
from mockserver.inputs.accounts import KEYS, MAX_SEED, WHOLE_ACCOUNT, login_and_token
from mockserver.inputs.fields import Field, Reader, inside
from mockserver.profile.editions import ALL_SOURCES, EDITIONS
from mockserver.profile.profile import Profile
from mockserver.settings.files import checked_choices, clauses, overlaid, read_profile, scenario_named
from mockserver.settings.limits import LIMITS, Limits
from mockserver.stores.opening import STATE, STORES, without_password

PREFIX = "IFIND_MOCK_"
DEFAULT_ACCOUNT = {"login": "demo@example.com", "token": "demo-token"}


def _same_value(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name at the top of the file, in the variable in capitals, in the option with hyphens."""

    name: str
    default: Any  # as the file would write it
    field: Field[Any]
    metavar: str = "TEXT"
    one: Reader | None = None
    """What the file would hold for one text, of a setting that an option gives again and again: an item of a list, or
    an entry of a table, as key and value. The entries of a table are added to those of the layers before.
    """
    separator: str = ","  # the pattern that separates such texts in a variable
    choices: Callable[[Any], Mapping[str, Any]] | None = None
    """The profile's choices that it makes. A later setting of the table overrides an earlier one's."""
    secret: bool = False  # whether it is never shown
    masked: Callable[[Any], Any] = _same_value  # as it is shown
    live: bool = False  # whether `serve` applies a change of the file while it runs

    @property
    def file_only(self) -> bool:
        """Whether no option and no variable can hold it."""
        return self.field.shape.get("type") in ("array", "object") and self.one is None

    @property
    def is_table(self) -> bool:
        """Whether it is a table to which each layer may add entries."""
        return self.field.shape.get("type") == "object" and self.one is not None

    @property
    def option(self) -> str:
        """The name on the command line; one of several is given there at a time."""
        return "--" + (self.name.removesuffix("s") if self.one else self.name).replace("_", "-")

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return PREFIX + self.name.upper()

    @property
    def default_text(self) -> str:
        """The default as an option or a variable would write it; empty where there is none."""
        if self.default in (None, [], {}):
            return ""
        account = self.default[0] if isinstance(self.default, list) else None
        return f"{account['login']}:{account['token']}" if account else str(self.default).lower()

    def from_text(self, where: str, entry: Any) -> Any:
        """What the file would hold for the text of a variable or an option, or for the texts of a repeated one."""
        if entry == "":
            raise Refusal(Problem(where, "is empty", "leave it out, or give it a value"))
        if self.one:
            texts = re.split(self.separator, entry) if isinstance(entry, str) else entry
            entries = [self.one(where, text) for text in texts]
            return dict(entries) if self.is_table else entries
        read = _FROM_TEXT.get(self.field.shape.get("type"), _same)
        return read(where, entry) if isinstance(entry, str) else entry


def _same(_where: str, text: str) -> str:
    return text


def _whole_text(where: str, text: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,19}", text) is None:
        raise Refusal(Problem(where, f"{shown(text)} is not a whole number", "write only digits"))
    return int(text)


def _flag_text(where: str, text: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
    if text.lower() not in words:
        raise Refusal(Problem(where, f"{shown(text)} is neither true nor false", f"allowed: {', '.join(words)}"))
    return words[text.lower()]


_FROM_TEXT: Mapping[Any, Reader] = {"integer": _whole_text, "boolean": _flag_text}  # by the JSON type of the field


def beside(where: str, name: str) -> str:
    """The name of the setting, spelled as the place spells its own: as an option, a variable or a key of the file."""
    setting = BY_NAME[name]
    return setting.option if where.startswith("--") else setting.variable if where.startswith(PREFIX) else name


def _host(where: str, value: Any) -> str:
    """A name or an address; an IPv6 address may have the brackets that it has in a URL."""
    if not isinstance(value, str):
        raise Refusal(without_quotes(where, value))
    bare = value[1:-1] if re.fullmatch(r"\[.*\]", value) else value
    if re.fullmatch(_NAME, value):
        return value
    if re.fullmatch(_IPV6, bare) and _is_ipv6(bare):
        return str(ipaddress.IPv6Address(bare).ipv4_mapped or bare)
    what, remedy = f"{shown(value)} is not a host", f"allowed: {_HOSTS}"
    if (pair := re.fullmatch(rf"(?:https?://)?({_NAME}|\[{_IPV6}\])(?::([0-9]{{1,5}}))?(?:/.*)?", value)) is not None:
        port = f", and {beside(where, 'port')} {pair[2]}" if pair[2] else ""
        host = pair[1] if _is_ipv6(pair[1].strip("[]")) else pair[1].strip("[]")
        what, remedy = f"{shown(value)} is more than a host", f"write {host}{port}"
    elif value == "*":
        remedy = "write 0.0.0.0 for all addresses"
    elif value.startswith("unix:"):
        remedy = "for a Unix socket run the Flask app under a WSGI server, such as gunicorn"
    raise Refusal(Problem(where, what, remedy))


def _tls_name(where: str, value: Any) -> str:
    name = _host(where, value)
    try:
        name.encode("idna")
    except UnicodeError:
        raise Refusal(Problem(where, f"{value!r} is not a name that a certificate can hold", _HOSTS)) from None
    return name


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _origin(where: str, value: Any) -> str:
    """Scheme, host and port of a page, as a browser names them: in lower case, without the port that goes unsaid."""
    if not isinstance(value, str):
        raise Refusal(without_quotes(where, value))
    match = re.fullmatch(_WEB_ORIGIN, value.lower())
    if match is not None:
        scheme, host, port = match.groups()
        return f"{scheme}://{host}" + (f":{port}" if port and port != _WEB_PORTS[scheme] else "")
    longer = re.match(rf"{_WEB_ORIGIN}(?=[/?#])", value.lower())
    remedy = f"write {longer[0]}, without what follows" if longer else f"allowed: {_ORIGINS}"
    if value in ("*", "null"):
        remedy = f"name each page's own: any page could control the mock; {remedy}"
    raise Refusal(Problem(where, f"{shown(value)} is not an origin", remedy))


def _accounts(where: str, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len({account["login"] for account in accounts}) < len(accounts):
        raise Refusal(Problem(where, "two accounts have the same login", "give each account a login of its own"))
    return accounts


def _stubs(where: str, stubs: list[Stub]) -> list[Stub]:
    if len({stub.key for stub in stubs}) < len(stubs):
        raise Refusal(Problem(where, "two stubs have the same match", "put them into one"))
    return stubs


def _clauses(where: str, texts: list[Any]) -> Mapping[str, Any]:
    chosen: dict[str, Any] = {}
    for text in texts:
        name, mark, choice = text.partition("=") if isinstance(text, str) else ("", "", "")
        if not mark:
            raise Refusal(Problem(where, f"{shown(text)} is not a choice", f"write it as {_CHOICE.allowed}"))
        clause, _, kind = name.rpartition(".")
        if isinstance(getattr(clauses().get(clause), "default", None), Mapping):
            number = int(choice) if re.fullmatch("[0-9]{1,9}", choice) and clause == "error.codes" else choice
            chosen = overlaid(chosen, {clause: {kind: number}})
        else:
            chosen[name] = choice
    return checked_choices(where, chosen, ": ")


def _limit(where: str, text: Any) -> tuple[str, Any]:
    name, mark, value = text.partition("=") if isinstance(text, str) else ("", "", "")
    if not mark:
        raise Refusal(
            Problem(where, f"{shown(text)} is not a limit", "write it as NAME=VALUE, such as connections=100")
        )
    field = LIMITS.get(name.replace("-", "_"))
    if field is None:
        raise Refusal(unknown(where, name, LIMITS, noun="a limit"))
    return name.replace("-", "_"), _FROM_TEXT.get(field.shape.get("type"), _same)(inside(where, name), value)


def _profile(where: str, value: Any) -> Mapping[str, Any]:
    if value == "":
        raise Refusal(Problem(where, "is empty", "leave it out, or give it a value"))
    if isinstance(value, str):
        try:
            return read_profile(Path(fields.path(where, value)))
        except Refusal as refusal:
            raise refusal.at(where, ": ") from None
    if not isinstance(value, Mapping):
        raise Refusal(Problem(where, f"{kind_of(value)} is not a profile", f"allowed: {_PROFILES}"))
    return checked_choices(where, value)


_PROFILES = "a file's path, or a table of clauses"
_NAME = r"[\w.-]{1,253}"
_IPV6 = r"[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,32})?"
_HOSTS = "a name or an address, such as 127.0.0.1, ::1 or localhost"
_HOST = Field(_host, {"type": "string", "pattern": rf"^(?:{_NAME}|{_IPV6}|\[{_IPV6}\])$(?!\n)"}, _HOSTS)
_WEB_PORTS = {"http": "80", "https": "443"}
_WEB_ORIGIN = r"(https?)://([a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?"
_ORIGINS = "scheme, host and port of a page, such as http://localhost:3000"
_ORIGIN = Field(_origin, {"type": "string", "pattern": rf"^(?i:{_WEB_ORIGIN})$(?!\n)"}, _ORIGINS)
_ADMIN_TOKEN = fields.matching(
    "[!-~]{1,254}", "a token", "a text of 1 to 254 ASCII characters without blanks", secret=True
)
_DELAYS = fields.table_of(
    {
        **{str(n): fields.delay.described(f"Of tasks of the source {n}.") for n in ALL_SOURCES},
        "phones": fields.table_by(fields.phone, fields.delay, "phone = delay, with the phone in quotes").described(
            "Of tasks of single phones."
        ),
    }
)
_AGE = fields.at_most(
    MOST,
    Field(
        fields.text.then(lambda where, text: duration(text, where)).read,
        {"type": "string", "pattern": DURATION_PATTERN},
        "a time such as '24h', up to '366d'",
    ),
)
_CHOICE = Field(fields.as_is.read, {"type": "string", "pattern": "="}, "CLAUSE=CHOICE, such as row.phone=number")


def _scenario(where: str, value: Any) -> Mapping[str, Any]:
    """The name and the document of a scenario, which is checked and kept as it is."""
    if not isinstance(value, str):
        raise Refusal(without_quotes(where, value))
    named = scenario_named(where, value)
    try:
        read_scenario(named["name"], named["scenario"])
    except Refusal as refusal:
        raise refusal.at(f"{where}: {value}", ": ") from None
    return named


_SCENARIO = Field(_scenario, {"type": "string"}, "the name of a ready scenario, or a file's path")


def _setting(default: Any, field: Field[Any], help_text: str, metavar: str = "TEXT", **rest: Any) -> Any:
    described = field.described(help_text, rest.pop("example", None))
    return dataclasses.field(metadata={"default": default, "field": described, "metavar": metavar, **rest})


@dataclass(frozen=True)
class Settings:
    """All settings, read and checked."""

    host: str = _setting("127.0.0.1", _HOST, "Address to listen on.", "HOST")
    port: int = _setting(8080, fields.whole(0, 65535), "Port to listen on; 0 is a free one.", "PORT")
    state: str = _setting(
        "memory",
        STATE,
        "Where tasks and charges are kept.",
        "|".join(kind.metavar for kind in STORES.values()),
        masked=without_password,
    )
    workers: int = _setting(
        1, fields.whole(1, 64), "Processes of `serve`; where they are several, a state in memory is in a file.", "N"
    )
    profile: Profile = _setting(
        {},
        Field(_profile, {"anyOf": [{"type": "string"}, {"type": "object"}]}, _PROFILES),
        "Choices where the API's documentation leaves them open.",
        "FILE",
        choices=dict,
        live=True,
    )
    clauses: Mapping[str, Any] = _setting(
        [],
        fields.list_of(_CHOICE, 'a list such as ["row.phone=number"]').then(_clauses),
        "Choices of single clauses, which override the profile: row.phone=number, error.codes.limit=402.",
        "CLAUSE=CHOICE",
        one=_same,
        separator=",(?=[a-z.-]+=)",
        choices=dict,
        live=True,
    )
    edition: str | None = _setting(
        None,
        fields.or_none(fields.one_of(EDITIONS)),
        "Edition of the API's page: the clause `edition`; it overrides the profile.",
        "|".join(EDITIONS),
        example="B",
        choices=lambda edition: {"edition": edition} if edition else {},
        live=True,
    )
    delay: Delay = _setting("2s", fields.delay, "Processing time of a task.", "DELAY", live=True)
    latency: Delay = _setting("0s", fields.latency, "Real time before every API answer.", "DELAY", live=True)
    daily_limit: int = _setting(
        100, fields.whole(0), "Units a day, for accounts without a limit of their own.", "UNITS", live=True
    )
    paid_until: str = _setting(
        "2099-12-31", fields.day, "Date in info, for accounts without one of their own.", "DATE", live=True
    )
    seed: int = _setting(0, fields.whole(0, MAX_SEED), "Seed of all made-up data and chance.", "N", live=True)
    journal: int = _setting(
        1000, fields.whole(0, 1_000_000), "Calls that are kept for each account, for `/_mock/requests`; 0 is none.", "N"
    )
    keep_tasks: int = _setting(
        0,
        fields.whole(0),
        "Tasks that are kept, of all accounts: older ones are unknown; 0 is all. One takes about 250 bytes of memory.",
        "N",
    )
    keep_for: Micros = _setting(
        "0s", _AGE, "How long a task is kept, in real time: older ones go at later creates; 0s is for ever.", "TIME"
    )
    admin_token: str | None = _setting(
        None,
        fields.or_none(_ADMIN_TOKEN),
        "Token of the control API under /_mock/.",
        "T",
        example="choose-one",
        secret=True,
    )
    control_origin: list[str] = _setting(
        [],
        fields.list_of(_ORIGIN, 'a list such as ["http://localhost:3000"]'),
        "Origin of pages elsewhere that may use the control API in a browser; all others are refused.",
        "URL",
        example=["http://localhost:3000"],
        one=_same,
    )
    plain: bool = _setting(
        False, fields.flag, "Leave out the headers X-Mock-Task and X-Mock-Reason.", "BOOL", live=True
    )
    access_log: bool = _setting(False, fields.flag, "One line for each request, to standard error.", "BOOL")
    tls: bool = _setting(
        False,
        fields.flag,
        "Speak HTTPS, with a certificate made at the start; its CA's is named on standard error.",
        "BOOL",
    )
    tls_names: list[str] = _setting(
        [],
        fields.list_of(replace(_HOST, read=_tls_name), 'a list such as ["mock.local"]'),
        "Names and addresses in that certificate, beside those of this machine, the host, and i-find.pro.",
        "NAME",
        example=["mock.local"],
        one=_same,
    )
    tls_ca: str | None = _setting(
        None,
        fields.or_none(fields.path),
        "File for the certificate of the CA. Without it, a temporary one, removed at the end.",
        "FILE",
        example="ifind-mock-ca.pem",
    )
    scenarios: list[Any] = _setting(
        [],
        fields.list_of(_SCENARIO, 'a list such as ["flaky-network", "mine.toml"]'),
        "Scenarios that begin at the start: names of ready ones, and files.",
        "NAME|FILE",
        one=_same,
        example=["flaky-network"],
        live=True,
    )
    limits: Limits = _setting(
        {},
        fields.table_of(LIMITS).then(lambda _, entries: Limits(**entries)),
        "What clients may ask of `serve`: the limits below.",
        "NAME=VALUE",
        one=_limit,
        example={name: field.example for name, field in LIMITS.items()},
    )
    accounts: list[dict[str, Any]] = _setting(
        [DEFAULT_ACCOUNT],
        fields.list_of(WHOLE_ACCOUNT, "a list of tables, each below a line [[accounts]]").then(_accounts),
        "Accounts that may call. They replace the default one.",
        "LOGIN:TOKEN",
        example=[{key: field.example for key, field in KEYS.items() if field.example is not None}],
        one=login_and_token,
        secret=True,
        live=True,
    )
    delays: Mapping[str, Any] = _setting(
        {},
        _DELAYS,
        "Processing time by source, and by phone.",
        example={"1": "1s", "2": "uniform 1s..5s", "phones": {"70000000001": "never"}},
        live=True,
    )
    faults: list[Any] = _setting(
        [],
        fields.list_of(FAULT, "a list of tables, each below a line [[faults]]"),
        "Faults that are armed at the start.",
        example=[FAULT.example],
        live=True,
    )
    stubs: list[Stub] = _setting(
        [],
        fields.list_of(STUB, "a list of tables, each below a line [[stubs]]").then(_stubs),
        "What is found on phones, in place of made-up data.",
        example=[STUB.example],
        live=True,
    )
    file: Path = dataclasses.field(kw_only=True)  # the settings file, whether it exists or not
    values: Mapping[str, Any] = dataclasses.field(kw_only=True)  # each setting as the file would write it
    places: Mapping[str, str] = dataclasses.field(kw_only=True)
    """How a message names each: as the option, the variable, or the file and its key."""
    origins: Mapping[str, str] = dataclasses.field(kw_only=True)
    """Where each came from, and each choice of the profile (as `profile.CLAUSE`) that is not a default."""

    @property
    def simulation(self) -> Simulation:
        """What of it is not the API's."""
        return Simulation(
            delay=self.delay,
            by_source={int(key): delay for key, delay in self.delays.items() if key != "phones"},
            by_phone=self.delays.get("phones", {}),
            latency=self.latency,
            daily_limit=self.daily_limit,
            paid_until=self.paid_until,
            seed=self.seed,
            journal=self.journal,
            accounts=tuple(
                Account(**{"daily_limit": self.daily_limit, "paid_until": self.paid_until, **account})
                for account in self.accounts
            ),
            faults=tuple(self.faults),
            stubs=tuple(self.stubs),
            scenarios=tuple(self.scenarios),
        )


SETTINGS: tuple[Setting, ...] = tuple(Setting(f.name, **f.metadata) for f in dataclasses.fields(Settings) if f.metadata)
BY_NAME: Mapping[str, Setting] = {s.name: s for s in SETTINGS}


class SettingValues(TypedDict, total=False):
    """The settings as a program gives them by name: each as the file would write it, a path also as a Path."""

    config: str | os.PathLike[str]  # the settings file
    host: str
    port: int
    state: str | os.PathLike[str]
    workers: int
    profile: str | os.PathLike[str] | Mapping[str, Any]
    clauses: Sequence[str]
    edition: str | None
    delay: str
    latency: str
    daily_limit: int
    paid_until: str
    seed: int
    keep_tasks: int
    keep_for: str
    admin_token: str | None
    control_origin: Sequence[str]
    plain: bool
    access_log: bool
    tls: bool
    tls_names: Sequence[str]
    tls_ca: str | os.PathLike[str] | None
    journal: int
    limits: Mapping[str, Any]
    accounts: Sequence[Mapping[str, Any]]
    delays: Mapping[str, Any]
    faults: Sequence[Mapping[str, Any]]
    stubs: Sequence[Mapping[str, Any]]
    scenarios: Sequence[str | os.PathLike[str]]
