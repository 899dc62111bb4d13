"""Answers to the calls that come most, made without a Request, a Call, a Task, an Answer or a Response.

These are calls by GET, or by POST with a form, with the parameters in the documentation's order, of an account that
exists, while nothing is armed and no clause or setting asks for more. All other calls are left to the gateway, which
answers these, too, with the same bytes. What an answer says is up to `operations`. Here it is found sooner:

- A client sends nearly the same headers each time. Those that the parser has read once are compared, not parsed.
- One regular expression reads the line and the parameters, and lets nothing but right values pass.
- The bytes of a ready answer are kept. They are a pure function of the profile, of all that stands in their key and of
  the task's times, which are written anew where another task of the phone has others. So nothing can make them wrong.
- What all answers of a kind have in common is written once for each profile.
- The journal gets the values at hand, of which it makes an entry when somebody reads it.

Nothing else is kept. Accounts, charges, clocks, faults, scenarios and stubs are looked up in the store for each call.

Where the state is in a file, another thread writes it, and creates are that one's.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from mockserver.api.gateway import Gateway
from mockserver.api.http import Request
from mockserver.api.operations import info_answer, ready_answer, until_ready
from mockserver.api.params import is_form
from mockserver.core.clock import LATEST, Clock, text_of
from mockserver.core.messages import SECOND, Answer, Micros
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account, Task
from mockserver.faults.armed import ArmedFaults
from mockserver.faults.scenarios import Scenarios
from mockserver.formats.writers import FORMATS, WRITERS, prepared
from mockserver.people import people
from mockserver.people.magic import MAGIC
from mockserver.profile.editions import Source
from mockserver.stores.journal import Entry
from mockserver.stores.memory import MemoryStore
from mockserver.stores.memory_journal import EntryKind, Kept
from mockserver.stores.store import Made
from mockserver.wire.delivery import header_lines

T = TypeVar("T")
FastAnswer: TypeAlias = tuple[bytes, bytes, str]
"""The headers of an answer with the status 200, from Content-Type to the empty line; its body; its reason."""

_READY_BYTES = 128 * 1024 * 1024  # of the ready answers that are kept: those of some 10,000 phones in all formats
_INFO_BYTES = 256 * 1024  # of the answers to info that are
_AROUND = 500  # bytes that are counted for the objects around each
_HEADERS = 100  # headers of clients that are known
_LONGEST = 1024  # bytes of such headers, which no limit of the server can forbid; those of a line are fewer

_CALL = (
    rb"(create|result|info)\?"
    rb"(login=([\w.~@-]{1,100}(?:%%40[\w.~@-]{1,100})?)&token=([\w.~-]{1,200})"
    rb"(?:&phone=([0-9]{7,15})&source=([0-9]{1,2})|&id=([0-9]{1,18}))?(?:&format=(%b))?)" % "|".join(FORMATS).encode()
)
_GET = re.compile(rb"GET /api/" + _CALL + rb" HTTP/1\.1\r\n").match
_POST = re.compile(rb"POST /api/(create|result|info) HTTP/1\.1\r\n").match
FORM = re.compile(_CALL).fullmatch
"""Finds the parts of a call in the name of its operation, a question mark, and its parameters."""
Values: TypeAlias = "tuple[bytes | None, bytes | None, bytes | None, bytes | None]"
"""The phone, the source, the id and the format of a call, as far as it has them."""
_NAMES: Mapping[str, tuple[str, ...]] = {
    "create": ("login", "token", "phone", "source"),
    "result": ("login", "token", "id"),
    "info": ("login", "token"),
}
_SAMPLE = 1234567890123456789
"""A number that stands in a sample of a body for the id that is filled in."""
_SAMPLE_TIMES = {
    True: (1234567890123456789, 9876543210987654321),
    False: (LATEST // SECOND + 12345678, LATEST // SECOND + 87654321),
}
"""The seconds that stand in such a sample for those of creation and end, by `Rules.epoch_times`. Nothing else in an
answer is written like them: a phone has fewer digits, and what is made up is older.
"""


@dataclass(slots=True, eq=False)
class AnswerShape:
    """What the answers to an operation have in common that have the same outcome and the same `format`."""

    form: str  # the format that they are written in
    counted: Made  # their key in `Store.calls`
    kinds: tuple[EntryKind, EntryKind]  # of their entries in the journal: for a GET, for a POST
    content_type: str
    lines: bytes  # the header of it
    encoding: str  # of what is filled in
    body: bytes = b""  # where it is always the same; of create, what stands before the id
    rest: bytes = b""  # of create, what stands after the id

    def created(self, task: int) -> bytes:
        """The body of a create that has made the task."""
        return b"%b%b%b" % (self.body, str(task).encode(self.encoding), self.rest)


_Made: TypeAlias = tuple[AnswerShape, bytes, str, int | None, str | None, int | None, bytes | None]
"""An answer: its shape, its body, its reason; of its task the id, the phone and the source; all its headers, where they
are kept.
"""

Ordinary: TypeAlias = "tuple[str, int, int, Micros | None, int, int, int | None]"
"""Of a task that is to be made: the phone, the source, the day, when it is ready, its cost, its seed, its polls."""
Run: TypeAlias = Callable[..., _Made | None]
"""Answers a call of an account at a time, from a peer, with Values; None where the call is the gateway's."""


_Ready: TypeAlias = tuple[tuple[int, int], bytes, tuple[tuple[int, int], ...], str]
"""A ready answer: the seconds since 1970 of its task's creation and end, its body, where these stand in the body and
which of the two, and its reason. A tuple of such things, since there are many, which the garbage collector passes by.
"""


@dataclass(slots=True, eq=False)
class _Kept(Generic[T]):
    """What was made for keys, at most so many bytes of it. Where there is no room, any other goes: then a part is found
    again even where calls go round through more than there is room for.
    """

    most: int
    values: dict[tuple[Any, ...], T] = field(default_factory=dict)
    _sizes: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _keys: list[tuple[Any, ...]] = field(default_factory=list)
    _size: int = 0
    _drawn: int = 0

    def put(self, key: tuple[Any, ...], value: T, size: int) -> None:
        """Keeps the value, of so many bytes."""
        if key not in self._sizes:
            self._keys.append(key)
        self._size += size - self._sizes.get(key, 0)
        self._sizes[key], self.values[key] = size, value
        while self._size > self.most:
            # A linear congruential generator, whose upper bits count.
            self._drawn = (self._drawn * 69069 + 1) & 0xFFFFFFFF
            at = self._drawn * len(self._keys) >> 32
            gone, self._keys[at] = self._keys[at], self._keys[-1]
            del self._keys[-1], self.values[gone]
            self._size -= self._sizes.pop(gone)


class ReadState(Protocol):
    """What fast answers read of a store (see Store)."""

    faults: ArmedFaults
    scenarios: Scenarios

    def account(self, login: str) -> Account | None:
        """The account of the login."""

    def clock(self, login: str | None) -> Clock | None:
        """The clock of the login, with None the server's."""

    def task_fields(self, task_id: int) -> tuple[Any, ...] | None:
        """The fields of the task."""


class CommonParts:
    """What answers have in common that are made sooner than by the gateway, under the profile and settings of now."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._mock = gateway, gateway.mock
        self._prepare()

    def _prepare(self) -> None:
        """Writes what answers have in common."""
        mock = self._mock
        self._profile, self._simulation = profile, simulation = mock.profile, mock.simulation
        self._plain = self._gateway.plain
        rules, latency = profile.rules, simulation.latency
        self._is_usual = rules.rate is None and rules.origin is None and latency.kind == "fixed" and not latency.time
        """Whether no clause and no setting asks for more at each call."""
        forms: dict[bytes | None, str | None] = {None: None, **{form.encode(): form for form in FORMATS}}
        self._created = {key: self._shape("create", "ok", form) for key, form in forms.items()}
        self._processing = {key: self._shape("result", "processing", form) for key, form in forms.items()}
        self._done = {key: self._shape("result", "ready", form) for key, form in forms.items()}
        self._informed = {key: self._shape("info", "ok", form) for key, form in forms.items()}
        for shape in self._created.values():
            body = self._written(Answer({"status": "ok", "id": _SAMPLE}, shape.form))
            shape.body, _, shape.rest = body.partition(str(_SAMPLE).encode(shape.encoding))
        for shape in self._processing.values():
            shape.body = self._written(Answer({"status": "processing"}, shape.form))
        self._sources: dict[bytes | None, tuple[Source, Micros | None, int | None]] = {}
        for key, source in rules.edition.sources.items():
            delay = simulation.by_source.get(source.number) or simulation.delay
            if delay.kind == "fixed" or not delay.is_time:  # else it is drawn
                self._sources[key.encode()] = source, delay.sample(0), delay.polls

    def _shape(self, operation: str, outcome: str, wanted: str | None) -> AnswerShape:
        profile = self._profile
        form = wanted or FORMATS[0]
        written = FORMATS[0] if operation == "info" and not profile.rules.info_follows_format else form
        content_type, _ = prepared(written, profile.rendering)
        names = _NAMES[operation] if wanted is None else (*_NAMES[operation], "format")
        names = names if profile.parsing.repeated_last else names[::-1]
        get, post = (_kind(operation, http_method, outcome, form, names) for http_method in ("GET", "POST"))
        lines = header_lines((("Content-Type", content_type),) if content_type else ())
        # All others have the characters of ASCII in its bytes, and some begin a text with a mark.
        wide = WRITERS[written].encoding(profile.rendering) == "utf-16le"
        return AnswerShape(
            written, (operation, outcome, 200), (get, post), content_type, lines, "utf-16le" if wide else "ascii"
        )

    def _written(self, answer: Answer) -> bytes:
        _, write = prepared(answer.format, self._profile.rendering)
        return write(answer)

    def ordinary(self, account: Account, now: Micros, values: Values) -> Ordinary | None:
        """What is to be made for a create; None where it needs more than this."""
        phone, source, _, _ = values
        found = self._sources.get(source)
        if phone is None or found is None or account.delay is not None:
            return None
        searched, time, polls = found
        simulation, rules = self._simulation, self._profile.rules
        text, place, day = phone.decode(), searched.number, day_of(now, rules.day_turn)
        if (
            text in MAGIC
            or text in simulation.by_phone
            or self._mock.store.stubs.find(account.login, text, place, by_phone=False) is not None
        ):
            return None
        seed = simulation.seed if account.seed is None else account.seed
        cost = max(1, people.count(text, searched, seed)) if rules.unit_is_record else 1
        return text, place, day, None if time is None else now + time, cost, seed, polls


class FastAnswers(CommonParts, ABC):
    """The fast answers of a gateway. Used on the loop only."""

    def __init__(self, gateway: Gateway, state: ReadState) -> None:
        self._state = state
        self._gets: dict[bytes, int] = {}
        """The headers of clients' GETs, to the empty line, with the length of what follows them: none."""
        self._posts: dict[bytes, int] = {}  # those of POSTs with forms
        super().__init__(gateway)

    def answer(self, data: bytes, peer: str) -> FastAnswer | None:
        """The answer to the request that these bytes are; None where it is the gateway's, and nothing has been done."""
        found = _GET(data)
        posted = found is None
        if found is None:
            found = self._form(data)
        elif data[found.end() :] not in self._gets:
            found = None
        if found is None:
            return None
        operation, asked, login, token, phone, source, number, form = found.groups()
        mock, store = self._mock, self._state
        if (
            mock.profile is not self._profile
            or mock.simulation is not self._simulation
            or self._gateway.plain is not self._plain
        ):
            self._prepare()
        run = self._runs[posted].get(operation)
        if run is None or (self._begin is not None and not self._begin()):
            return None
        name = login.replace(b"%40", b"@").decode()
        account = store.account(name)
        if (
            account is None
            or account.token != token.decode()
            or store.faults.may_strike(name)
            or store.scenarios.may_meet(name)
        ):
            return None
        clock = store.clock(name) or store.clock(None)
        real = mock.real.now() if clock is None else mock.real.now(clock.since)
        now = real if clock is None else clock.now(real)
        made = run(account, now, peer, (phone, source, number, form))
        if made is None:
            return None
        shape, body, reason, task, of, searched, lines = made
        lines = lines or self._lines(shape, reason, task, len(body))
        shown, size = None if of == account.token else of, len(body)
        memory, kind, name, content_type = self._memory, shape.kinds[posted], account.login, shape.content_type
        number = 0 if memory is None else memory.journal.last_number + 1
        kept = (number, now, kind.number, real, name, task, shown, searched, reason, len(asked), size, content_type)
        if memory is None:
            self._keep(shape.counted, kind, kept, body)
        else:
            memory.made[shape.counted] += 1
            if memory.journal.size:
                memory.journal.keep(name, kept, body)
        return lines, body, reason

    _memory: MemoryStore | None = None
    """The store, where it is in memory: then the journal and the counts are at hand."""
    _begin: Callable[[], bool] | None = None
    """Tells whether the state can be read now; None where it always can."""

    @abstractmethod
    def _writing(self) -> dict[bytes, Run]:
        """What answers the operations that write."""

    def _keep(self, counted: Made, kind: EntryKind, kept: Kept, body: bytes) -> None:
        """Counts a call that is answered, and keeps its entry in the journal, where the store is not in memory."""
        raise NotImplementedError

    def _form(self, data: bytes) -> re.Match[bytes] | None:
        """The call of a POST with a form, as if the form were a query; None of another request."""
        line = _POST(data)
        if line is None:
            return None
        end = data.find(b"\r\n\r\n") + 4
        if self._posts.get(data[line.end() : end]) != len(data) - end:
            return None
        return FORM(b"%b?%b" % (line[1], data[end:]))

    def learn(self, data: bytes, request: Request) -> None:
        """Has the headers known that these bytes have, of which the parser has made the request and nothing else."""
        if (line := _GET(data)) is not None:
            self._know(self._gets, data[line.end() :], 0, right=not request.body)
        elif (line := _POST(data)) is not None:
            end = data.find(b"\r\n\r\n") + 4
            measured = request.headers.get("content-length") == str(len(data) - end)
            self._know(self._posts, data[line.end() : end], len(data) - end, right=is_form(request) and measured)

    def _know(self, known: dict[bytes, int], headers: bytes, length: int, *, right: bool) -> None:
        if right and len(headers) <= _LONGEST and headers not in known:
            if len(known) >= _HEADERS:
                known.clear()
            known[headers] = length

    def _prepare(self) -> None:
        """Drops what was kept, too."""
        super()._prepare()
        rules = self._profile.rules
        self._ready: _Kept[_Ready] = _Kept(_READY_BYTES)
        self._infos: _Kept[_Made] = _Kept(_INFO_BYTES)
        runs: dict[bytes, Run] = {}
        if self._is_usual:
            runs = {b"info": self._info, **self._writing()}
            if rules.lifetime is None:
                runs[b"result"] = self._result
        by_post = {name: run for name, run in runs.items() if name != b"info" or rules.info_post}
        self._runs = runs, by_post

    def _lines(self, shape: AnswerShape, reason: str, task: int | None, size: int) -> bytes:
        """All headers, as `Gateway.render` and the delivery write them."""
        if self._plain:
            return b"%bContent-Length: %d\r\n\r\n" % (shape.lines, size)
        if task is None:
            return b"%bX-Mock-Reason: %b\r\nContent-Length: %d\r\n\r\n" % (shape.lines, reason.encode(), size)
        told = (shape.lines, task, reason.encode(), size)
        return b"%bX-Mock-Task: %d\r\nX-Mock-Reason: %b\r\nContent-Length: %d\r\n\r\n" % told

    def _result(self, account: Account, now: Micros, _peer: str, values: Values) -> _Made | None:
        _, _, number, form = values
        if number is None:
            return None
        task = int(number)
        fields = self._state.task_fields(task)
        if fields is None:
            return None
        _, login, phone, source, ip, created, done, cost, seed, demo, edition, failure, polls, stub = fields
        if login != account.login or failure is not None or stub is not None or polls:
            return None
        if polls is None and (done is None or now < done):
            shape = self._processing[form]
            return shape, shape.body, until_ready(None, done, now), task, phone, source, None
        shape = self._done[form]
        key = (phone, source, ip, cost, seed, demo, edition, form)
        seconds = created // SECOND, (done or created) // SECOND
        made = self._ready.values.get(key)
        if made is None or made[0] != seconds:
            made = self._at_other_times(made, seconds, shape) or self._made_ready(Task(*fields), seconds, shape)
            self._ready.put(key, made, len(made[1]) + _AROUND)
        return shape, made[1], made[3], task, phone, source, None

    def _at_other_times(self, made: _Ready | None, seconds: tuple[int, int], shape: AnswerShape) -> _Ready | None:
        """The answer with other times in its body; None where they are not as long as those that it has."""
        if made is None:
            return None
        was, text, places, reason = made
        before, after = (self._times(times, shape) for times in (was, seconds))
        if [*map(len, before)] != [*map(len, after)]:
            return None
        body = bytearray(text)
        for at, which in places:
            body[at : at + len(after[which])] = after[which]
        return seconds, bytes(body), places, reason

    def _made_ready(self, task: Task, seconds: tuple[int, int], shape: AnswerShape) -> _Ready:
        rules = self._profile.rules
        samples = _SAMPLE_TIMES[rules.epoch_times]
        created, done = (at * SECOND for at in samples)
        answer = ready_answer(replace(task, created=created, ready=done), shape.form, rules, self._mock.words)
        marks, times = self._times(samples, shape), self._times(seconds, shape)
        pieces = re.split(b"(%b|%b)" % marks, self._written(answer))
        body, places = b"", []
        for piece in pieces:
            if piece in marks:
                places.append((len(body), marks.index(piece)))
            body += times[marks.index(piece)] if piece in marks else piece
        return seconds, body, tuple(places), answer.reason

    def _times(self, seconds: tuple[int, int], shape: AnswerShape) -> tuple[bytes, bytes]:
        """The times of creation and end as a ready answer has them."""
        epoch = self._profile.rules.epoch_times
        created, done = (str(one) if epoch else text_of(one * SECOND) for one in seconds)
        return created.encode(shape.encoding), done.encode(shape.encoding)

    def _info(self, account: Account, now: Micros, _peer: str, values: Values) -> _Made | None:
        phone, _, number, form = values
        if phone is not None or number is not None:
            return None
        rules = self._profile.rules
        used = account.used_on(day_of(now, rules.day_turn))
        key = (used, account.daily_limit, account.paid_until, account.demo, form)
        if (kept := self._infos.values.get(key)) is not None:
            return kept
        shape = self._informed[form]
        made = self._whole(shape, info_answer(account, used, shape.form, rules), None, None, None)
        self._infos.put(key, made, len(made[1]) + _AROUND)
        return made

    def _whole(
        self, shape: AnswerShape, answer: Answer, task: int | None, phone: str | None, source: int | None
    ) -> _Made:
        """The answer, with all its headers."""
        body = self._written(answer)
        return shape, body, answer.reason, task, phone, source, self._lines(shape, answer.reason, task, len(body))


class MemoryAnswers(FastAnswers):
    """Those of a mock whose state is in memory."""

    def __init__(self, gateway: Gateway, store: MemoryStore) -> None:
        self._store = self._memory = store
        super().__init__(gateway, store)

    def _writing(self) -> dict[bytes, Run]:
        return {b"create": self._create}

    def _create(self, account: Account, now: Micros, peer: str, values: Values) -> _Made | None:
        store = self._store
        if (ordinary := self.ordinary(account, now, values)) is None:
            return None
        text, place, day, done, cost, seed, polls = ordinary
        if (used := account.used_on(day)) >= account.daily_limit:
            return None
        task = store.next_id
        head = (task, account.login, text, place, peer, now, done, cost, seed, account.demo)
        edition = self._profile.rules.edition.name
        store.add_task(account.charged(day, used + cost), (*head, edition, None, polls, None))
        shape = self._created[values[3]]
        body = b"%b%b%b" % (shape.body, str(task).encode(shape.encoding), shape.rest)
        return shape, body, f"task created, cost {cost}", task, text, place, None


@cache
def _kind(operation: str, http_method: str, outcome: str, form: str, names: tuple[str, ...]) -> EntryKind:
    """The kind of the entries of such calls."""

    def entry(kept: Kept) -> Entry:
        number, time, _, real, login, task, phone, source, reason, asked, size, content_type = kept
        head = (number, time, real, login, operation, http_method, phone, source, form, names, outcome, 200, None)
        return Entry(*head, task, (), reason, 0, asked, size, content_type, http_method == "POST")

    return EntryKind((operation, outcome), entry)
