"""Fast answers of a mock whose state is in a file, which another thread writes, and other processes, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mockserver.api.gateway import CallPlan, Gateway, Made
from mockserver.api.http import Request, Response
from mockserver.api.params import is_form
from mockserver.core.clock import Clock
from mockserver.core.errors import StoreError
from mockserver.core.messages import AT_ONCE, Micros
from mockserver.core.tasks import Account
from mockserver.stores.memory_journal import EntryKind, Kept
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.sqlite_reader import SqliteReader
from mockserver.stores.store import Made as Counted
from mockserver.wire.fast_answers import FORM, AnswerShape, CommonParts, FastAnswer, FastAnswers, Run

_MOST = 10_000  # accounts that are kept


@dataclass(slots=True, eq=False)
class _Create:
    """A create that is still to be charged and kept."""

    store: SqliteStore
    version: tuple[int, int | None]  # of the store that it goes by
    login: str
    day: int
    cost: int
    columns: tuple[Any, ...]
    shape: AnswerShape
    kind: EntryKind
    times: tuple[Micros, Micros]  # by the account's clock, and the real one
    seen: tuple[str | None, int, int]  # as the entry has them: the phone, the source, the size of the request
    plain: bool

    def run(self) -> Made | None:
        """See CallPlan."""
        if self.store.version != self.version:
            return None
        task = self.store.add_task(self.columns, self.login, self.day, self.cost)
        if task is None:
            return None
        shape, reason = self.shape, f"task created, cost {self.cost}"
        body = shape.created(task)
        headers: tuple[tuple[str, str], ...] = (("Content-Type", shape.content_type),) if shape.content_type else ()
        if not self.plain:
            headers = (*headers, ("X-Mock-Task", str(task)), ("X-Mock-Reason", reason))
        (now, real), (phone, source, size) = self.times, self.seen
        seen_as = (self.login, task, phone, source, reason, size, len(body), shape.content_type)
        kept = (0, now, self.kind.number, real, *seen_as)
        return Made(Response(200, headers, body, AT_ONCE, reason), shape.counted, self.kind.entry(kept))


class FileCreates(CommonParts):
    """Plans of ordinary creates, for the thread of the store: all but two statements is done before the file is locked.

    Accounts and clocks are kept as long as the version of the store is the same.
    """

    def __init__(self, gateway: Gateway, store: SqliteStore) -> None:
        self._store = store
        self._version: tuple[int, int | None] | None = None
        self._accounts: dict[str, Account | None] = {}
        self._clocks: dict[str | None, Clock | None] = {}
        super().__init__(gateway)

    def plan(self, request: Request) -> CallPlan | None:
        """See `Gateway.plan`. Called in a transaction."""
        if request.path != b"/api/create" or request.too_large:
            return None
        posted = request.http_method == "POST"
        form, other = (request.body, request.query) if posted else (request.query, request.body)
        if other or (not is_form(request) if posted else request.http_method != "GET"):
            return None
        if (found := FORM(b"create?%b" % form)) is None:
            return None
        _, asked, login, token, phone, source, number, wanted = found.groups()
        mock, store = self._mock, self._store
        if (
            mock.profile is not self._profile
            or mock.simulation is not self._simulation
            or self._gateway.plain is not self._plain
        ):
            self._prepare()
        if (version := store.version) != self._version or len(self._accounts) > _MOST:
            self._version, self._accounts, self._clocks = version, {}, {}
        name = login.replace(b"%40", b"@").decode()
        account = self._account(name)
        if (
            not self._is_usual
            or account is None
            or account.token != token.decode()
            or store.faults.may_strike(name)
            or store.scenarios.may_meet(name)
        ):
            return None
        clock = self._clock(name) or self._clock(None)
        real = mock.real.now(0 if clock is None else clock.since)
        now = real if clock is None else clock.now(real)
        ordinary = self.ordinary(account, now, (phone, source, number, wanted))
        if ordinary is None:
            return None
        text, place, day, done, cost, seed, polls = ordinary
        head = (text, place, request.peer, now, done, cost, str(seed), account.demo, self._profile.rules.edition.name)
        shape = self._created[wanted]
        return _Create(
            store,
            version,
            name,
            day,
            cost,
            (*head, False, None, None, polls, None),
            shape,
            shape.kinds[posted],
            (now, real),
            (None if text == account.token else text, place, len(asked)),
            self._plain,
        )

    def _account(self, login: str) -> Account | None:
        if login not in self._accounts:
            self._accounts[login] = self._store.account(login)
        return self._accounts[login]

    def _clock(self, login: str | None) -> Clock | None:
        if login not in self._clocks:
            self._clocks[login] = self._store.clock(login)
        return self._clocks[login]


class FileAnswers(FastAnswers):
    """Those to `result` and `info`, which write nothing but an entry of the journal. Where the file is in the middle of
    something, or in trouble, the call is left to the gateway.
    """

    def __init__(self, gateway: Gateway, store: SqliteStore) -> None:
        self._reader = SqliteReader(store)
        self._journal = store.journal
        self._begin = self._reader.begin
        super().__init__(gateway, self._reader)

    def answer(self, data: bytes, peer: str) -> FastAnswer | None:
        """See FastAnswers."""
        try:
            return super().answer(data, peer)
        except (StoreError, OSError):  # nothing has been done
            return None

    def _writing(self) -> dict[bytes, Run]:
        return {}

    def _keep(self, counted: Counted, kind: EntryKind, kept: Kept, body: bytes) -> None:
        self._journal.add_at_once(counted, kind.entry(kept) if self._journal.size else None, body)
        self._journal.tidy()
