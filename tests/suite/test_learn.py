"""Learning a target: a cheap run gives the exact profile of its choices, which holds none of its values."""

from __future__ import annotations

import io
import re
import tomllib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_learned_parity import mock_of
from test_parity import differences
from test_right_servers import covering_set, serving_profile

from contract_tests.api.calls import GET, Account, result
from contract_tests.api.reply import Reply
from contract_tests.check.command import run
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.profile import Uncovered, read_profile, read_profile_file
from contract_tests.contract.public_words import is_choice
from contract_tests.contract.values import with_blank
from contract_tests.decode.model import Decoded
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.private_texts import PrivateTexts
from contract_tests.learning.error_tables import NotCovered, template_of
from contract_tests.learning.evidence import shape
from contract_tests.learning.learn import learn
from contract_tests.learning.learned_profile import Unseen, profile_file, profile_of
from contract_tests.parity.parity import examine
from contract_tests.redact.secrets import Secrets
from contract_tests.report.report import Report, Spent
from contract_tests.transport.messages import HttpResponse, Request
from mockserver.core.errors import Refusal
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.mutant import unchanged
from mockserver.settings.loading import load
from support.command import ifind
from support.in_process import CLAUSES
from support.standins.breakages import BREAKAGES
from support.standins.breaking import Breakage
from support.standins.people import PERSONAL
from support.standins.running import HIDDEN, STANDINS, Standin, serving

NEVER = {"rate.limit", "quota.turns-at", "task.lifetime"}
"""Open clauses that no run can see."""


@dataclass(frozen=True)
class Learned:
    code: int
    output: str
    file: Path
    calls: list[tuple[str, str, dict[str, str]]]
    units: int

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def document(self) -> dict[str, Any]:
        return tomllib.loads(self.text)

    @property
    def profile(self) -> dict[str, Any]:
        return {clause: entry["choice"] for clause, entry in self.document["profile"].items()}

    def uncovered(self, clause: str) -> list[dict[str, str]]:
        return [entry for entry in self.document.get("uncovered", ()) if entry["clause"] == clause]


def learned(target: Standin, tmp_path: Path, *, without: str = "", **options: Any) -> Learned:
    file, output = tmp_path / "learned.toml", io.StringIO()
    environ = {name: value for name, value in target.env.items() if not without or without not in name}
    options = {"poll_timeout": 2.0, "environ": environ, **options}
    code = learn(CheckOptions(target=target.url, **options), file, output, output)
    return Learned(code, output.getvalue(), file, target.calls, target.units)


def expected(profile: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
    """The profile as it can be learned: of tables the kinds that were seen."""
    whole = {name: clause.default for name, clause in CLAUSES.items() if clause.default is not None} | {**profile}
    tables = {name: CLAUSES[name].default for name in ("error.codes", "error.messages")}
    whole |= {name: {kind: {**table, **whole[name]}[kind] for kind in choices[name]} for name, table in tables.items()}
    return {name: whole[name] for name in choices}


@pytest.mark.parametrize("name", STANDINS)
def test_the_profile_of_a_server_is_learned_exactly_for_8_units(name: str, tmp_path: Path) -> None:
    with serving(name) as target:
        found = learned(target, tmp_path)

    assert found.code == 0, found.output
    assert found.profile == expected(target.profile, found.profile)
    assert {*target.profile} - {*found.profile} == NEVER | HIDDEN[name]
    assert "uncovered" not in found.document
    assert found.units <= 8
    assert len(found.calls) <= 60 + 1  # that one asks whether a refusal by 403 is a lock


@pytest.mark.few(1)
@pytest.mark.parametrize("name", STANDINS)
def test_a_server_passes_the_check_against_its_learned_profile(name: str, tmp_path: Path) -> None:
    out = io.StringIO()
    with serving(name) as target:
        file = learned(target, tmp_path).file
        options = CheckOptions(target.url, profile=file, strict=True, poll_timeout=2.0, environ=target.env)
        code = run(options, out)

    assert code == 0, out.getvalue()


OVERSHADOWED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "check.format-first": (("format.invalid", "json"),),
    "result.photo-empty": (("result.sections", "false"), ("edition", "A")),
    "info.csv": (("info.follows-format", "no"), ("csv.header", "no")),
    "xml.declaration": (("xml.encoding", "cp1251"),),
    "xml.escapes": (("xml.text", "cdata"),),
    "xml.item": (("xml.list", "repeated"),),
    "xml.names": (("xml.list", "repeated"), ("edition", "A")),
    "xml.empty": (("xml.null", "nil"),),
    "xml.null": (("result.photo-empty", ""), ("result.sections", "false")),
    "csv.lacking": (
        ("csv.encoding", "utf-8"),
        ("csv.encoding", "utf-8-sig"),
        ("csv.encoding", "utf-16le"),
        ("csv.rows", "json"),
    ),
}
"""Clauses of which a mock shows nothing, and the choices of others that may be the reason: no format is refused, a list
has no entries of its own, all is CDATA, no value is null, every charset has every character.
"""


@pytest.mark.few(3)
@pytest.mark.once
@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("profile", [{}, *covering_set()], ids=lambda p: f"root-{p.get('xml.root', 'default')}")
def test_a_mock_is_learned_as_the_profile_that_it_serves(profile: dict[str, Any], tmp_path: Path) -> None:
    file, output = tmp_path / "learned.toml", io.StringIO()
    with serving_profile(profile) as url:
        code = learn(CheckOptions(url, environ={}), file, output, output)
        with mock_of(file) as local:
            report = examine(url, local, CheckOptions(profile=file, environ={}))
    document = tomllib.loads(file.read_text("utf-8"))
    choices = {name: entry["choice"] for name, entry in document["profile"].items()}
    whole = {name: clause.default for name, clause in CLAUSES.items() if clause.default is not None} | profile
    hidden = {name for name, reasons in OVERSHADOWED.items() if any(whole[other] == c for other, c in reasons)}

    assert code == 0, output.getvalue()
    assert choices == expected(profile, choices)
    assert "uncovered" not in document
    assert NEVER <= whole.keys() - choices.keys() <= NEVER | hidden, output.getvalue()
    assert report.exit_code == 0, differences(report) + output.getvalue()
    not_met = {"rate", "server", "unknown-method", "http-method"}
    assert {*CLAUSES["error.codes"].default} - {*choices["error.codes"]} <= not_met


@pytest.fixture(scope="module")
def courier(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    with serving("courier") as target:
        return learned(target, tmp_path_factory.mktemp("courier"))


def test_mock_and_suite_read_the_same_choices_from_a_learned_profile(courier: Learned) -> None:
    by_the_mock = load({"profile": str(courier.file)}, {}).profile.choices
    by_the_suite = read_profile(courier.file)

    assert {name: by_the_mock[name] for name in by_the_suite} == by_the_suite
    assert {*by_the_suite} == {*courier.profile}


@pytest.mark.parametrize("first", ["xml", "csv", None])
def test_what_is_learned_does_not_depend_on_the_format_that_is_ready_first(
    first: str | None, courier: Learned, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("contract_tests.engine.tasks.POLLS", ((first, GET),))
    with serving("courier", seconds=0.0) as target:
        again = learned(target, tmp_path)

    assert again.document["profile"].keys() == courier.document["profile"].keys()
    assert again.profile == courier.profile


def test_a_choice_names_its_evidence(courier: Learned) -> None:
    entry = courier.document["profile"]["error.http-status"]
    seen = re.fullmatch(r"(\d+) of (\d+) answers", entry["seen"])

    assert entry["grade"] == "observed"
    assert "# The choices of" in courier.text
    assert f"date = {entry['date'].isoformat()}\n" in courier.text
    assert seen is not None
    assert int(seen[1]) == int(seen[2]) > 5
    assert re.fullmatch(
        r"(GET|POST) (create|result)(, (json|xml|csv))? \([a-z, ]+\): HTTP 4\d\d, error", entry["evidence"]
    )


def test_a_choice_that_was_seen_once_is_marked(courier: Learned) -> None:
    codes = courier.document["profile"]["error.codes"]

    assert courier.document["profile"]["param.both"]["seen"] == "1 of 1 answers"
    assert re.search(r"^param\.both +body +1 of 1 answers +seen once", courier.output, re.MULTILINE)
    assert codes["kinds"]["unknown-task"] == "1 of 1 answers"
    assert codes["kinds"]["credentials"] != "1 of 1 answers"
    assert re.search(r"^error\.codes .*seen once: .*unknown-task", courier.output, re.MULTILINE)


def test_what_was_not_seen_is_listed_with_the_reason(courier: Learned, tmp_path: Path) -> None:
    with serving("courier") as target:
        alone = learned(target, tmp_path, without="2")

    assert {*courier.document["unseen"]} >= NEVER | {"error.codes.limit", "error.codes.server", "result.photo-empty"}
    assert "task.foreign-error" not in alone.profile
    assert "IFIND_LOGIN2" in alone.document["unseen"]["task.foreign-error"]
    assert "IFIND_LOGIN2" in alone.output


def test_the_file_and_the_table_hold_no_credential_and_no_value(courier: Learned) -> None:
    with serving("courier") as target:
        secrets = {*target.env.values(), *PERSONAL}

    assert [secret for secret in secrets if secret in courier.text + courier.output] == []


def breakage(answer: Edit = unchanged, response: Edit = unchanged) -> Breakage:
    return Breakage("made for a test", answer, response=response)


def with_type(context: CallContext) -> None:
    """Errors come as text/html, other answers as before."""
    if context.status == "error" and context.format == "json":
        context.headers = tuple((n, "text/html" if n == "Content-Type" else v) for n, v in context.headers)


def test_a_choice_that_alternates_is_reported_and_not_written(tmp_path: Path) -> None:
    with serving("bureau", breakage=breakage(response=with_type)) as target:
        found = learned(target, tmp_path)
    (entry,) = found.uncovered("content-type.json")

    assert "content-type.json" not in found.profile
    assert re.search(
        r"text/javascript; charset=UTF-8 \(\d+\) · text/html \(\d+\), by turns, of \d+ answers", entry["what"]
    )
    assert re.search(r"^content-type\.json +text/javascript; charset=UTF-8 \(", found.output, re.MULTILINE)
    assert found.code == 0, found.output


def add_names(context: CallContext) -> None:
    if context.status == "ready" and "data" in context.body:
        context.body["names"] = []


def test_what_no_choice_covers_is_reported_with_its_shape_alone(tmp_path: Path) -> None:
    with serving("courier", breakage=breakage(add_names)) as target:
        found = learned(target, tmp_path)
    (entry,) = found.uncovered("result.sections")

    assert "result.sections" not in found.profile
    assert entry["words"] == ["all", "null", "empty and null"]
    assert "status: text" in entry["shape"]
    assert [value for value in PERSONAL if value in found.text] == []


def add_member(context: CallContext) -> None:
    if context.status == "ready":
        context.body["Прохор Самоваров"] = "1"


def test_an_undocumented_member_is_reported_without_its_name(tmp_path: Path) -> None:
    with serving("courier", breakage=breakage(add_member)) as target:
        found = learned(target, tmp_path)
    (entry,) = found.uncovered("result.ready")

    assert entry["what"].startswith("1 member beside status, data, names, photo")
    assert "1 of other names" in entry["shape"]
    assert "Прохор" not in found.text + found.output


REPEATED: dict[str, Callable[[CallContext], str]] = {
    "the login": lambda s: s.params.get("login", ""),
    "the token in base64": lambda s: b64encode(s.params.get("token", "").encode()).decode(),
    "the token in hexadecimal": lambda s: s.params.get("token", "").encode().hex(),
    "the login in references": lambda s: "".join(f"&#{ord(c)};" for c in s.params.get("login", "")),
    "the phone in groups, without +7": lambda _: "8 (000) 555-01-42",
    "a part of the login in capitals": lambda s: s.params.get("login", "").partition("@")[0].upper(),
    "what was asked": lambda s: s.params.get("id", "") or s.params.get("phone", ""),
    "a name": lambda _: "Проша",
    "a word of a name": lambda _: "САМОВАРОВ занят",
}


@pytest.mark.few(4)
@pytest.mark.once
@pytest.mark.parametrize("what", REPEATED)
def test_a_message_that_repeats_private_text_is_left_out_and_reported(what: str, tmp_path: Path) -> None:
    def edit(context: CallContext) -> None:
        if context.status == "error":
            context.body["message"] += f" {REPEATED[what](context)}"

    with serving("courier", breakage=breakage(edit)) as target:
        found = learned(target, tmp_path)
    kinds = {entry["what"].partition(":")[0] for entry in found.uncovered("error.messages")}

    assert {"unknown-task", "invalid"} <= kinds
    assert {"unknown-task", "invalid"}.isdisjoint(found.profile.get("error.messages", {}))
    assert [secret for secret in (*target.env.values(), *PERSONAL) if secret in found.text + found.output] == []
    assert "555-01-42" not in found.text


SECRET = "7f3a9c5be1d2408e"
ENCODED: dict[str, Callable[[str], str]] = {
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal in capitals, after a letter": lambda secret: f"0x{secret.encode().hex().upper()}",
    "references": lambda secret: "".join(f"&#{ord(c)};" for c in secret),
    "references in hexadecimal": lambda secret: "".join(f"&#x{ord(c):x};" for c in secret),
    "base64": lambda secret: b64encode(secret.encode()).decode(),
    "base64 of more": lambda secret: b64encode(f"u:{secret}".encode()).decode().rstrip("="),
    "base64 within a run": lambda secret: "ab" + urlsafe_b64encode(secret.encode()).decode(),
    "percent-encoded letters": lambda secret: "".join(f"%{ord(c):02x}" for c in secret),
    "escapes of JSON": lambda secret: "".join(f"\\u{ord(c):04x}" for c in secret),
    "escapes of a program": lambda secret: "".join(f"\\x{ord(c):02x}" for c in secret),
    "reversed": lambda secret: secret[::-1],
    "a digest": lambda secret: sha256(secret.encode()).hexdigest(),
}


@pytest.mark.parametrize("encoded", ENCODED)
def test_a_message_with_an_encoded_secret_is_not_learned(encoded: str) -> None:
    private = PrivateTexts(Secrets({SECRET: "$IFIND_TOKEN"}))

    assert private.found_in_message(f"Wrong token ({ENCODED[encoded](SECRET)}).")


@pytest.mark.parametrize(
    "message",
    [
        "Not set param(s) login, token",
        "Неверный формат параметра phone: ожидается 11 цифр",
        "Daily limit of 1000 requests exceeded; reset at 2030-01-01 00:00:00",
        "Internal server error, see https://i-find.pro/docs/errors?code=500&lang=ru",
        "internationalization is not-implemented-yet-anywhere",
    ],
)
def test_a_plain_message_holds_nothing_private(message: str) -> None:
    private = PrivateTexts(Secrets({SECRET: "$IFIND_TOKEN"}), frozenset(["проша"]), frozenset(["70005550142"]))

    assert private.found_in_message(message) == ""


def test_a_message_that_no_service_needs_is_not_learned() -> None:
    assert PrivateTexts(Secrets()).found_in_message("a word " * 300) == "more than 2,000 characters"


def test_alternating_codes_of_one_kind_are_left_out_and_reported(tmp_path: Path) -> None:
    def edit(context: CallContext) -> None:
        if context.body.get("error_code") == 999 and context.operation == "info":
            context.body["error_code"] = 998

    with serving("courier", breakage=breakage(edit)) as target:
        found = learned(target, tmp_path)
    (entry,) = found.uncovered("error.codes")

    assert re.fullmatch(r"credentials: error_code (999 · 998|998 · 999), by turns", entry["what"])
    assert "credentials" not in found.profile["error.codes"]
    assert found.profile["error.codes"]["missing"] == 400


def test_a_limit_of_requests_that_was_met_is_reported_without_a_number(tmp_path: Path) -> None:
    def http(number: int, *_: object) -> tuple[int, dict[str, str]] | None:
        return (429, {"Retry-After": "0"}) if number == 5 else None

    with serving("courier", http=http) as target:
        found = learned(target, tmp_path)

    assert "rate.limit" not in found.profile
    assert "there is a limit" in found.document["unseen"]["rate.limit"]


def test_a_budget_that_does_not_suffice_is_exit_code_4_and_the_rest_is_learned(tmp_path: Path) -> None:
    with serving("courier") as target:
        found = learned(target, tmp_path, budget=1)

    assert found.code == 4, found.output
    assert found.units <= 1
    assert found.profile == expected(target.profile, found.profile)
    assert "error.http-status" in found.profile
    assert any("the budget of 1 unit " in why for why in found.document["unseen"].values()), found.output


def test_a_broken_promise_is_exit_code_1_and_the_profile_is_written(tmp_path: Path) -> None:
    with serving("courier", breakage="id as text") as target:
        found = learned(target, tmp_path)

    assert found.code == 1
    assert re.search(r"^BROKEN create\.ok: ", found.output, re.MULTILINE)
    assert found.profile == expected(target.profile, found.profile)


MET = {
    "cost of nothing": "result.cost",
    "another phone": "result.row-phone",
    "csv loses a row": "formats.same",
    "xml trims": "formats.same",
    "names as titles": "result.names",
    "half a picture": "result.photo",
    "no end_time in xml": "result.ready",
    "result without token": "result.required",
    "another's token": "credentials.refused",
    "no info in csv": "info.answers",
    "ends before it begins": "result.times-ordered",
    "free creates": "quota.charged",
    "polls cost": "quota.polling-free",
    "other words": "error.missing",
}
"""Breakages of promises that no open clause is about."""


@pytest.mark.few(5)
@pytest.mark.once
@pytest.mark.parametrize("name", MET)
def test_a_promise_that_is_broken_where_no_choice_is_looked_for_is_exit_code_1(name: str, tmp_path: Path) -> None:
    with serving(BREAKAGES[name].on[0], breakage=name) as target:
        found = learned(target, tmp_path)

    assert found.code == 1, found.output
    assert re.search(rf"^BROKEN {re.escape(MET[name])}: ", found.output, re.MULTILINE), found.output
    assert found.document["profile"]
    assert found.units <= 8
    # Whether it is the polls that cost, and not others who use the account, takes some more; so does what each create
    # has really taken, where tasks state less; one call asks whether a 403 is a lock.
    assert len(found.calls) <= {"polls cost": 76, "cost of nothing": 90}.get(name, 60 + 1)


def test_an_unreachable_target_writes_nothing(tmp_path: Path) -> None:
    with serving("courier") as target:
        pass
    gone = learned(target, tmp_path)

    assert gone.code == 3
    assert "can't be reached" in gone.output
    assert not gone.file.exists()


def test_refused_credentials_are_exit_code_3(tmp_path: Path) -> None:
    with serving("courier") as target:
        found = learned(target, tmp_path, environ={**target.env, "IFIND_TOKEN": "another-51c0-ffee"})

    assert found.code == 3
    assert "refuses the credentials" in found.output
    assert not found.file.exists()


def test_an_existing_file_is_replaced_only_with_force(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    file.write_text("mine")
    with serving("antique") as target:
        refused = ifind("learn", target.url, "--out", str(file), cwd=tmp_path, **target.env)
        before, sent = file.read_text(), len(target.calls)
        forced = ifind("learn", target.url, "--out", str(file), "--force", cwd=tmp_path, **target.env)

    assert (refused.returncode, before, sent) == (2, "mine", 0)
    assert "--force" in refused.stderr
    assert forced.returncode == 0, forced.stdout + forced.stderr
    assert "[profile." in file.read_text()
    assert f"wrote {file}" in forced.stdout


def test_without_a_file_standard_output_holds_the_profile_alone(tmp_path: Path) -> None:
    with serving("antique") as target:
        done = ifind("learn", target.url, cwd=tmp_path, **target.env)

    assert done.returncode == 0, done.stderr
    assert tomllib.loads(done.stdout)["profile"]["edition"]["choice"] == "A"
    assert "edition" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "'nowhere' is not a target"),
        (("http://127.0.0.1:9/api", "--out", "no/such/file.toml"), "there is no directory"),
        (("http://127.0.0.1:9/api", "--out", "."), "exists"),
        (("http://127.0.0.1:9/api", "--budget", "many"), "'many' is not a number of units"),
        (("https://api.invalid/api", "--phone", "70005550142"), "--yes"),
        (("https://api.invalid/api", "--yes"), "--phone or IFIND_PHONE"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = ifind("learn", *arguments, cwd=tmp_path, IFIND_LOGIN="a@example.com", IFIND_TOKEN="tok-5f0c1b7e")

    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr


def xml_of(change: Callable[[bytes], bytes]) -> Breakage:
    """A change of the answers in XML."""

    def edit(context: CallContext) -> None:
        if context.content.startswith(b"<"):
            context.content = change(context.content)

    return breakage(response=edit)


def in_table(body: bytes) -> bytes:
    """The answer as cells of a table, which carries the values and names no member."""
    cells = b"".join(b"<cell>%s</cell>" % text for text in re.findall(rb">([^<>]+)<", body))
    return b"<table>%s</table>" % cells


REASONS: dict[str, tuple[Breakage, dict[str, str]]] = {
    "no list has an entry": (
        breakage(lambda c: [c.body[s].clear() for s in ("data", "names") if c.body.get(s) and c.operation == "result"]),
        {"xml.item": "no answer in XML had a list with an entry", "row.phone": "no answer in JSON had a row of data"},
    ),
    "XML is not well-formed": (
        xml_of(lambda body: body[:-5]),
        {"xml.item": r"\d+ answers in XML were not read: an answer could not be read \(\w+ \w+, xml\)"},
    ),
    "XML is in no known layout": (
        xml_of(in_table),
        {"xml.item": r"\d+ answers in XML were not read: an answer has a layout that no choice covers .*"},
    ),
    "an empty photo may be so for two reasons": (
        breakage(),
        {"result.photo-empty": r"\d+ answers in JSON had an empty photo, and left the choice open"},
    ),
    "PUT is answered by a page": (
        breakage(response=lambda c: setattr(c, "content", b"<html>") if c.http_method == "PUT" else None),
        {"error.codes.http-method": r"it was answered otherwise \(http-method.other\)"},
    ),
}
"""What a server does, and the reasons why some clauses were not seen."""


@pytest.mark.parametrize("what", REASONS)
def test_why_a_clause_was_not_seen_is_true_of_the_answers(what: str, tmp_path: Path) -> None:
    broken, reasons = REASONS[what]
    with serving("courier", breakage=broken) as target:
        found = learned(target, tmp_path)
    unseen = found.document["unseen"]

    for clause, why in reasons.items():
        assert re.fullmatch(why, unseen[clause]), unseen


def test_a_learned_file_is_read_by_every_command_that_takes_a_profile(tmp_path: Path) -> None:
    """Whatever it holds beside choices, and with a byte order mark that an editor has put before it."""
    with serving("courier", breakage=breakage(add_member)) as target:
        found = learned(target, tmp_path)
    file = tmp_path / "marked.toml"
    file.write_bytes(b"\xef\xbb\xbf" + found.file.read_bytes())
    (tmp_path / "config.toml").write_text('profile = "marked.toml"')
    by_the_mock = load({"profile": str(file)}, {}).profile.choices
    done = [
        ifind("config", "check", "config.toml", cwd=tmp_path),
        ifind("check", "mock", "--profile", str(file), "--only", "xml.root", "--strict", cwd=tmp_path),
        ifind("parity", "mock", "mock", "--profile", str(file), cwd=tmp_path),
    ]

    assert found.document["uncovered"]
    assert found.document["unseen"]
    assert {name: by_the_mock[name] for name in read_profile(file)} == read_profile(file)
    assert [command.returncode for command in done] == [0, 0, 0], [command.stderr for command in done]


# The parts.

texts = st.text(st.characters(exclude_categories=["Cs"]))
uncovered = st.builds(
    Uncovered,
    st.sampled_from(sorted(all_clauses())),
    texts.filter(bool),
    texts,
    st.lists(texts).map(tuple),
    st.integers(0, 10**9),
    texts,
    texts,
)
REPORT = Report("http://x.invalid", datetime(2030, 1, 1, tzinfo=UTC), "0", 0, False, (), Spent(0, 8, 0, 1, 0.0))


@given(st.lists(uncovered, max_size=3), st.dictionaries(texts, texts, max_size=3))
def test_what_a_profile_file_states_is_read_as_it_was_written(
    entries: list[Uncovered], reasons: dict[str, str]
) -> None:
    unseen = [Unseen(name, why) for name, why in reasons.items()]
    with TemporaryDirectory() as directory:
        file = Path(directory) / "profile.toml"
        file.write_bytes(profile_file(profile_of(REPORT, [*entries, *unseen], ())))
        read = read_profile_file(file)
        document = tomllib.loads(file.read_text(encoding="utf-8"))

    assert read.uncovered == tuple(entries)
    assert document.get("unseen", {}) == reasons


NOTHING_PRIVATE = PrivateTexts(Secrets())
ME = Account("anna@example.com", "7f3a9c5be1d2408e")


def error(message: str) -> Reply:
    exchange = HttpResponse(Request("GET", ""), 200, (), b"", 0.0)
    return Reply(result(ME, 7), exchange, Decoded({"status": "error", "message": message}, "json", {}))


words = st.text("абвabc ,.!<&\"'", min_size=1, max_size=8)


@given(before=words, after=words, names=st.sampled_from(["id", "token, id", "login, token, id", "format"]))
def test_a_message_becomes_the_template_that_it_was_made_from(before: str, after: str, names: str) -> None:
    template = f"{before} {{names}} {after}"
    made = template.replace("{names}", names)

    assert template_of("missing", error(made), {"names": names}, NOTHING_PRIVATE) == template


@given(before=words, after=words, used=st.integers(0, 10**6), of=st.integers(0, 10**6))
def test_used_and_of_become_their_own_blanks_even_where_they_are_equal(
    before: str, after: str, used: int, of: int
) -> None:
    template = f"{before} {{used}} of {{of}} {after}"
    fields = {"used": str(used), "of": str(of)}
    made = template.format_map(fields)

    assert template_of("limit", error(made), fields, NOTHING_PRIVATE) == template


@pytest.mark.parametrize("message", ["", "no {id}", "bell \x07", "names token and id"])
def test_a_message_that_no_template_covers_is_refused(message: str) -> None:
    with pytest.raises(NotCovered):
        template_of("missing", error(message), {"names": "token, id"}, NOTHING_PRIVATE)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in leaves(part))
    elif isinstance(value, list):
        yield from (text for entry in value for text in leaves(entry))


marked = st.text("µ№§", min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers(10**6) | marked,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["data", "url"]) | marked, inner),
    max_leaves=20,
)


@given(value=values)
def test_a_shape_holds_no_value(value: Any) -> None:
    found = shape(value)

    assert not {*"µ№§"} & {*found}
    assert not re.search(r"\d{7}", found)


@pytest.mark.parametrize(
    ("clause", "word", "fits"),
    [
        ("content-type.json", "text/html", True),
        ("content-type.json", "", False),
        ("content-type.json", "a Content-Type of another kind", False),
        ("cors", "*", True),
        ("cors", "null", False),
        ("xml.root", "ответ", True),
        ("xml.root", "{urn:x}root", False),
        ("xml.item", "item and row", False),
        ("csv.delimiter", "|", True),
        ("csv.delimiter", "^", False),
    ],
)
def test_a_choice_is_a_value_that_the_mock_accepts(clause: str, word: str, fits: bool) -> None:
    try:
        CLAUSES[clause].read(word)
        accepted = True
    except Refusal:
        accepted = False

    assert is_choice(all_clauses()[clause], word) == accepted == fits


@pytest.mark.parametrize(
    ("content_type", "encoding", "template"),
    [
        ("text/csv; charset=utf-8", "utf-8-sig", "text/csv; charset={charset}"),
        ('text/csv; charset="windows-1251"; header=absent', "cp1251", 'text/csv; charset="{charset}"; header=absent'),
        ("text/csv; charset=UTF-8", "utf-8", "text/csv; charset=UTF-8"),
        ("text/csv; charset=utf-8", "cp1251", "text/csv; charset=utf-8"),
        ("text/csv; charset=utf-8", None, "text/csv; charset=utf-8"),
    ],
)
def test_the_charset_of_csv_is_a_blank_where_it_is_the_encodings(
    content_type: str, encoding: str | None, template: str
) -> None:
    assert with_blank(content_type, encoding) == template
