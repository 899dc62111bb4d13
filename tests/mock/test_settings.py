"""Settings: four layers, one table, and all mistakes reported at once with their places and remedies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.config import commented
from mockserver.core.errors import Refusal
from mockserver.settings.loading import load
from mockserver.settings.table import SETTINGS

FILE = """
port = 1111
daily_limit = 5
delay = "uniform 1s..2s"

[[accounts]]
login = "a@example.com"
token = "a-token"
daily_limit = 7
paid_until = 2030-05-01

[[accounts]]
login = "b@example.com"
token = "b-token"

[delays]
2 = "9s"
[delays.phones]
70000000001 = "never"

[profile]
"row.phone" = "number"
"json.escapes" = "escaped"

[[faults]]
match = { method = "info" }
action = { kind = "error", code = 1 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ifind-mock.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str, **rest: Any) -> str:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as caught:
        load({"config": str(path)}, **rest)
    return str(caught.value).replace(str(path), "FILE")


def test_without_anything_the_defaults_apply() -> None:
    settings = load()

    assert (settings.host, settings.port, settings.state) == ("127.0.0.1", 8080, "memory")
    assert [a.login for a in settings.simulation.accounts] == ["demo@example.com"]


def test_each_layer_overrides_the_one_before(file: Path) -> None:
    def port(options: dict[str, Any], environ: dict[str, str]) -> tuple[int, str]:
        settings = load(options, environ, file.parent)
        return settings.port, settings.origins["port"]

    assert port({}, {}) == (1111, "ifind-mock.toml")
    assert port({}, {"IFIND_MOCK_PORT": "2222"}) == (2222, "environment")
    assert port({"port": "3333"}, {"IFIND_MOCK_PORT": "2222"}) == (3333, "option")


def test_a_file_sets_everything_that_it_names(file: Path) -> None:
    settings = load({"config": str(file)})
    first, second = settings.simulation.accounts

    assert (first.daily_limit, first.paid_until, second.daily_limit) == (7, "2030-05-01", 5)
    assert settings.simulation.delay.text == "uniform 1s..2s"
    assert settings.simulation.by_source[2].text == "9s"
    assert settings.simulation.by_phone["70000000001"].sample(0) is None
    assert settings.profile.choices["row.phone"] == "number"
    assert len(settings.simulation.faults) == 1


def test_a_profile_file_overrides_the_files_table_clause_by_clause(file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('[profile]\n"row.phone" = { choice = "text", date = 2030-01-01 }\n"xml.root" = "r"\n')
    choices = load({"profile": str(profile), "edition": "C"}, {}, file.parent).profile.choices

    assert [choices[c] for c in ("row.phone", "json.escapes", "xml.root", "edition")] == ["text", "escaped", "r", "C"]


def test_options_and_variables_name_accounts() -> None:
    by_option = load({"accounts": ("a:b", "c:d:e")}).simulation.accounts
    by_variable = load({}, {"IFIND_MOCK_ACCOUNTS": "a:b,c:d"}).simulation.accounts

    assert [(a.login, a.token) for a in by_option] == [("a", "b"), ("c", "d:e")]
    assert [(a.login, a.token) for a in by_variable] == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", "FILE: 'prot' is no key; did you mean 'port'?"),
        ("port = 99999", "FILE: port: 99999 is not allowed; allowed: whole numbers from 0 to 65535"),
        ("port = true", "FILE: port: True is not allowed"),
        ('port = "80"', "FILE: port: '80' is not allowed"),
        ("a = 1\nport = x\n", "FILE: is no TOML: Invalid value (at line 2"),
        ('delay = "soon"', "FILE: delay: 'soon' is no delay; allowed: '2s'"),
        ('latency = "never"', "FILE: latency: an answer can't be delayed for ever"),
        ('edition = "D"', "FILE: edition: 'D' is no choice; allowed: A, B, C"),
        ("workers = 2", "FILE: workers: 2 workers are not available"),
        ('state = "redis://:secret@h/0"', "FILE: state: redis:// is not available in this version; allowed: memory"),
        ('state = "x"', "FILE: state: 'x' is no state"),
        ('accounts = ["bob@example.com:SECRET"]', "FILE: accounts[0]: a text is no table"),
        ("accounts = 1", "FILE: accounts: a number is no list"),
        ("[[accounts]]\nlogin = 'a'", "FILE: accounts[0].token: is missing"),
        ("[[accounts]]\nlogin = 'a'\ntoken = 'b'\nlimit = 1", "FILE: accounts[0]: 'limit' is no key; did you mean"),
        ("[[accounts]]\nlogin = 'a'\ntoken = 'b'\npaid_until = '2030-02-31'", "is no date of the calendar"),
        ("[[accounts]]\nlogin='a'\ntoken='b'\n[[accounts]]\nlogin='a'\ntoken='c'", "two accounts have the same login"),
        ("[delays]\n7 = '1s'", "FILE: delays: '7' is no key; allowed: 1, 2, 3, 4, 11, 12, phones"),
        ("[delays.phones]\nx = '1s'", "FILE: delays.phones.x: 'x' is no phone"),
        ("[delays]\nphones = 1", "FILE: delays.phones: a number is no table"),
        ('[profile]\n"xml.rot" = "a"', "FILE: profile: 'xml.rot' is no clause; did you mean 'xml.root'?"),
        ('[profile]\n"row.phone" = "nr"', "FILE: profile.row.phone: 'nr' is no choice of this clause; allowed: 'text'"),
        ('profile = "none.toml"', "none.toml: does not exist"),
        (
            "[[faults]]\naction = { kind = 'eror' }",
            "FILE: faults[0].action.kind: 'eror' is no fault; did you mean 'error'",
        ),
        ('host = "0.0.0.0"', "other machines can reach '0.0.0.0'; set admin_token"),
    ],
)
def test_a_mistake_is_reported_with_file_key_value_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


def test_a_path_in_the_file_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[profile]\n"row.phone" = "number"\n')
    (tmp_path / "c.toml").write_text('profile = "p.toml"\n')

    assert load({"config": str(tmp_path / "c.toml")}).profile.choices["row.phone"] == "number"


def test_a_later_layers_profile_overrides_an_earlier_ones_edition(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[profile]\nedition = "C"\n"error.codes" = { server = 2 }\n')
    (tmp_path / "ifind-mock.toml").write_text('edition = "A"\n[profile]\n"error.codes" = { limit = 1 }\n')
    choices = load({"profile": str(tmp_path / "p.toml")}, {}, tmp_path).profile.choices

    assert choices["edition"] == "C"
    assert [choices["error.codes"][kind] for kind in ("limit", "server", "missing")] == [1, 2, 400]  # type: ignore[index]


def test_single_clauses_are_chosen_by_options_and_variables() -> None:
    choices = (
        "error.http-status=mirror",
        "error.codes.limit=402",
        "error.messages.limit=daily limit, =sorry",
        "edition=C",
    )
    by_option = load({"clauses": choices}).profile.choices
    by_variable = load({}, {"IFIND_MOCK_CLAUSES": ",".join(choices)}).profile.choices

    assert by_option == by_variable
    assert (by_option["error.http-status"], by_option["edition"]) == ("mirror", "C")
    assert by_option["error.codes"]["limit"] == 402  # type: ignore[index]
    assert by_option["error.messages"]["limit"] == "daily limit, =sorry"  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("row.phone", "--clause: 'row.phone' is no choice; write it as CLAUSE=CHOICE"),
        ("row.fone=text", "--clause: 'row.fone' is no clause; did you mean 'row.phone'?"),
        ("row.phone=x", "--clause: row.phone: 'x' is no choice of this clause; allowed: 'text', 'number'"),
        ("error.codes.limt=1", "did you mean 'limit'?"),
        ("error.codes.limit=x", "error.codes.limit: 'x' is no error code"),
    ],
)
def test_a_wrong_single_clause_is_reported(given: str, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        load({"clauses": (given,)})

    assert message in str(caught.value)


def test_the_option_for_the_file_overrides_the_variable(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("port = 9\n")
    environ = {"IFIND_MOCK_CONFIG": str(file)}

    assert load({}, environ).port == 1111
    assert load({"config": str(other)}, environ).port == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('error.http-status = "mirror"', 'write "error.http-status" = …'),
        ('"error.http-status" = "mirrored"', "'mirrored' is no choice"),
    ],
)
def test_a_clause_without_quotes_is_reported_with_its_quotes(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, f"[profile]\n{text}")


@pytest.mark.parametrize("text", ["x = " + "[" * 20_000, 'profile = "a\\u0000b"', "\udcff"])
def test_a_file_that_cannot_be_read_is_a_message(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Refusal):
        load({"config": str(path)})


def test_all_mistakes_of_all_layers_are_reported_at_once(tmp_path: Path) -> None:
    environ = {"IFIND_MOCK_PROT": "1", "IFIND_MOCK_SEED": "x"}
    message = refused(tmp_path, 'delay = "x"\nprot = 1\n[[accounts]]\nlogn = "a"', environ=environ)

    assert len(message.splitlines()) == 7
    assert "environment: 'IFIND_MOCK_PROT' is no variable; did you mean 'IFIND_MOCK_PORT'?" in message
    assert "IFIND_MOCK_SEED: 'x' is no whole number" in message


def test_no_message_shows_a_token(tmp_path: Path) -> None:
    message = refused(tmp_path, "[[accounts]]\nlogin = 'secret login'\ntoken = 'secret token'\n")
    with pytest.raises(Refusal) as caught:
        load({"accounts": ("secret",)}, {"IFIND_MOCK_ACCOUNTS": "secret:"})

    assert "secret" not in message
    assert "secret" not in str(caught.value)


def test_a_missing_file_that_was_asked_for_is_refused() -> None:
    with pytest.raises(Refusal, match=r"none\.toml: does not exist"):
        load({"config": "none.toml"})


def test_another_host_is_allowed_with_an_admin_token() -> None:
    assert load({"host": "0.0.0.0", "admin_token": "t"}).host == "0.0.0.0"


def test_the_commented_file_holds_every_setting_and_is_right_with_all_comments_taken_off(tmp_path: Path) -> None:
    lines = list(commented())
    path = tmp_path / "c.toml"
    bare = [line[1:] if line.startswith("#") and not line.startswith("##") else line for line in lines]
    path.write_text("\n".join(bare), encoding="utf-8")
    settings = load({"config": str(path)})

    assert settings.profile.choices == load().profile.choices
    assert {s.name for s in SETTINGS if settings.origins[s.name] == "default"} == {"clauses"}  # [profile] does as much


def test_the_commented_file_as_it_is_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("\n".join(commented()), encoding="utf-8")

    assert load({"config": str(path)}).values == load().values
