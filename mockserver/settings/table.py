"""The table of settings: a setting is one field of Settings.

The option, the variable, the file's key, the commented file and the README's row follow from it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.simulation import Simulation
from mockserver.core.tasks import Account
from mockserver.core.written import in_quotes, kind_of, shown, without_quotes
from mockserver.faults.faults import FAULT
from mockserver.inputs import fields
from mockserver.inputs.accounts import KEYS, MAX_SEED, WHOLE_ACCOUNT, login_and_token
from mockserver.inputs.fields import Field, Reader, inside
from mockserver.profile.editions import ALL_SOURCES, EDITIONS
from mockserver.profile.profile import Profile
from mockserver.settings.files import checked_choices, clauses, overlaid, read_profile
from mockserver.settings.limits import LIMITS, Limits
from mockserver.stores.opening import STATE, STORES

PREFIX = "IFIND_MOCK_"
DEFAULT_ACCOUNT = {"login": "demo@example.com", "token": "demo-token"}


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


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _workers(where: str, value: Any) -> int:
    if type(value) is int and value == 1:
        return value
    if (problem := in_quotes(where, value, lambda bare: bare is not True and bare == 1)) is not None:
        raise Refusal(problem)
    is_count = type(value) is int and value > 1
    what = "workers are not available in this version" if is_count else "is not allowed"
    raise Refusal(Problem(where, f"{shown(value)} {what}", "allowed: 1"))


def _accounts(where: str, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len({account["login"] for account in accounts}) < len(accounts):
        raise Refusal(Problem(where, "two accounts have the same login", "give each account a login of its own"))
    return accounts


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
_WORKERS = Field(_workers, {"type": "integer", "const": 1}, "1")
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
_CHOICE = Field(fields.as_is.read, {"type": "string", "pattern": "="}, "CLAUSE=CHOICE, such as row.phone=number")


def _setting(default: Any, field: Field[Any], help_text: str, metavar: str = "TEXT", **rest: Any) -> Any:
    described = field.described(help_text, rest.pop("example", None))
    return dataclasses.field(metadata={"default": default, "field": described, "metavar": metavar, **rest})


@dataclass(frozen=True)
class Settings:
    """All settings, read and checked."""

    host: str = _setting("127.0.0.1", _HOST, "Address to listen on.", "HOST")
    port: int = _setting(8080, fields.whole(0, 65535), "Port to listen on; 0 is a free one.", "PORT")
    state: str = _setting(
        "memory", STATE, "Where tasks and charges are kept.", "|".join(kind.metavar for kind in STORES.values())
    )
    workers: int = _setting(1, _WORKERS, "Processes; more than 1 come later.", "N")
    profile: Profile = _setting(
        {},
        Field(_profile, {"anyOf": [{"type": "string"}, {"type": "object"}]}, _PROFILES),
        "Choices where the API's documentation leaves them open.",
        "FILE",
        choices=dict,
    )
    clauses: Mapping[str, Any] = _setting(
        [],
        fields.list_of(_CHOICE, 'a list such as ["row.phone=number"]').then(_clauses),
        "Choices of single clauses, which override the profile: row.phone=number, error.codes.limit=402.",
        "CLAUSE=CHOICE",
        one=_same,
        separator=",(?=[a-z.-]+=)",
        choices=dict,
    )
    edition: str | None = _setting(
        None,
        fields.or_none(fields.one_of(EDITIONS)),
        "Edition of the API's page: the clause `edition`; it overrides the profile.",
        "|".join(EDITIONS),
        example="B",
        choices=lambda edition: {"edition": edition} if edition else {},
    )
    delay: Delay = _setting("2s", fields.delay, "Processing time of a task.", "DELAY")
    latency: Delay = _setting("0s", fields.latency, "Real time before every API answer.", "DELAY")
    daily_limit: int = _setting(
        100, fields.whole(0), "Units a day, for accounts without a limit of their own.", "UNITS"
    )
    paid_until: str = _setting("2099-12-31", fields.day, "Date in info, for accounts without one of their own.", "DATE")
    seed: int = _setting(0, fields.whole(0, MAX_SEED), "Seed of all made-up data and chance.", "N")
    admin_token: str | None = _setting(
        None,
        fields.or_none(_ADMIN_TOKEN),
        "Token of the control API under /_mock/.",
        "T",
        example="choose-one",
        secret=True,
    )
    plain: bool = _setting(False, fields.flag, "Leave out the headers X-Mock-Task and X-Mock-Reason.", "BOOL")
    access_log: bool = _setting(False, fields.flag, "One line for each request, to standard error.", "BOOL")
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
        example=[{key: field.example for key, field in KEYS.items()}],
        one=login_and_token,
        secret=True,
    )
    delays: Mapping[str, Any] = _setting(
        {},
        _DELAYS,
        "Processing time by source, and by phone.",
        example={"1": "1s", "2": "uniform 1s..5s", "phones": {"70000000001": "never"}},
    )
    faults: list[Any] = _setting(
        [],
        fields.list_of(FAULT, "a list of tables, each below a line [[faults]]"),
        "Faults that are armed at the start.",
        example=[FAULT.example],
    )
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
            accounts=tuple(
                Account(**{"daily_limit": self.daily_limit, "paid_until": self.paid_until, **account})
                for account in self.accounts
            ),
            faults=tuple(self.faults),
        )


SETTINGS: tuple[Setting, ...] = tuple(Setting(f.name, **f.metadata) for f in dataclasses.fields(Settings) if f.metadata)
BY_NAME: Mapping[str, Setting] = {s.name: s for s in SETTINGS}
