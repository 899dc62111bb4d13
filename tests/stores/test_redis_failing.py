"""The Redis store where its Redis is away, slow, wrong or empty: what is promised of each call, and what is said."""

from __future__ import annotations

import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockserver.assembly import open_gateway
from mockserver.core.errors import StoreError
from mockserver.core.tasks import Task
from mockserver.settings.loading import load
from mockserver.stores import redis_link, redis_transactions
from mockserver.stores.journal import Pattern
from mockserver.stores.opening import open_store
from mockserver.stores.redis import RedisStore
from support.control_in_process import ControlledApi
from support.in_process import Api
from support.redis_server import RedisServer, free_port, redis_server
from support.stores import ANNA, LOGIN, TASK, create, used
from support.wire_server import wait_for

ONE_RECORD = "70000000001"


@pytest.fixture(scope="module")
def own() -> Iterator[RedisServer]:
    """A Redis that these tests stop and start."""
    with redis_server() as server:
        yield server


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(redis_transactions, "write_line", lines.append)
    return lines


class Breaking:
    """Carries bytes to a Redis and back. Where `swallow` is set, the next answer is not passed on: the connection
    ends in its place, and while `refuse` is set, so does each new one. Where `hold` is set, the next question is passed
    on at `release`, however long that is after the client has gone.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self.swallow = self.refuse = self.hold = False
        self._held: list[tuple[socket.socket, bytes]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refuse:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._target))
                threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    if not (carried := ready.recv(65536)) or (ready is server and self.swallow):
                        self.swallow = False
                        return
                    if self.hold and ready is client:
                        self.hold = False
                        self._held.append((server.dup(), carried))
                        return
                    (server if ready is client else client).sendall(carried)

    def release(self) -> None:
        """Passes on what was held, and waits for the answer."""
        while self._held:
            server, asked = self._held.pop()
            with server:
                server.sendall(asked)
                assert server.recv(100)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def between(redis: RedisServer) -> Iterator[tuple[Breaking, str]]:
    """The bytes' carrier, and the setting `state` that leads through it."""
    with closing(Breaking(redis.port)) as carrier:
        yield carrier, redis.url.replace(f":{redis.port}", f":{carrier.port}")


def returns(call: Callable[[], object], seconds: float = 5) -> None:
    """Waits until the call raises no StoreError any more."""
    end = time.monotonic() + seconds
    while True:
        try:
            call()
        except StoreError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def tried(store: RedisStore, write: Callable[[], object]) -> None:
    with pytest.raises(StoreError):
        write()
    store.trouble.now = None


@pytest.mark.parametrize("write", [False, True])
def test_a_create_whose_answer_is_lost_is_asked_for_again_and_charged_once(
    write: bool, between: tuple[Breaking, str], said: list[str]
) -> None:
    carrier, state = between
    with closing(open_store(state)) as store:
        store.put_account(ANNA)
        first = create(store)
        if write:
            with store.transaction(write=True):
                second = create(store)
                carrier.swallow = True
        else:
            carrier.swallow = True
            second = create(store)

        assert [task.id for task in store.tasks(LOGIN)] == [first, second]
        assert used(store) == 6
        assert said == []


def test_a_create_that_is_answered_with_an_error_is_not_charged(between: tuple[Breaking, str]) -> None:
    carrier, state = between
    with closing(open_store(state)) as store:
        store.put_account(ANNA)
        first = create(store)
        carrier.swallow = carrier.refuse = True
        for _ in range(3):
            with pytest.raises(StoreError):
                create(store)
        carrier.refuse = False
        returns(lambda: store.account(LOGIN))

        assert used(store) == 3
        assert [task.id for task in store.tasks(LOGIN)] == [first]
        assert store.next_ready(0, LOGIN) == TASK.ready
        assert create(store) > first + 1


def test_calls_that_are_answered_with_an_error_are_not_charged_where_a_fault_meets_them(
    between: tuple[Breaking, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier, state = between
    api = Api(state=state)
    first = api.create()
    api.mock.arm({"match": {"method": "create"}, "action": {"kind": "latency", "delay": "1s"}, "times": 5})
    commit = RedisStore._commit

    def breaking(store: RedisStore, *written: Any) -> None:
        carrier.swallow = carrier.refuse = True
        commit(store, *written)

    with monkeypatch.context() as patched:
        patched.setattr(RedisStore, "_commit", breaking)
        assert api.call("create", phone=ONE_RECORD, source=1)["error_code"] == 500
    carrier.refuse = False
    returns(api.mock.store.account_number)

    assert [task.id for task in api.mock.store.tasks(None)] == [first]
    used = api.used()
    api.create(phone=ONE_RECORD, source=1)
    assert api.used() == used + 1


@pytest.mark.parametrize("away", [False, True])
def test_calls_are_written_once_into_the_journal_where_its_answer_is_lost(
    away: bool, between: tuple[Breaking, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier, state = between
    api = Api(state=state)
    record = RedisStore.record

    def breaking(store: RedisStore, *calls: Any, **rest: Any) -> None:
        carrier.swallow, carrier.refuse = True, away
        record(store, *calls, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(RedisStore, "record", breaking)
        assert api.call("info")["status"] == "ok"
    carrier.refuse = False
    returns(api.mock.store.account_number)
    api.call("info")

    assert api.mock.journal.count(Pattern({})).kept == 2
    assert api.mock.store.calls() == {("info", "ok", 200): 2}


def test_nothing_is_claimed_while_calls_are_held_that_a_full_redis_does_not_take(own: RedisServer) -> None:
    api = Api(state=own.url)
    store = api.mock.store
    assert isinstance(store, RedisStore)
    api.call("info")
    store._link.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        api.call("info")
        counted = api.mock.journal.count(Pattern({}))
    finally:
        store._link.ask("CONFIG", "SET", "maxmemory", "0")
    assert (counted.kept, counted.dropped) == (1, None)
    api.call("info")
    counted = api.mock.journal.count(Pattern({}))
    assert (counted.kept, counted.dropped) == (3, 0)


def test_the_first_look_at_the_journal_of_a_redis_without_scripts_sees_the_last_call(redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as store:
        assert isinstance(store, RedisStore)
        store._link.ask("SCRIPT", "FLUSH")
    api = Api(state=redis.url)
    api.call("info")

    assert api.mock.journal.count(Pattern({})).kept == 1


def test_a_turn_that_fails_takes_its_creates_back(redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as store:
        store.put_account(ANNA)

        def failing() -> None:
            with store.transaction():
                create(store)
                store.lock()
                create(store)
                store._link.ask("DEL", store._key("lock"))

        with pytest.raises(StoreError, match="took longer"):
            failing()

        assert used(store) == 0
        assert store.tasks(None) == []


def test_a_lock_whose_answer_is_lost_is_not_waited_for(between: tuple[Breaking, str]) -> None:
    carrier, state = between
    with closing(open_store(state)) as store, store.transaction():
        carrier.swallow = True
        began = time.monotonic()
        store.lock()
        assert time.monotonic() - began < redis_transactions.LEASE / 2


def test_a_connection_that_redis_ends_is_made_anew_without_a_word(redis: RedisServer, said: list[str]) -> None:
    with closing(open_store(redis.url)) as store:
        store.put_account(ANNA)
        subprocess.run(["redis-cli", "-p", str(redis.port), "client", "kill", "type", "normal"], check=True)

        assert create(store)
        assert said == []


@pytest.mark.parametrize("away", [False, True])
def test_a_create_that_comes_late_to_redis_is_done_once_or_not_at_all(
    away: bool, between: tuple[Breaking, str]
) -> None:
    carrier, state = between
    with closing(open_store(state)) as store:
        store.put_account(ANNA)
        made = [create(store)]
        carrier.hold, carrier.refuse = True, away
        with suppress(StoreError):
            made.append(create(store))
        carrier.refuse = False
        returns(lambda: store.account(LOGIN))
        carrier.release()

        assert len(made) == 1 + (not away)
        assert [task.id for task in store.tasks(LOGIN)] == made
        assert used(store) == 3 * len(made)


def test_a_create_that_a_stopped_redis_does_later_is_not_charged_either(
    own: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "PATIENCE", 0.15)
    with closing(open_store(own.url)) as store:
        store.put_account(ANNA)
        create(store)
        own.process.send_signal(signal.SIGSTOP)
        with pytest.raises(StoreError, match=r"does not answer within"):
            create(store)
        own.process.send_signal(signal.SIGCONT)
        returns(lambda: store.account(LOGIN))

        assert used(store) == 3
        assert len(store.tasks(LOGIN)) == 1


def test_a_redis_that_is_killed_and_started_again_loses_nothing_that_was_acknowledged(
    own: RedisServer, said: list[str]
) -> None:
    with closing(open_store(own.url)) as store:
        store.put_account(replace(ANNA, daily_limit=10**6))
        made = [create(store) for _ in range(20)]
        own.kill()
        for _ in range(3):
            with pytest.raises(StoreError, match=r"can't be reached .*; start it, or name another address"):
                create(store)
        own.start()
        returns(lambda: made.append(create(store)))

        assert [task.id for task in store.tasks(LOGIN)] == made
        assert used(store) == 3 * len(made)
        assert [line.split(";")[0].partition(": ")[2] for line in said] == [
            "can't be reached (Connection refused)",
            "works again",
        ]
        assert all(line.startswith(store.name) for line in said)


def test_a_redis_that_is_away_holds_no_call_for_long(own: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "PATIENCE", 0.2)
    with closing(open_store(own.url)) as store:
        own.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(1000):
                tried(store, lambda: store.account(LOGIN))
            assert time.monotonic() - began < 20  # 1000 times 0.2 seconds would be 200
        finally:
            own.process.send_signal(signal.SIGCONT)


def test_a_redis_that_has_lost_its_data_gives_no_id_again_and_has_the_accounts_of_the_settings(said: list[str]) -> None:
    with redis_server("--appendonly", "no") as forgetful:
        api = Api(state=forgetful.url)
        before = [api.create() for _ in range(3)]
        forgetful.kill()
        assert api.call("info")["error_code"] == 500
        forgetful.start()
        returns(api.mock.store.account_number)

        assert api.used() == 0
        assert api.create() > max(before)
        assert [line.partition(": ")[2].partition(";")[0] for line in said] == [
            "can't be reached (Connection refused)",
            "has lost what it held",
            "works again",
        ]


def test_a_redis_that_has_lost_its_data_has_the_rules_of_the_settings_again() -> None:
    faults = [{"match": {"method": "result"}, "action": {"kind": "error"}}]
    with redis_server("--appendonly", "no") as forgetful:
        mock = open_gateway(load(arguments={"state": forgetful.url, "faults": faults})).mock
        with closing(mock.store):
            mock.arm({"action": {"kind": "reset"}})
            forgetful.kill()
            forgetful.start()
            returns(mock.store.account_number)
            mock.watch()

            assert [armed.fault.action.kind for armed in mock.store.faults.listed()] == ["error"]


def test_a_redis_that_another_program_has_emptied_is_told_and_made_right_by_every_mock(
    redis: RedisServer, said: list[str]
) -> None:
    state = redis.url
    one, other = Api(state=state), Api(state=state)
    before = [api.create() for api in (other, one, other, one)]
    store = one.mock.store
    assert isinstance(store, RedisStore)
    for key in store._link.ask("KEYS", store._key("*")):
        store._link.ask("DEL", key)

    assert other.call("info")["error_code"] == 500  # whose own last id is not the highest that was given out
    after = [api.create() for api in (other, one, other)]
    assert min(after) > max(before)
    assert one.used() == other.used() > 0
    assert [line.partition(": ")[2].partition(";")[0] for line in said] == ["has lost what it held", "works again"]


@contextmanager
def locked(store: RedisStore, seconds: float) -> Iterator[None]:
    """A lock whose holder has died."""
    store._link.ask("SET", store._key("lock"), "dead", "PX", round(seconds * 1000))
    yield


def test_a_lock_whose_holder_has_died_is_waited_for(redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as store:
        assert isinstance(store, RedisStore)
        store.put_account(ANNA)
        with locked(store, 0.1):
            create(store)
        with locked(store, 0.1):
            store.put_account(replace(ANNA, demo=True))

        assert used(store) == 0


def test_a_lock_that_is_held_for_long_fails_a_write_and_no_read(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(redis_transactions, "BUSY", 0.05)
    with closing(open_store(redis.url)) as store:
        assert isinstance(store, RedisStore)
        store.put_account(ANNA)
        with locked(store, 10):
            for write in (lambda: create(store), lambda: store.reset(None)):
                with pytest.raises(StoreError, match="another process holds its lock"):
                    write()

            assert store.account(LOGIN) == ANNA
        assert len(said) == 1


def test_a_change_that_takes_long_keeps_the_lock_as_long_as_it_goes_on(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_transactions, "LEASE", 0.4)
    with closing(open_store(redis.url)) as store:
        with store.transaction(write=True):
            for number in range(8):
                store.put_account(replace(ANNA, login=f"{number}@example.com"))
                time.sleep(0.1)

        assert len(store.accounts()) == 8


def test_accounts_of_the_settings_take_few_questions(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    exchange = redis_link.Link._exchange

    def noting(link: redis_link.Link, *what: Any) -> Any:
        asked.append(what)
        return exchange(link, *what)

    monkeypatch.setattr(redis_link.Link, "_exchange", noting)
    accounts = tuple(f"{number}@example.com:t" for number in range(300))
    settings = load({"state": redis.url, "accounts": accounts})
    for most in (50, 20):  # a change takes some of them, and others find it made
        asked.clear()
        with closing(open_gateway(settings).mock.store) as store:
            assert len(store.configured()) == 300
        assert len(asked) < most


def test_a_holder_that_was_too_slow_has_written_nothing(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_transactions, "LEASE", 0.05)
    state = redis.url
    with closing(open_store(state)) as store, closing(open_store(state)) as other:
        store.put_account(ANNA)

        def slowly() -> None:
            with store.transaction(write=True):
                store.put_account(replace(ANNA, demo=True))
                store.create_task(TASK, 1)
                assert isinstance(other.create_task(TASK, 1), Task)  # waits for the lock, which ends by itself

        with pytest.raises(StoreError, match=r"took longer than 0\.05 s, and was not made; try it again"):
            slowly()

        assert other.account(LOGIN) == replace(ANNA, day=1, used=3, creates=1)
        assert len(other.tasks(None)) == 1


def test_a_number_beyond_64_bits_changes_nothing(redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as store:
        store.put_account(replace(ANNA, daily_limit=2**63 - 1, day=1, used=2**63 - 3))
        with pytest.raises(StoreError, match="64 bits"):
            store.create_task(TASK, 1)
        with pytest.raises(StoreError, match="64 bits"):
            store.put_account(replace(ANNA, used=2**63))

        assert used(store) == 2**63 - 3
        assert store.tasks(None) == []
        assert isinstance(store.create_task(replace(TASK, cost=1), 1), Task)


@pytest.mark.parametrize(
    "damage", [("SET", "tasks", "x"), ("HSET", "tasks", "1", "{}"), ("HSET", "tasks", "1", b"\xff")]
)
def test_a_value_that_no_mock_writes_is_told_and_never_answered(damage: tuple[str, ...], redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as store:
        assert isinstance(store, RedisStore)
        command, name, *rest = damage
        store._link.ask(command, store._key(name), *rest)
        with pytest.raises(StoreError, match="holds a value that no mock writes"):
            store.read_task(1)


# How it is opened.


@pytest.mark.parametrize("value", ["x", "", "1e9", "٣.", "[]"])
@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("version", lambda store: store.account(LOGIN)),
        ("calls", lambda store: store.calls()),
        ("entries", lambda store: list(store.journal.entries(Pattern({})))),
        ("bodies", lambda store: store.journal.bodies()),
        ("journal", lambda store: store.journal.look()),
        ("place", lambda store: store.account_number()),
    ],
)
def test_no_read_fails_otherwise_where_any_value_is_none_of_a_mock(
    key: str, read: Callable[[RedisStore], object], value: str, redis: RedisServer
) -> None:
    api = Api(state=redis.url)
    api.create()
    store = api.mock.store
    assert isinstance(store, RedisStore)
    damaged = store._key(key)
    if store._link.ask("TYPE", damaged) == "string":
        store._link.ask("SET", damaged, value)
    else:
        for name in store._link.ask("HKEYS", damaged):
            store._link.ask("HSET", damaged, name, value)
    with suppress(StoreError), store.transaction():
        read(store)


def test_a_redis_that_is_not_there_is_told_without_a_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("redis://user:hidden@127.0.0.1:1/2?name=ci")

    expected = "redis://127.0.0.1:1/2?name=ci: can't be reached (Connection refused); start it, or name another address"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("end", "what"),
    [
        (":70000", "the port is out of range"),
        ("/99", "has no database of that number"),
        ("/0?name=later", "has format 2, this ifind-mock reads format 1"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(end: str, what: str, redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as store:
        assert isinstance(store, RedisStore)
        store._link.ask("SET", "{ifind-mock:later}:format", "2")
    place = end if end.startswith(":") else f":{redis.port}{end}"
    with pytest.raises(StoreError, match=what):
        open_store(f"redis://127.0.0.1{place}")


def test_a_password_opens_and_is_never_shown() -> None:
    with redis_server("--requirepass", "hid/den") as locked_up:
        for user in ("", ":wrong@"):
            with pytest.raises(StoreError, match=r"a password|the password") as caught:
                open_store(locked_up.url.replace("redis://", f"redis://{user}"))
            assert "wrong" not in str(caught.value)
        with closing(open_store(locked_up.url.replace("redis://", "redis://:hid%2Fden@"))) as store:
            store.put_account(ANNA)
            assert "hid" not in store.name


def test_tls_is_spoken_to_a_redis_that_the_system_trusts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "redis.pem", tmp_path / "redis.key"
    new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=redis -addext"
    files = ["subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*new.split(), *files], check=True, capture_output=True)
    options = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    with redis_server(*options) as server:
        secure = server.url.replace("redis://", "rediss://")
        with pytest.raises(StoreError, match=r"no TLS that can be trusted \(CERTIFICATE_VERIFY_FAILED\)"):
            open_store(secure)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with closing(open_store(secure)) as store:
            store.put_account(ANNA)
            assert store.name.startswith("rediss://")
        with pytest.raises(StoreError, match="no TLS that can be trusted"):
            open_store(secure.replace("127.0.0.1", "localhost"))
        with pytest.raises(StoreError, match="can't be reached"):
            open_store(server.url)


def test_a_node_of_a_cluster_keeps_the_whole_of_a_state() -> None:
    with redis_server("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as node:
        port = str(node.port)
        subprocess.run(
            ["redis-cli", "-p", port, "cluster", "addslotsrange", "0", "16383"], check=True, capture_output=True
        )
        ask = ["redis-cli", "-p", port, "cluster", "info"]
        wait_for(
            lambda: "cluster_state:ok" in subprocess.run(ask, check=True, capture_output=True, text=True).stdout, 20
        )
        api = ControlledApi(state=node.url)
        number = api.create()
        api.told("POST /faults", {"action": {"kind": "error"}})
        api.told("POST /clock/advance", {"seconds": 5})
        assert [api.call("result", id=number)["status"] for _ in range(2)] == ["error", "ready"]
        api.told("POST /reset", {"login": "demo@example.com"})
        api.told("POST /reset", {})
        assert api.used() == 0


def test_what_was_taken_away_is_not_remembered_for_ever(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_transactions, "TOMBSTONES", 3)
    with closing(open_store(redis.url)) as store:
        for number in range(20):
            with store.transaction(write=True):
                store.put_record("fault", f"f{number}", "x")
                store.drop_record("fault", f"f{number}")

        assert store._link.ask("ZCARD", store._key("changed")) <= 3


def test_redis_py_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.stores.opening.find_spec", lambda _name: None)
    with pytest.raises(StoreError, match=r"needs redis-py: pip install 'ifind-mock\[redis\]'") as caught:
        open_store("redis://:hidden@localhost")

    assert "hidden" not in str(caught.value)


def test_states_of_two_names_share_nothing(redis: RedisServer) -> None:
    with closing(open_store(redis.url)) as one, closing(open_store(redis.url)) as two:
        one.put_account(ANNA)
        create(one)
        two.put_account(ANNA)
        two.reset(None)

        assert used(one) == 3
        assert create(two) == 1


# Round trips.


class Watched:
    """A connection to Redis that counts how often somebody waits: reads what was not on its way before."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._sent = False
        self.waits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send_command(self, *words: Any) -> None:
        self._sent = True
        self._connection.send_command(*words)

    def read_response(self) -> Any:
        self.waits += self._sent
        self._sent = False
        return self._connection.read_response()


def commands(redis: RedisServer) -> int:
    """How many scripts that Redis has run."""
    told = subprocess.run(
        ["redis-cli", "-p", str(redis.port), "info", "commandstats"], check=True, capture_output=True, text=True
    )
    found = re.search(r"cmdstat_evalsha:calls=([0-9]+)", told.stdout)
    assert found is not None
    return int(found[1])


ROUNDS: list[Any] = [
    ("create", {"phone": ONE_RECORD, "source": 1}, 0),
    ("result, processing", {"id": 1}, 0),
    ("result, ready", {"id": 1}, 5),
    ("info", {}, 0),
    ("info, login unknown", {"login": "nobody@example.com"}, 0),
    ("create, which misses a parameter", {"phone": ONE_RECORD}, 0),
]


@pytest.mark.parametrize(("call", "params", "seconds"), ROUNDS, ids=[name for name, _, _ in ROUNDS])
@pytest.mark.parametrize("journal", [0, 10])
def test_a_call_waits_once_for_redis(
    call: str, params: dict[str, Any], seconds: int, journal: int, redis: RedisServer
) -> None:
    """Its entry in the journal is on its way when it is answered, and what Redis says to that is read with the next."""
    api = Api(state=redis.url, journal=journal)
    operation = call.partition(",")[0]
    for _ in range(2):
        api.create(phone=ONE_RECORD, source=1)
    api.time.passes(seconds)
    store = api.mock.store
    assert isinstance(store, RedisStore)
    store._link._connection = watched = Watched(store._link._connection)
    before, number = commands(redis), 5
    answers = [api.call(operation, **params) for _ in range(number)]

    assert len({answer["status"] for answer in answers}) == 1
    refused = "unknown" in call  # it is looked up again, for the entry and what may be wrong
    assert watched.waits <= number * (3 if refused else 1)
    assert commands(redis) - before <= number * (4 if refused else 2)
    assert sum(store.calls().values()) == 2 + number


def test_turns_of_two_mocks_see_what_the_other_was_told_at_their_next_call(redis: RedisServer) -> None:
    """Also those that go by what they have read before."""
    state = redis.url
    one, two = (Api(state=state, delay="uniform 1s..9s") for _ in range(2))
    alone = Api(delay="uniform 1s..9s")
    for turn, api in enumerate([one, one, two, one, two, two, one]):
        api.create()
        alone.create()
        if turn == 3:
            for each in (two, alone):
                each.mock.put_account("demo@example.com", {"delay": "uniform 2s..3s"})
    for api in (one, two):
        assert [task.ready for task in api.mock.store.tasks(None)] == [
            task.ready for task in alone.mock.store.tasks(None)
        ]
    two.mock.put_account("demo@example.com", {"token": "new"})
    assert one.call("create", phone=ONE_RECORD, source=1)["status"] == "error"
