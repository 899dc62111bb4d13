"""The table of settings: what each is, its default, and how it is read.

A new setting is one row of SETTINGS: the option, the variable, the file's key and the commented file follow from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.errors import Problem, Refusal
from mockserver.faults.faults import read_fault
from mockserver.inputs import fields
from mockserver.inputs.accounts import MAX_SEED, login_and_token, read_account
from mockserver.profile.editions import ALL_SOURCES, EDITIONS
from mockserver.profile.profile import choices_of
from mockserver.settings.files import choice_in, clauses, overlaid, read_profile

PREFIX = "IFIND_MOCK_"
DEFAULT_ACCOUNT = {"login": "demo@example.com", "token": "demo-token"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name at the top of the file (in the variable in capitals, in the option with hyphens), its
    default as the file would write it, its reader, what it is, and how a text (of an option or a variable) becomes
    what the file would hold; one does so for each of an option's that is given again and again. choices is what a
    setting says of the profile; a later one of the table stands over an earlier one's. table settings stand in the file
    alone; secret ones are never shown.
    """

    name: str
    default: Any
    read: fields.Reader
    help: str
    from_text: Callable[[str, str], Any] = lambda _where, text: text
    metavar: str = "TEXT"
    table: bool = False
    secret: bool = False
    one: Callable[[str, str], Any] | None = None
    choices: Callable[[Any], Mapping[str, Any]] | None = None

    @property
    def option(self) -> str:
        """The name on the command line; what is several is given there one at a time."""
        return "--" + (self.name.removesuffix("s") if self.one else self.name).replace("_", "-")

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return PREFIX + self.name.upper()


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
        raise Refusal(Problem(where, f"{fields.kind_of(value)} is no list", 'write it as ["row.phone=number"]'))
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
            chosen = overlaid(chosen, {clause: {kind: number}})
        else:
            chosen[name] = choice
    return _checked(where, chosen, ": ")


def _host(where: str, value: Any) -> str:
    if not fields.is_word(value):
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
            read_fault(document)
        except Refusal as refusal:
            problems.extend(refusal.at(f"{where}[{n}]").problems)
    if problems:
        raise Refusal(*problems)
    return value


def _delays(where: str, value: Any) -> dict[str, Mapping[Any, Delay]]:
    problems: list[Problem] = []
    sources = {str(n): fields.delay for n in ALL_SOURCES}
    top = fields.table(value, where, {**sources, "phones": fields.as_is}, problems)
    phones: dict[str, Delay] = {}
    for number, text in (
        fields.table({"phones": top.pop("phones", {})}, where, {"phones": _is_table}, problems)
        .get("phones", {})
        .items()
    ):
        place = f"{where}.phones.{number}"
        try:
            phones[fields.phone(place, number)] = fields.delay(place, text)
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
            Problem(where, f"{fields.kind_of(value)} is no profile", "write a file's path, or a table of clauses")
        )
    return _checked(where, value, ".")


def _checked(where: str, chosen: Mapping[str, Any], joint: str) -> Mapping[str, Any]:
    try:
        choices_of(clauses(), chosen)
    except Refusal as refusal:
        raise refusal.at(where, joint) from None
    return {name: choice_in(entry) for name, entry in chosen.items()}


SETTINGS: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", _host, "Address to listen on.", metavar="HOST"),
    Setting("port", 8080, fields.whole(0, 65535), "Port to listen on; 0 is a free one.", _whole_text, "PORT"),
    Setting("state", "memory", fields.state, "Where tasks and charges are kept.", metavar="memory|FILE.db"),
    Setting("workers", 1, _workers, "Processes; more than 1 come later.", _whole_text, "N"),
    Setting("profile", {}, _profile, "What the API's documentation leaves open.", metavar="FILE", choices=dict),
    Setting(
        "clauses",
        [],
        _clauses,
        "Choices of single clauses, over the profile: row.phone=number, error.codes.limit=402.",
        _clauses_text,
        "CLAUSE=CHOICE",
        one=lambda _where, text: text,
        choices=dict,
    ),
    Setting(
        "edition",
        None,
        fields.or_none(fields.one_of(EDITIONS)),
        "Edition of the API's page: the clause `edition`, over what the profile says.",
        metavar="A|B|C",
        choices=lambda edition: {"edition": edition} if edition else {},
    ),
    Setting("delay", "2s", fields.delay, "Processing time of a task.", metavar="DELAY"),
    Setting("latency", "0s", fields.latency, "Real time before every API answer.", metavar="DELAY"),
    Setting("daily_limit", 100, fields.whole(0), "Units a day of accounts that name none.", _whole_text, "UNITS"),
    Setting("paid_until", "2099-12-31", fields.day, "What info tells of accounts that name none.", metavar="DATE"),
    Setting("seed", 0, fields.whole(0, MAX_SEED), "Seed of all made-up data and chance.", _whole_text, "N"),
    Setting(
        "admin_token",
        None,
        fields.or_none(_admin_token),
        "Token of the routes under /_mock/.",
        metavar="T",
        secret=True,
    ),
    Setting("plain", False, fields.flag, "Leave out the headers X-Mock-Task and X-Mock-Reason.", _flag_text, "BOOL"),
    Setting("access_log", False, fields.flag, "One line for each request, to standard error.", _flag_text, "BOOL"),
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
BY_NAME: Mapping[str, Setting] = MappingProxyType({s.name: s for s in SETTINGS})
