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


def test_origins_are_named_again_and_again_and_kept_as_browsers_write_them() -> None:
    by_option = load({"control_origin": ("http://A.example:80", "https://b.example:8443")}).control_origin
    by_variable = load({}, {"IFIND_MOCK_CONTROL_ORIGIN": "http://[::1]:3000,HTTPS://c.example:443"}).control_origin

    assert by_option == ["http://a.example", "https://b.example:8443"]
    assert by_variable == ["http://[::1]:3000", "https://c.example"]


def test_options_and_variables_name_accounts() -> None:
    by_option = load({"accounts": ("a:b", "c:d:e")}).simulation.accounts
    by_variable = load({}, {"IFIND_MOCK_ACCOUNTS": "a:b,c:d"}).simulation.accounts

    assert [(a.login, a.token) for a in by_option] == [("a", "b"), ("c", "d:e")]
    assert [(a.login, a.token) for a in by_variable] == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", "FILE: 'prot' is not a key; did you mean 'port'?"),
        ("port = 99999", "FILE: port: 99999 is not allowed; allowed: whole numbers from 0 to 65535"),
        ("port = true", "FILE: port: true is not allowed"),
        ('port = "80"', 'FILE: port: "80" is a text; write 80, without quotes'),
        ("a = 1\nport = x\n", "FILE: line 2: the value of port is a text without quotes; put it in quotes"),
        ('delay = "soon"', "FILE: delay: 'soon' is not a delay; allowed: '2s'"),
        ('latency = "never"', "FILE: latency: an answer can't be delayed for ever"),
        ('edition = "b"', "FILE: edition: 'b' is not a choice; did you mean 'B'? allowed: A, B, C"),
        ("PORT = 1", "FILE: 'PORT' is not a key; did you mean 'port'?"),
        ('edition = "D"', "FILE: edition: 'D' is not a choice; allowed: A, B, C"),
        ('control_origin = "http://a"', "FILE: control_origin: a text is not a list; allowed: a list such as"),
        ('control_origin = ["http://a/x"]', "FILE: control_origin[0]: 'http://a/x' is not an origin; write http://a,"),
        ('control_origin = ["*"]', "FILE: control_origin[0]: '*' is not an origin; name each page's own: any page"),
        ('control_origin = ["a.example"]', "FILE: control_origin[0]: 'a.example' is not an origin; allowed: scheme,"),
        ("control_origin = [1]", "FILE: control_origin[0]: 1 is not a text"),
        ("workers = 0", "FILE: workers: 0 is not allowed; allowed: whole numbers from 1 to 64"),
        ('state = "x"', "FILE: state: 'x' is not a state"),
        ('state = ":memory:"', "FILE: state: ':memory:' is not a state; did you mean 'memory'?"),
        ('state = "MEMORY"', "FILE: state: 'MEMORY' is not a state; did you mean 'memory'?"),
        ('state = "sqlite:///x.db"', "FILE: state: sqlite://… is not a state; allowed: memory"),
        ('state = "redis://:secret@h/x.db"', "FILE: state: redis://… is not a state; allowed: memory"),
        ('accounts = ["bob@example.com:SECRET"]', "FILE: accounts[0]: a text is not a table"),
        ("accounts = 1", "FILE: accounts: a number is not a list"),
        ("[[accounts]]\nlogin = 'a'", "FILE: accounts[0].token: is missing"),
        ("[[accounts]]\nlogin = 'a'\ntoken = 'b'\nlimit = 1", "FILE: accounts[0]: 'limit' is not a key; did you mean"),
        ("[[accounts]]\nlogin = 'a'\ntoken = 'b'\npaid_until = '2030-02-31'", "is not a date of the calendar"),
        ("[[accounts]]\nlogin='a'\ntoken='b'\n[[accounts]]\nlogin='a'\ntoken='c'", "two accounts have the same login"),
        ("[delays]\n7 = '1s'", "FILE: delays: '7' is not a key; allowed: 1, 2, 3, 4, 11, 12, phones"),
        ("[delays.phones]\nx = '1s'", "FILE: delays.phones.x: 'x' is not a phone"),
        ("[delays]\nphones = 1", "FILE: delays.phones: a number is not a table"),
        ('[profile]\n"xml.rot" = "a"', "FILE: profile: 'xml.rot' is not a clause; did you mean 'xml.root'?"),
        (
            '[profile]\n"row.phone" = "nr"',
            "FILE: profile.row.phone: 'nr' is not a choice of this clause; allowed: 'text'",
        ),
        ('profile = "none.toml"', "none.toml: does not exist"),
        ('profile = ""', "FILE: profile: is empty; leave it out, or give it a value"),
        (
            "[[faults]]\naction = { kind = 'eror' }",
            "FILE: faults[0].action.kind: 'eror' is not a fault; did you mean 'error'",
        ),
        ('host = "0.0.0.0"', "other machines can reach '0.0.0.0'; set admin_token"),
    ],
)
def test_a_mistake_is_reported_with_file_key_value_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


NUMBERS = {
    "port": "8080",
    "workers": "1",
    "daily_limit": "5",
    "seed": "3",
    "plain": "true",
    "access_log": "false",
    "[[accounts]]\nlogin = 'a'\ntoken = 'b'\ndaily_limit": "7",
    "[[accounts]]\nlogin = 'a'\ntoken = 'b'\ndemo": "true",
    "[[faults]]\naction = { kind = 'error' }\nafter": "2",
    "[[faults]]\naction = { kind = 'error' }\ntimes": "2",
    "[[faults]]\naction = { kind = 'error' }\nprobability": "0.5",
    "[[faults]]\naction = { kind = 'error' }\nmatch.source": "2",
    "[[faults]]\naction.kind = 'http'\naction.status": "502",
    "[profile]\n'error.codes'.limit": "402",
}


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_or_truth_value_as_a_text_is_told_with_its_remedy(tmp_path: Path, key: str) -> None:
    message = refused(tmp_path, f'{key} = "{NUMBERS[key]}"')

    assert f'"{NUMBERS[key]}" is a text; write {NUMBERS[key]}, without quotes' in message


@pytest.mark.parametrize("text", ["port = 'x'", "port = '99999'", "plain = 'maybe'", "seed = '-1'"])
def test_a_text_in_place_of_a_number_is_told_without_quotes(tmp_path: Path, text: str) -> None:
    assert ", without quotes" in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("delay = 2", "FILE: delay: 2 is not a delay; allowed: '2s', '250ms', '1.5m', 'uniform 1s..5s', 'lognormal 2s"),
        ("latency = true", "FILE: latency: true is not a delay; allowed: '2s'"),
        ("host = 127", "FILE: host: 127 is not a text; write it in quotes"),
        ("state = true", "FILE: state: true is not a text; write it in quotes"),
        ("state = ['a.db']", "FILE: state: a list is not a text; write a text, in quotes"),
        (
            "paid_until = 2030",
            "FILE: paid_until: 2030 is not a date; allowed: '2030-12-31' or '2030-12-31 23:59:59', in q",
        ),
        ("admin_token = 12345", "FILE: admin_token: a number is not a token; allowed: a text of 1 to 254 ASCII"),
        (
            "[[accounts]]\nlogin = 'a'\ntoken = 12345",
            "FILE: accounts[0].token: a number is not a token; allowed: a text",
        ),
        ("[delays.phones]\n70000000001 = 5", "FILE: delays.phones.70000000001: 5 is not a delay; allowed: '2s'"),
        ("[profile]\n'error.messages'.limit = 5", "FILE: profile.error.messages.limit: 5 is not a text; write it in q"),
    ],
)
def test_a_number_in_place_of_a_text_is_told_with_its_remedy(tmp_path: Path, text: str, message: str) -> None:
    told = refused(tmp_path, text)

    assert message in told
    assert "12345" not in told


@pytest.mark.parametrize(
    ("written", "host"),
    [
        *(
            (name, name)
            for name in ("localhost", "127.0.0.1", "127.0.0.2", "::1", "my-machine.local", "хост.рф", "a_b")
        ),
        *((name, name) for name in ("0.0.0.0", "::", "fe80::1%lo", "0:0:0:0:0:0:0:1")),
        *(("::ffff:127.0.0.1", "127.0.0.1"), ("::ffff:7f00:1", "127.0.0.1")),
        *((f"[{name}]", name) for name in ("::1", "::", "fe80::1%lo")),
    ],
)
def test_a_host_is_a_name_or_an_address_however_it_is_spelled(written: str, host: str) -> None:
    assert load({"host": written, "admin_token": "t"}).host == host


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "0:0:0:0:0:0:0:1"]
)
def test_only_other_hosts_than_this_machines_need_a_token(host: str) -> None:
    load({"host": host})


@pytest.mark.parametrize(
    ("host", "what", "remedy"),
    [
        ("127.0.0.1:8080", "is more than a host", "write 127.0.0.1, and --port 8080"),
        ("localhost:80", "is more than a host", "write localhost, and --port 80"),
        ("[::1]:8080", "is more than a host", "write [::1], and --port 8080"),
        ("http://127.0.0.1", "is more than a host", "write 127.0.0.1"),
        ("http://localhost:8080/api", "is more than a host", "write localhost, and --port 8080"),
        ("https://[::1]:8080/", "is more than a host", "write [::1], and --port 8080"),
        ("127.0.0.1/8", "is more than a host", "write 127.0.0.1"),
        ("*", "is not a host", "write 0.0.0.0 for all addresses"),
        ("unix:/run/mock.sock", "is not a host", "for a Unix socket run the Flask app under a WSGI server"),
        ("/run/mock.sock", "is not a host", "allowed: a name or an address, such as 127.0.0.1, ::1 or localhost"),
        (" 127.0.0.1", "is not a host", "allowed: a name or an address"),
        ("a b", "is not a host", "allowed: a name or an address"),
        ("[127.0.0.1]", "is more than a host", "write 127.0.0.1"),
        ("[::1", "is not a host", "allowed: a name or an address"),
        ("1:2:3", "is not a host", "allowed: a name or an address"),
        ("localhost\n", "is not a host", "allowed: a name or an address"),
    ],
)
def test_another_host_is_refused_with_what_to_write(host: str, what: str, remedy: str) -> None:
    with pytest.raises(Refusal) as caught:
        load({"host": host})

    assert str(caught.value).startswith(f"--host: {host!r} {what}; {remedy}")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "192.0.2.1", "my-machine.local", "127.0.0.1.example.com"])
def test_the_token_is_asked_for_as_the_host_was_given(host: str, tmp_path: Path) -> None:
    bare = host.strip("[]")
    with pytest.raises(Refusal) as by_option:
        load({"host": host}, {})
    with pytest.raises(Refusal) as by_variable:
        load({}, {"IFIND_MOCK_HOST": host})

    assert str(by_option.value).startswith(f"--host: other machines can reach {bare!r}; set --admin-token, too")
    assert str(by_variable.value).startswith(
        f"IFIND_MOCK_HOST: other machines can reach {bare!r}; set IFIND_MOCK_ADMIN_TOKEN, too"
    )
    assert f"FILE: host: other machines can reach {bare!r}; set admin_token, too" in refused(
        tmp_path, f"host = '{host}'"
    )


def test_a_port_in_the_host_is_named_as_the_host_was_given(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"IFIND_MOCK_HOST: .*write a\.b, and IFIND_MOCK_PORT 1"):
        load({}, {"IFIND_MOCK_HOST": "a.b:1"})
    assert "write a.b, and port 1" in refused(tmp_path, "host = 'a.b:1'")


@pytest.mark.parametrize("control", ["\t", "\n", "\r", "\b", "\f", "\x7f", "\x85", "\0"])
@pytest.mark.parametrize("setting", ["state", "profile", "config"])
def test_a_control_character_in_a_path_is_refused_with_the_remedy(setting: str, control: str) -> None:
    with pytest.raises(Refusal) as caught:
        load({setting: f"C:{control}emp.db"})

    assert f"--{setting}: the path holds the control character {control!r}; write \\ in single quotes" in str(
        caught.value
    )


@pytest.mark.parametrize("name", ["state", "profile"])
def test_a_path_of_windows_in_tomls_double_quotes_is_refused(tmp_path: Path, name: str) -> None:
    assert f"FILE: {name}: the path holds the control character" in refused(tmp_path, f'{name} = "C:\\temp\\new.db"')
    assert "control character" not in refused(tmp_path, f"{name} = 'C:\\temp\\new.db'\nseed = -1")
    assert "control character" not in refused(tmp_path, f'{name} = "C:/temp/new.db"\nseed = -1')


def test_a_path_may_have_any_other_character() -> None:
    assert load({"state": "Мои файлы/#1 (ü) & more;.db"}).state == "Мои файлы/#1 (ü) & more;.db"


@pytest.mark.parametrize(
    ("accounts", "what"),
    [
        ("secret", "an account has no token; write LOGIN:TOKEN"),
        ("secret:", "an account has no token; write LOGIN:TOKEN"),
        (":secret", "an account has no login; write LOGIN:TOKEN"),
        (":", "an account has no login and no token; write LOGIN:TOKEN"),
        (
            "secret one:secret",
            "login: this text is not a login; allowed: a text of 1 to 254 characters without blanks, and not . or ..",
        ),
        ("one:secret two", "token: this text is not a token; allowed: a text of 1 to 254 characters without blanks"),
    ],
)
def test_what_an_account_lacks_is_said_and_nothing_of_it_is_shown(accounts: str, what: str) -> None:
    with pytest.raises(Refusal) as by_option:
        load({"accounts": ("a:b", accounts)})
    with pytest.raises(Refusal) as by_variable:
        load({}, {"IFIND_MOCK_ACCOUNTS": f"a:b,{accounts}"})

    assert str(by_option.value) == f"--account: {what}"
    assert str(by_variable.value) == f"IFIND_MOCK_ACCOUNTS: {what}"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_of_windows_are_read(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / "p.toml").write_bytes(mark + b'[profile]\r\n"row.phone" = "number"\r\n')
    (tmp_path / "ifind-mock.toml").write_bytes(mark + b'port = 9\r\nprofile = "p.toml"\r\n')
    settings = load({}, {}, tmp_path)

    assert (settings.port, settings.profile.choices["row.phone"]) == (9, "number")


@pytest.mark.parametrize("name", ["config", "profile"])
def test_a_file_in_utf_16_is_named_with_its_option(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.toml").write_text("[profile]\n", encoding="utf-16")
    with pytest.raises(Refusal, match=rf"^--{name}: .*x\.toml: is in UTF-16 .*; save it as UTF-8"):
        load({name: str(tmp_path / "x.toml")})


@pytest.mark.parametrize("name", ["config", "profile"])
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("none.toml", "does not exist; check the path"),
        ("none/none.toml", "does not exist; check the path"),
        ("folder", "can't be read: Is a directory; name another file"),
        ("x" * 300, "can't be read: File name too long; name another file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_option(tmp_path: Path, name: str, file: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / file
    with pytest.raises(Refusal) as by_option:
        load({name: str(path)})
    with pytest.raises(Refusal) as by_variable:
        load({}, {f"IFIND_MOCK_{name.upper()}": str(path)})

    assert str(by_option.value) == f"--{name}: {path}: {why}"
    assert str(by_variable.value) == f"IFIND_MOCK_{name.upper()}: {path}: {why}"


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
        ("row.phone", "--clause: 'row.phone' is not a choice; write it as CLAUSE=CHOICE"),
        ("row.fone=text", "--clause: 'row.fone' is not a clause; did you mean 'row.phone'?"),
        ("row.phone=x", "--clause: row.phone: 'x' is not a choice of this clause; allowed: 'text', 'number'"),
        ("error.codes.limt=1", "did you mean 'limit'?"),
        ("error.codes.limit=x", "error.codes.limit: 'x' is not an error code"),
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
        ('"error.http-status" = "mirrored"', "'mirrored' is not a choice"),
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


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(Refusal, match="has more than 16 MiB"):
        load({"config": str(tmp_path / "endless")})


@pytest.mark.parametrize("name", ["PORT", "SEED", "HOST", "PLAIN", "LIMITS", "CLAUSES", "ACCOUNTS", "DELAY", "STATE"])
@pytest.mark.parametrize("text", ["9" * 100_000, "a." * 50_000, "a+" * 2000 + "://", "a:" + "é" * 100_000])
def test_no_message_shows_a_long_text_whole(name: str, text: str) -> None:
    with pytest.raises(Refusal) as refused:
        load(environ={f"IFIND_MOCK_{name}": text})

    assert len(str(refused.value)) < 1500


def test_all_mistakes_of_all_layers_are_reported_at_once(tmp_path: Path) -> None:
    environ = {"IFIND_MOCK_PROT": "1", "IFIND_MOCK_SEED": "x"}
    message = refused(tmp_path, 'delay = "x"\nprot = 1\n[[accounts]]\nlogn = "a"', environ=environ)

    assert len(message.splitlines()) == 7
    assert "environment: 'IFIND_MOCK_PROT' is not a variable; did you mean 'IFIND_MOCK_PORT'?" in message
    assert "IFIND_MOCK_SEED: 'x' is not a whole number" in message


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
