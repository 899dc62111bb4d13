"""The benchmark: what it reads, judges, writes and refuses. Nothing here is measured."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from benchmarks import wrk
from benchmarks.__main__ import NAMES, command
from benchmarks.calls import INFO, OPERATIONS, Calls, Sample, check, found_phones, prepare
from benchmarks.ceilings.bare import ANSWER
from benchmarks.goals import TIMES, evaluate
from benchmarks.install import Installed, install
from benchmarks.kinds import Kind, Setting
from benchmarks.peers import PEERS
from benchmarks.plots import Bar, draw, pictures
from benchmarks.processes import Processors, free_ports, start
from benchmarks.results import ACCOUNTS, About, Level, Load, Results, Trouble, read
from benchmarks.run import QUICK, Run, Target
from benchmarks.servers import CEILINGS, ours
from benchmarks.tables import page
from support.processes import serving

COUNTED = {"requests": 2000, "microseconds": 1_000_000, "bytes": 3_200_000, "p50": 250, "p99": 1500}
FAILED = ("connect", "read", "write", "status", "timeout")
MB = 1_000_000


def printed(**counted: int) -> str:
    zeros = dict.fromkeys(FAILED, 0)
    return f"Running 1s test\n  99%    1.50ms\n\nresult {json.dumps({**COUNTED, **zeros, **counted})}\n"


def results(**rates: float) -> Results:
    """A run with those rates, as far as it goes for all operations, accounts and connections."""
    found = Results("2030-01-01 00:00 UTC", False, {"rounds": 1}, {"processor": "made up"})
    for name, rate in rates.items():
        kind = "ours" if name == "ours" else "ceiling" if name in {"bare", "loopback"} else "peer"
        found.servers.append(about(name.replace("_", "-"), kind))
        for operation in OPERATIONS:
            for accounts in ACCOUNTS if kind != "peer" else ("one",):
                found.loads.append(load(name.replace("_", "-"), operation, accounts, rate))
    return found


def about(name: str, kind: str, *, start: float = 0.1, idle: int = 40 * MB) -> About:
    return About(name, name.title(), kind, "1.0", f"run {name}", "does | nothing\nelse", [start], idle)


def load(name: str, operation: str, accounts: str, rate: float, *, p99: float = 1.0, connections: int = 16) -> Load:
    return Load(name, operation, accounts, connections, 1, rate, 0.5, p99, 1600.0, 0.99, 50 * MB)


def verdicts(found: Results, part: str) -> set[str]:
    return {goal.verdict for goal in evaluate(found) if part in goal.text}


def test_what_wrk_counted_is_read() -> None:
    assert wrk.parse(printed()) == wrk.Outcome(rate=2000.0, p50=0.25, p99=1.5, answer=1600.0)


@pytest.mark.parametrize("what", FAILED)
def test_an_outcome_with_failed_answers_is_none(what: str) -> None:
    with pytest.raises(Trouble, match="of 2000 answers not all were good: 3 "):
        wrk.parse(printed(**{what: 3}))


@pytest.mark.parametrize("output", ["", "unable to connect\n", printed(requests=0)])
def test_an_outcome_without_answers_is_none(output: str) -> None:
    with pytest.raises(Trouble, match=r"no result|not one answer"):
        wrk.parse(output)


@pytest.mark.parametrize(("rate", "verdict"), [(499.0, "not met"), (500.0, "met"), (2000.0, "met")])
def test_a_share_of_the_bare_protocol_is_met_from_a_half_on(rate: float, verdict: str) -> None:
    assert verdicts(results(ours=rate, bare=1000.0), "of the bare protocol") == {verdict}


@pytest.mark.parametrize("accounts", ACCOUNTS)
@pytest.mark.parametrize("connections", [16, 64])
def test_the_worst_case_decides(accounts: str, connections: int) -> None:
    found = results(ours=900.0, bare=1000.0)
    found.loads += [load("ours", "create", accounts, 100.0, connections=connections)] * 3
    found.loads += [load("bare", "create", accounts, 1000.0, connections=connections)]

    goal = next(goal for goal in evaluate(found) if goal.text.startswith("create: at least 0.50"))

    assert goal.verdict == "not met"
    assert goal.found == f"0.10 (create, {accounts}, {connections} connections: 100/s to 1,000/s)"


@pytest.mark.parametrize(("peer", "times"), TIMES.items())
def test_a_peer_is_passed_by_its_own_factor(peer: str, times: float) -> None:
    name = peer.replace("-", "_")

    assert verdicts(results(**{"ours": 1000 * times, name: 1000.0}), f"times {peer.title()}") == {"met"}
    assert verdicts(results(**{"ours": 999 * times, name: 1000.0}), f"times {peer.title()}") == {"not met"}


def test_what_was_not_measured_is_neither_met_nor_not() -> None:
    assert {goal.verdict for goal in evaluate(results())} == {"not measured"}
    assert verdicts(results(ours=1000.0), "of the bare protocol") == {"not measured"}
    assert verdicts(results(ours=1000.0, wiremock=1.0), "MockServer") == set()


@pytest.mark.parametrize(
    ("changed", "part", "verdict"),
    [
        ({"start": 0.2}, "no later than `import flask`", "met"),
        ({"start": 0.21}, "no later than `import flask`", "not met"),
        ({"start": 0.25}, "half the time of the fastest peer", "met"),
        ({"start": 0.26}, "half the time of the fastest peer", "not met"),
        ({"idle": 45 * MB}, "at most 45 MB", "met"),
        ({"idle": 46 * MB}, "at most 45 MB", "not met"),
    ],
)
def test_start_and_memory_are_judged(changed: Mapping[str, Any], part: str, verdict: str) -> None:
    found = results()
    found.flask = [0.2]
    found.servers = [
        about("ours", "ours", **changed),
        about("mountebank", "peer", start=0.5),
        about("prism", "peer", start=2.0),
        about("apimock", "peer", start=0.01),  # has no runtime to start
    ]

    assert verdicts(found, part) == {verdict}


@pytest.mark.parametrize(("p99", "verdict"), [(2.9, "met"), (3.0, "not met")])
def test_the_latest_operation_decides_on_p99(p99: float, verdict: str) -> None:
    found = results(ours=1000.0)
    found.loads += [load("ours", "info", "one", 1.0, p99=p99)] * 2
    found.loads += [
        load("ours", "info", "one", 1.0, p99=50.0, connections=64),
        load("bare", "info", "one", 1.0, p99=50),
    ]

    assert verdicts(found, "p99") == {verdict}


@pytest.mark.parametrize(("last", "verdict"), [(900.0, "met"), (890.0, "not met")])
def test_the_cost_of_a_call_is_flat_where_a_tenth_is_lost_at_most(last: float, verdict: str) -> None:
    found = results()
    found.levels = [
        Level(tasks, operation, rate, 1.0, MB)
        for operation in ("create", "ready-json")
        for tasks, rate in ((1_000_000, last), (1_000, 1000.0), (500_000, 10.0))
    ]

    assert verdicts(found, "stored tasks") == {verdict}


def test_the_page_shows_all_and_breaks_no_table() -> None:
    found = results(ours=1234.5, bare=2469.0, loopback=24690.0, prism=99.0)
    found.flask, found.goals = [0.2], evaluate(found)
    found.troubles = ["WireMock: it ended with code 1.\nIts log says | so"]
    found.warnings = ["This machine is busy."]
    found.levels = [Level(1000, "create", 10.0, 2.0, MB)]

    shown = page(found)

    for text in ("1,234", "2,469", "0.50", "0.10", "WireMock: it ended with code 1. Its log says", "busy", "run prism"):
        assert text in shown
    for goal in found.goals:
        assert f"| {goal.text} | {goal.verdict} |" in shown
    for block in shown.split("\n\n"):
        widths = {line.replace(r"\|", "").count("|") for line in block.splitlines() if line.startswith("|")}
        assert len(widths) <= 1


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = results(ours=1.0, bare=2.0)
    found.goals, found.levels = evaluate(found), [Level(1000, "create", 10.0, 2.0, MB)]

    found.write(tmp_path / "results.json")

    assert read(tmp_path / "results.json") == found


def test_pictures_are_xml_and_bars_as_long_as_their_values() -> None:
    found = results(ours=1.0, bare=2.0)
    found.levels = [Level(1000, "create", 10.0, 2.0, MB)]
    drawn = pictures(found)
    bars = draw("<A & B>", [("group", [Bar("a", "ours", 50.0, "50"), Bar("b", "peer", 200.0, "200")])])

    assert {*drawn} == {"rate-16.svg", "start.svg", "memory.svg", "tasks-create.svg"}
    for picture in (*drawn.values(), bars):
        assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    _, a, b = ET.fromstring(bars).findall("{*}rect")
    assert float(b.get("width", "")) == 4 * float(a.get("width", ""))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "ours,wiremok"], "--only: there is no wiremok; choose of ours,"),
        (["--operations", "ready-json, ready"], "--operations: there is no ready; choose of create,"),
        (["--connections", "16;64"], "'16;64' is not numbers"),
        (["--connections", "0"], "at least 1"),
    ],
)
def test_wrong_options_are_refused_before_anything_starts(arguments: list[str], message: str) -> None:
    ran = CliRunner().invoke(command, arguments)

    assert ran.exit_code == 2
    assert message in ran.output


def test_without_wrk_it_says_where_wrk_is_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    ran = CliRunner().invoke(command, ["--only", "ours", "--cache", str(tmp_path)])

    assert ran.exit_code == 1
    assert "apt-get install wrk" in ran.output


def test_without_npm_the_peers_are_told_of_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    installed, troubles = install(tmp_path / "cache", ["mountebank"], [])

    assert installed.versions == {}
    assert troubles == ["npm is not there. It comes with Node.js, which most of the peers need."]


@pytest.mark.parametrize(("change", "message"), [("one", "needs two processors"), ("none", "needs Linux")])
def test_a_machine_that_does_not_do_is_refused(change: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "one":
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    else:
        monkeypatch.delattr(os, "sched_setaffinity")

    ran = CliRunner().invoke(command, ["--only", "ours"])

    assert ran.exit_code == 1
    assert ran.output.startswith("Error: The benchmark")
    assert message in ran.output


@pytest.mark.parametrize("package", ["mountebank", "granian"])
def test_a_package_that_cannot_be_installed_is_told_of(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 7, "", "no network\n")

    monkeypatch.setattr(subprocess, "run", fail)
    packages = ([package], []) if package == "mountebank" else ([], [package])

    _, troubles = install(tmp_path, *packages)

    assert any(package in trouble and trouble.endswith("ended with code 7: no network") for trouble in troubles)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run on the processors that there are, whose servers are ended."""
    cpu = min(os.sched_getaffinity(0))
    begun = Run(QUICK, ours(), tmp_path, Installed(tmp_path, {}), results(), Processors(cpu, cpu))
    yield begun
    begun._end()


def kind(*arguments: str) -> Kind:
    return Kind("made-up", "Made up", "peer", "-", lambda _: arguments, lambda _: "1", warm_up=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["/nonexistent/server"], "Made up: it can't be started"),
        (["sh", "-c", "echo the port is taken >&2; exit 3"], "Made up: it ended with code 3 .*the port is taken"),
        (["sleep", "60"], "Made up: it did not answer /info within 0 s.*refused.*is empty"),
    ],
)
def test_a_server_that_does_not_answer_is_told_of_with_its_log(
    run: Run, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.processes.DEADLINE", 0.3)

    with run._told(kind(*arguments)):
        run._started(kind(*arguments), {}, "/info")

    [trouble] = run.results.troubles
    assert re.search(message, trouble, re.DOTALL)


def ended(pid: int) -> bool:
    """Whether the process ends within a second. A zombie has ended."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("paused", [False, True])
def test_a_server_ends_with_all_its_processes(tmp_path: Path, *, paused: bool) -> None:
    server = start(["sh", "-c", "sleep 60 & echo $!; wait"], tmp_path, 1, mute=False, environment={})
    while not server.log.read_text(encoding="utf-8").endswith("\n"):
        time.sleep(0.01)
    child = int(server.log.read_text(encoding="utf-8"))
    if paused:
        server.pause()

    server.end()

    assert ended(child)
    assert ended(server.popen.pid)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, Trouble("nothing to measure")])
def test_however_a_run_ends_no_server_runs_on(
    run: Run, end: BaseException | type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(self: Run, _kinds: object) -> None:
        self._execute(kind("sleep", "60"), {}, "made-up")
        raise end

    monkeypatch.setattr(Run, "_start", begun)
    started: list[int] = []
    monkeypatch.setattr(
        "benchmarks.run.start", lambda *args, **more: started.append((got := start(*args, **more)).popen.pid) or got
    )

    with pytest.raises((KeyboardInterrupt, SystemExit, Trouble)):
        run.measure([])

    assert run.results.goals
    assert [ended(pid) for pid in started] == [True]


def test_one_that_fails_at_the_start_leaves_the_others_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.processes.DEADLINE", 0.3)
    calls = Calls({(name, "one"): ["/x?a=1"] for name in OPERATIONS}, {})
    monkeypatch.setattr(Run, "_start_mock", lambda *_: (about("ours", "ours"), calls))
    monkeypatch.setattr("benchmarks.run._import_flask", lambda: 0.1)
    (run.folder / "ours").mkdir()

    targets = run._start([kind("sleep", "60"), run.ours])

    assert {target.kind.name for target in targets} == {"ours"}
    assert run.running == {}
    assert len(run.results.troubles) == 1


def test_a_server_that_ends_in_between_is_told_of_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = kind("sh", "-c", "echo out of memory; exec sleep 60")

    def begun(self: Run, _kinds: object) -> list[Target]:
        server = self._execute(made_up, {}, "made-up")
        while not server.log.read_text(encoding="utf-8"):
            time.sleep(0.01)
        return [Target(made_up, operation, "one", Path("paths")) for operation in OPERATIONS]

    def load_it(*_: object) -> wrk.Outcome:
        run.running["made-up"].popen.kill()
        run.running["made-up"].popen.wait()
        raise Trouble("not one answer came.")

    monkeypatch.setattr(Run, "_start", begun)
    monkeypatch.setattr(Run, "_warm_up", lambda *_: True)
    monkeypatch.setattr(wrk, "run", load_it)

    run.measure([made_up])

    [trouble] = run.results.troubles
    assert trouble.startswith("Made up: create, one, 16 connections: not one answer came. It ended by itself.")
    assert trouble.endswith("out of memory")


AWKWARD = {
    operation: Sample(media_type, body.encode())
    for operation, media_type, body in [
        ("create", "application/json; charset=utf-8", '{"status":"ok","id":1}'),
        ("ready-json", "application/json; charset=utf-8", '{"title":"Диван \\"Ёж\\" \\\\ \\u0007 {{x}} 🛋"}'),
        ("ready-xml", "application/xml; charset=utf-8", "<?xml version=\"1.0\"?><a b='{{x}}'>Ёж &amp;\n</a>"),
        ("ready-csv", "text/csv; charset=utf-8", 'a;"b ""c"""\r\n\'\'\';{{x}} <%= 1 %>\r\n'),
    ]
}


def texts(document: Any) -> Iterator[Any]:
    """All values in it."""
    if isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield value
            yield from texts(value)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_is_set_to_the_answers_of_our_mock_whatever_stands_in_them(
    peer: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    packages = tmp_path / "node_modules"
    for file in (
        *("@apimock-rs/bin-linux/apimock", "mockserver-node/mockserver-netty-9.jar", "mountebank/bin/mb"),
        *("wiremock/build/wiremock-standalone-9.jar", "@mockoon/cli/bin/run.js", "@stoplight/prism-cli/dist/index.js"),
    ):
        (packages / file).parent.mkdir(parents=True, exist_ok=True)
        (packages / file).touch()
    folder = tmp_path / "files"
    folder.mkdir()

    ran = peer.command(Setting(folder, 4321, 4322, Installed(tmp_path, {}), AWKWARD))

    files = [file for file in folder.rglob("*") if file.is_file()]
    read_back: list[Any] = [file.read_bytes() for file in files]
    for file in files:
        if file.suffix == ".toml":
            read_back += texts(tomllib.loads(file.read_text(encoding="utf-8")))
        elif file.suffix == ".json":
            read_back += texts(json.loads(file.read_text(encoding="utf-8")))
    for sample in AWKWARD.values():
        wanted: list[Any] = [sample.body, sample.body.decode(), b64encode(sample.body).decode()]
        if "json" in sample.media_type:
            wanted.append(json.loads(sample.body))
        assert any(value in read_back for value in wanted)
    assert "4321" in " ".join(ran) or 4321 in read_back


def test_a_peer_whose_package_is_missing_or_laid_out_anew_is_told_of(tmp_path: Path) -> None:
    for peer in PEERS:
        with pytest.raises(Trouble, match=r"is not installed, or laid out anew|is not on the PATH"):
            peer.command(Setting(tmp_path, 1, 2, Installed(tmp_path, {}), {}))


def test_each_server_has_a_name_of_its_own_and_says_what_it_lacks() -> None:
    servers = [*CEILINGS, *PEERS]

    assert len({*NAMES}) == len(servers) + 1
    assert [server.name for server in servers if len(server.lacks) < 40] == []
    assert {*TIMES} == {peer.name for peer in PEERS}


@pytest.mark.parametrize(
    ("body", "same"),
    [
        (b'{"a":1,"b":[2]}', True),
        (b'{ "b": [2], "a": 1 }', True),
        (b'{"a":1}', False),
        (b"", False),
        (b"\xff", False),
    ],
)
def test_an_answer_of_json_is_the_same_as_data(body: bytes, *, same: bool) -> None:
    assert Sample("application/json", b'{"a":1,"b":[2]}').is_answered_by(body) is same
    assert not Sample("text/csv", b"1,2").is_answered_by(b"1, 2")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_error_is_never_taken_for_the_answer_that_is_measured(operation: str) -> None:
    for error in (
        b'{"status":"error","error_code":429,"message":"x"}',
        b"<?xml version='1.0'?><response><status>error",
    ):
        with pytest.raises(Trouble, match=f"answer to {operation}"):
            check(operation, error)


def test_the_calls_are_those_that_the_mock_answers_with_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.calls.READY_AFTER", 0)
    setting = Setting(tmp_path, 0, 0, Installed(tmp_path, {}), {})
    ours().command(setting)  # writes the settings

    with serving("--delay", "0s", cwd=tmp_path) as mock:
        calls = prepare(int(mock.api.rpartition(":")[2].partition("/")[0]), accounts=2, tasks=5)

    assert {operation for operation, _ in calls.paths} == {*OPERATIONS}
    assert {len({*calls.paths[operation, "one"]}) for operation in OPERATIONS} == {1}
    assert {len({*calls.paths[operation, "distinct"]}) for operation in OPERATIONS} == {2, 5}  # info is of an account
    ready = json.loads(calls.samples["ready-json"].body)
    assert len(ready["data"]) == 5
    assert len(calls.samples["ready-json"].body) >= 1400


def test_phones_are_of_the_unassigned_range() -> None:
    phones = [*islice(found_phones(), 100)]

    assert len({*phones}) == 100
    assert all(phone.startswith("7000") and len(phone) == 11 for phone in phones)


@pytest.mark.parametrize("module", ["bare", "loopback"])
def test_a_ceiling_answers_each_request_once(module: str, tmp_path: Path) -> None:
    ceiling = next(ceiling for ceiling in CEILINGS if ceiling.name == module)
    [port] = free_ports(1)
    setting = Setting(tmp_path, port, 0, Installed(tmp_path, {}), {})
    server = start(ceiling.command(setting), tmp_path, port, mute=False, environment=ceiling.environment)
    try:
        server.first_answer(INFO)
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            request = f"GET {INFO} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            client.sendall(request * 2 + request[:9])
            client.sendall(request[9:])
            got = b""
            while len(got) < 3 * len(ANSWER):
                got += client.recv(100_000)
    finally:
        server.end()

    assert got == 3 * ANSWER
