"""The mock: the API and what the control API asks of it, over one store, one profile and one clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from mockserver.api import operations
from mockserver.api.configured import ConfiguredRules, digest, settle_accounts
from mockserver.api.operations import OPERATIONS, Environment, Operation, RequestContext
from mockserver.api.trace import Trace
from mockserver.core.chance import fraction, number
from mockserver.core.clock import Clock, RealTime
from mockserver.core.delays import Delay, parse_delay
from mockserver.core.errors import ApiError, Conflict, NotFound, Problem, Refusal, StoreError
from mockserver.core.messages import AT_ONCE, SECOND, Answer, Call, Micros, Page
from mockserver.core.quota import day_of, next_turn
from mockserver.core.simulation import Simulation
from mockserver.core.tasks import Account, Task
from mockserver.faults.actions import Action
from mockserver.faults.armed import ArmedFault
from mockserver.faults.call_rules import CallRules
from mockserver.faults.faults import Fault, read_fault
from mockserver.faults.kinds import ARRIVAL, ASPECTS, NO_EFFECT, Effect
from mockserver.faults.matching import Facts
from mockserver.faults.scenarios import PASS, Changes, RunningScenario, read_scenario
from mockserver.inputs.accounts import ALL
from mockserver.inputs.fields import is_word
from mockserver.people.magic import MAGIC
from mockserver.people.words import Words
from mockserver.profile.profile import Profile, profile_of
from mockserver.stores.store import Store

LOOK = 0.05
"""Seconds between two looks at what other processes have done, while answers wait here."""
_PROFILE, _DELAY = "profile", "delay"
"""The values of a store that were set by control."""
TEST_TOKEN = "test-token"  # noqa: S105 - public by design: it opens made-up accounts only


class Mock:
    """The API, and what the control API asks of it. All that changes while it runs is in the store. owns_sockets:
    whether its server can break a connection.

    Not safe to be entered twice at a time: the server prevents that.
    """

    def __init__(
        self,
        store: Store,
        profile: Profile,
        simulation: Simulation,
        words: Words,
        real: RealTime,
        *,
        owns_sockets: bool = True,
    ) -> None:
        self.store = store
        self.owns_sockets = owns_sockets
        self.profile = profile
        self._configured = profile
        self._followed: str | None = None  # the value of the store by which the profile is as it is
        self.simulation = simulation
        self._settings = simulation
        self._followed_delay: str | None = None  # likewise, by which the delay of the simulation is as it is
        self.journal = store.journal
        self.journal.size = simulation.journal
        self.end_waiting: Callable[[str | None], object] = lambda _: None
        """Ends the answers of a login, with None all, that wait; a server sets it. Called where the mock is touched."""
        self.real = real
        self._started = real.now()
        self._made_up: count[int] | None = None
        self.words = words  # what made-up people are made of
        self._environment = Environment(store, words, self._delay, simulation.seed)
        self._rules = ConfiguredRules(
            store,
            lambda document: self.arm(document, bounded=False).id,
            partial(self.put_scenario, bounded=False),
            self.drop_scenario,
        )
        store.followed, store.emptied = self._follow, self._apply_settings
        settle_accounts(store, simulation.accounts)
        with store.transaction(write=True):
            self._apply_settings()

    def answer(self, call: Call, trace: Trace | None = None) -> Answer | Page:
        """The answer to a call; trace is filled in. Raises StoreError where the store fails; what the API refuses is an
        answer.
        """
        trace = trace or Trace()
        if call.operation not in OPERATIONS:
            trace.error = "unknown-method"
            return self.not_found(call.params)
        wanted_format = operations.format_of(call.params)
        account: Account | None = None
        rules: CallRules | None = None
        effect = NO_EFFECT
        try:
            operation = self._operation(call)
            login = call.params.get("login")
            if self.store.is_shared:
                creates = call.operation == "create" and self.profile.rules.rate is None
                self.store.expect(login, operations.task_id(call.params.get("id")), creates=creates)
            ruled = self.store.faults.may_strike(login) or self.store.scenarios.may_meet(login)
            if ruled:
                # Counts are exact over processes: no other one may decide until this call has been counted.
                self.store.lock()
            account = self._account(call.params)
            if ruled:
                facts = self.facts(call, account, wanted_format)
                rules = CallRules(self.store.scenarios, self.store.faults, facts, self._seed(account))
                effect = rules.meet(*ARRIVAL)
                account = self._stepped(rules.met, account)
            trace.account = account
            if effect.page is not None:
                return self._delivered(effect.page, account, rules)
            trace.now = now = self.now(account.login if account else None)
            self._count_call(call, account, now)
            of_task = partial(rules.meet, "task") if rules is not None else _no_effect
            context = RequestContext(
                call, self.profile.rules, self._environment, now, wanted_format, effect, of_task, trace
            )
            answer = operations.answer(operation, context, account)
        except ApiError as error:
            trace.error = error.kind
            trace.names = tuple(error.fields.get("names", "").split(", "))
            answer = operations.error_answer(error, self.profile.rules, wanted_format)
        if rules is not None:
            answer = self._formed(answer, rules, account)
        return self._delivered(answer, account, rules)

    def not_found(self, params: Mapping[str, str], http: int | None = None) -> Answer | Page:
        """The answer for an unknown method; http is a status that no clause decides."""
        if self.profile.rules.html_not_found:
            page = Page(404, "text/html", operations.NOT_FOUND, reason="clause not-found = html-404")
            return self._delivered(page, None, None)
        return self.refused(
            ApiError("unknown-method", reason=f"methods are {', '.join(OPERATIONS)}", http=http), params
        )

    def refused(self, error: ApiError, params: Mapping[str, str]) -> Answer | Page:
        """The answer to an error that is found before there is a call, such as a body that is too large."""
        answer = operations.error_answer(error, self.profile.rules, operations.format_of(params))
        try:
            return self._delivered(answer, None, None)
        except StoreError:  # it numbers the samples of a latency, and its failure is not told late
            return answer

    def facts(self, call: Call, account: Account | None, wanted_format: str) -> Facts:
        """The facts of a call, before anything of it has been checked."""
        phone: str | None = None
        source: int | None = None
        if call.operation == "create":
            phone = operations.phone_of(call.params.get("phone", ""), self.profile.rules)
            known = operations.source_of(call.params.get("source"), self.profile.rules)
            source = known.number if known else None
        elif call.operation == "result" and account is not None:
            wanted = operations.task_id(call.params.get("id"))
            task = self.store.read_task(wanted) if wanted is not None else None
            if task is not None and task.login == account.login:
                phone, source = task.phone, task.source
        return Facts(call.operation, call.http_method, call.params.get("login"), phone, source, wanted_format)

    def uptime(self) -> Micros:
        """The real time since the mock was made. From whichever thread."""
        return self.real.passed(self._started)

    def now(self, login: str | None = None) -> Micros:
        """The time of the login's clock, with None of the server's."""
        clock = self.clock(login)
        return clock.now(self.real.now(clock.since))

    def clock(self, login: str | None = None) -> Clock:
        """The clock that holds for the login."""
        own = self.store.clock(login) if login is not None else None
        return own or self.store.clock(None) or Clock()

    def set_clock(self, login: str | None, *, frozen: bool | None, now: Micros | None, speed: float | None) -> Clock:
        """Sets the clock of the login (one of its own from then on) or the server's. frozen False without a time sets
        it back to real time. Raises Refusal for a value out of range.
        """
        with self.store.transaction(write=True):
            before = self.clock(login)
            real = self.real.now(before.since)
            if frozen is False:
                clock = Clock().set(real, now=now, speed=1.0 if speed is None else speed)
                clock = Clock() if now is None and clock.speed == 1 else clock
            else:
                clock = before.set(real, now=now, speed=0.0 if frozen else speed)
            self.store.put_clock(login, clock)
            return clock

    def advance(self, login: str | None, by: Micros) -> Clock:
        """Puts the clock forward. Raises Refusal for a step back or one past its range."""
        with self.store.transaction(write=True):
            before = self.clock(login)
            clock = before.advanced(by, self.real.now(before.since))
            self.store.put_clock(login, clock)
            return clock

    def advance_to(self, login: str | None, target: str) -> Clock:
        """Puts the clock forward to `midnight` (the limit's new day) or `next-ready`. Raises Refusal where it can't."""
        with self.store.transaction(write=True):
            now = self.now(login)
            if target == "midnight":
                return self.advance(login, next_turn(now, self.profile.rules.day_turn) - now)
            if target != "next-ready":
                raise Refusal(Problem("to", f"{target!r} is not known", "allowed: midnight, next-ready"))
            ready = self.store.next_ready(now, login)
            if ready is None:
                remedy = "create one first; polls, and a task that is never ready, wait for no time"
                raise Conflict(Problem("to", "no task is on its way by time", remedy))
            return self.advance(login, ready - now)

    def put_account(
        self, login: str | None, changes: Mapping[str, Any], *, whole: bool = False
    ) -> tuple[Account, bool]:
        """The changed account of the login, and whether it was made now; what a new one lacks comes from the seed. With
        whole, what the changes leave out is as in a new one, charges aside.
        """
        with self.store.transaction(write=True):
            name = login or self._free_login()
            known = self.store.account(name)
            account = self._new_account(name) if known is None or whole else known
            if known is not None:
                counts = {key: getattr(known, key) for key in ("day", "used", "creates", "configured")}
                account = replace(account, **counts)
            account = replace(account, **changes)
            self.store.put_account(account)
            return account, known is None

    def task(self, task_id: int) -> Task:
        """The task of the id. Raises NotFound."""
        task = self.store.read_task(task_id)
        if task is None:
            raise NotFound(Problem("id", f"{task_id} is not a task", "GET /_mock/tasks lists them"))
        return task

    def set_ready(self, task_id: int, delay: Delay) -> Task:
        """Decides anew when the task is ready: after a time since its creation, or after so many more polls. One that
        is ready stays as it is. Gives the task. Raises NotFound without one, Refusal where it would not be ready any
        more.
        """
        with self.store.transaction(write=True):
            task = self.task(task_id)
            now = self.now(task.login)
            after = delay.sample(fraction(task.seed, task.login, "ready", task.id))
            changed = replace(task, ready=None if after is None else task.created + after, polls=delay.polls)
            if not task.is_ready(now):
                self.store.put_ready(changed)
                return changed
            if not changed.is_ready(now):
                raise Conflict(Problem("ready", "the task is ready, and stays so", "create another task"))
            return task

    def drop_account(self, login: str) -> None:
        """Takes the account away, with its tasks, charges, clock and faults."""
        with self.store.transaction(write=True):
            self.reset(login)
            self.store.drop_account(login)

    def arm(self, document: Any, *, bounded: bool = True) -> ArmedFault:
        """Arms the fault of a document under a new id. Raises Refusal with every problem."""
        fault = self._fault(document)
        with self.store.transaction(write=True):
            return self.store.faults.arm(fault, bounded=bounded)

    def put_fault(self, fault_id: str, document: Any) -> tuple[ArmedFault, bool]:
        """Arms the fault of a document under the id, in the place of the one that has it; and whether none had it.
        Raises Refusal with every problem.
        """
        fault = self._fault(document)
        with self.store.transaction(write=True):
            return self.store.faults.put(fault_id, fault)

    def _fault(self, document: Any) -> Fault:
        fault = read_fault(document)
        self._require_socket(fault.action, "action")
        return fault

    def set_profile(self, profile: Profile | None) -> None:
        """Answers by the profile from the next call on, with None by that of the settings."""
        over = digest(self._configured.choices)
        kept = None if profile is None else json.dumps({"over": over, "choices": dict(profile.choices)})
        with self.store.transaction(write=True):
            self.store.values.put(_PROFILE, kept)
            self._followed = kept
            self.profile = profile or self._configured

    def set_delay(self, delay: Delay | None) -> None:
        """Has tasks take the delay where nothing else says how long they take, with None that of the settings."""
        kept = None if delay is None else json.dumps({"over": self._settings.delay.text, "delay": delay.text})
        with self.store.transaction(write=True):
            self.store.values.put(_DELAY, kept)
            self._take_delay(kept)

    def _take_delay(self, kept: str | None) -> None:
        """Has the simulation be that of the settings, with the delay that was set by control."""
        settings, self._followed_delay = self._settings, kept
        delay = settings.delay if kept is None else parse_delay(json.loads(kept)["delay"], "delay")
        self.simulation = settings if kept is None else replace(settings, delay=delay)

    def _follow(self, ended: Sequence[str | None]) -> None:
        """Does what other processes were told: has the profile and the delay be theirs, and ends what waits for those
        that were reset.
        """
        kept = self.store.values.get(_PROFILE)
        if kept != self._followed:
            self._followed = kept
            self.profile = self._configured if kept is None else profile_of(json.loads(kept)["choices"])
        if (delay := self.store.values.get(_DELAY)) != self._followed_delay:
            self._take_delay(delay)
        for login in ended:
            self.end_waiting(login)  # before the journal ends some of them in its own way
            self.journal.end_waits(login)

    def watch(self) -> None:
        """Looks at what other processes have done. It is to be called every LOOK seconds while answers wait here, and
        tries again the next time where the store fails.
        """
        with suppress(StoreError), self.store.transaction():
            self.journal.look()

    def configure(self, profile: Profile, simulation: Simulation) -> None:
        """Answers by other settings from the next call on. Accounts, stubs, faults and scenarios of the settings are
        put in the place of those of the old ones, where they differ; the journal keeps its size.

        Raises StoreError where another process uses the store with other accounts, and Refusal for faults that can't be
        armed. Then all is as before.
        """
        before = self._configured, self._settings
        try:
            self._apply(profile, simulation)
        except (Refusal, StoreError):
            self._apply(*before)
            raise

    def _apply(self, profile: Profile, simulation: Simulation) -> None:
        self._settings = simulation
        self._take_delay(self._followed_delay)
        settle_accounts(self.store, simulation.accounts)
        self._environment = Environment(self.store, self.words, self._delay, simulation.seed)
        with self.store.transaction(write=True):
            if profile.choices != self._configured.choices:
                self._configured = profile
                self.profile = profile if self._followed is None else self.profile
            self._apply_settings()

    def _apply_settings(self) -> None:
        """Has stubs, faults, scenarios, the profile and the delay be those of the settings, where they have changed and
        no other process has done so.
        """
        kept = self.store.values.get(_PROFILE)
        if kept is not None and json.loads(kept)["over"] != digest(self._configured.choices):
            self.set_profile(None)
        delay = self.store.values.get(_DELAY)
        if delay is not None and json.loads(delay)["over"] != self._settings.delay.text:
            self.set_delay(None)
        self._rules.change(self.simulation)

    def put_scenario(self, name: str, document: Any, *, bounded: bool = True) -> tuple[RunningScenario, bool]:
        """Begins the scenario of a document, and says whether there was none of its name and login. Raises Refusal."""
        scenario = read_scenario(name, document)
        for place, step in enumerate(scenario.steps):
            for action in step.actions:
                self._require_socket(action, f"steps[{place}].action")
        with self.store.transaction(write=True):
            put = self.store.scenarios.put(scenario, bounded=bounded)
            self._restore(self.store.scenarios.taken_back(scenario.login, name))
            return put

    def drop_scenario(self, name: str, login: str | None) -> None:
        """Takes the scenario away; what it has changed of accounts is as before. Raises NotFound without one."""
        with self.store.transaction(write=True):
            self.store.scenarios.drop(name, login)
            self._restore(self.store.scenarios.taken_back(login, name))

    def clear_scenarios(self, login: str | None) -> None:
        """Takes the scenarios of the login away, with None all, as `drop_scenario` does."""
        with self.store.transaction(write=True):
            self.store.scenarios.clear(login)
            self._restore(self.store.scenarios.taken_back(login))

    def _restore(self, taken: Iterable[tuple[str, Changes]]) -> None:
        """Sets fields of accounts back to what they were, unless something else has changed them since."""
        for login, changes in taken:
            account = self.store.account(login)
            if account is not None:
                before = {key: old for key, (old, new) in changes.items() if getattr(account, key) == new}
                self.store.put_account(replace(account, **before))

    def _require_socket(self, action: Action, where: str) -> None:
        """Raises Refusal for an action that the server can't carry out."""
        if action.aspect == "transport" and not self.owns_sockets:
            what = f"the fault {action.kind!r} needs the socket, which a WSGI server keeps to itself"
            raise Refusal(Problem(f"{where}.kind", what, "run `ifind-mock serve`, or leave it out"))

    def reset(self, login: str | None) -> None:
        """Drops the tasks, charges, clock, faults, scenarios, stubs and journal of the login, with None those of all;
        those of the settings begin anew. With None, the profile and the delay are those of the settings again. Accounts
        stay, and no id is given twice.
        """
        with self.store.transaction(write=True):
            self.clear_scenarios(login)
            self.store.reset(login)
            if login is None:
                self.set_profile(None)
                self.set_delay(None)
            self._rules.renew(self.simulation, login)

    def _operation(self, call: Call) -> Operation:
        only_get = call.operation == "info" and not self.profile.rules.info_post
        http_methods = ("GET",) if only_get else ("GET", "POST")
        if call.http_method not in http_methods:
            allowed = (("Allow", ", ".join(("HEAD", *http_methods))),)
            raise ApiError("http-method", reason=f"allowed: {', '.join(http_methods)}", http=405, headers=allowed)
        return OPERATIONS[call.operation]

    def _stepped(self, met: RunningScenario | None, account: Account | None) -> Account | None:
        """The account of a call after what a step of a scenario does to its clock and to itself."""
        if account is None or met is None or not met.step.changes:
            return account
        login, step = account.login, met.step
        with self.store.transaction(write=True):
            with suppress(Refusal):  # there is no such moment, or it is too far away: the clock stays as it is
                if isinstance(step.advance, str):
                    self.advance_to(login, step.advance)
                elif step.advance is not None:
                    self.advance(login, step.advance)
            known = self.store.account(login) or account
            changed = replace(known, **{key: value for key, value in step.account.items() if key != "used"})
            if (used := step.account.get("used")) is not None:
                day = day_of(self.now(login), self.profile.rules.day_turn)
                changed = replace(changed, day=day, used=changed.daily_limit if used == ALL else used)
            self.store.put_account(changed)
            self.store.scenarios.changed(met.scenario, known, changed)
        return changed

    def _formed(self, answer: Answer | Page, rules: CallRules, account: Account | None) -> Answer | Page:
        """The answer, in the form that a rule gives it. A page has none."""
        if not isinstance(answer, Answer):
            return answer
        # The format of the answer, which a clause may set in place of the one that was asked for.
        rules.facts = replace(rules.facts, format=answer.format)
        form = rules.meet("form").form
        if form is not None:
            rule = next(one for one in rules.struck if one.effect.form is form)
            chance = fraction(self._seed(account), "form", rule.key, rule.number)
            answer = replace(answer, form=partial(form, chance))
        return replace(answer, wrote=True) if rules.met is not None and rules.met.step.changes else answer

    def _delivered(self, answer: Answer | Page, account: Account | None, rules: CallRules | None) -> Answer | Page:
        """The answer with its latency and, where rules have met the call, with their delivery and their reasons."""
        late = self._late(self.simulation.latency, account, "latency")
        struck = rules.struck if rules is not None else []
        if not struck and not late:
            return answer
        in_order = sorted(struck, key=lambda one: (PASS, *ASPECTS).index(one.aspect))
        late += sum(self._late(one.effect.latency, account, one.key) for one in in_order if one.effect.latency)
        sent = next((one.effect.delivery for one in in_order if one.effect.delivery is not AT_ONCE), AT_ONCE)
        return replace(
            answer,
            delivery=replace(sent, latency=late, login=account.login if account else None),
            faults=tuple(dict.fromkeys(one.id for one in in_order)),
            reason="; ".join(filter(None, [*(one.reason for one in in_order), answer.reason])),
        )

    def _late(self, delay: Delay, account: Account | None, what: str) -> Micros:
        if delay.kind == "fixed":
            return delay.time
        key = (account.login if account else "", what)
        return delay.sample(fraction(self._seed(account), *key, self.store.next_sample(*key))) or 0

    def _account(self, params: Mapping[str, str]) -> Account | None:
        login = params.get("login")
        if not login:
            return None
        known = self.store.account(login)
        if known is not None or not is_test_login(login) or params.get("token") != TEST_TOKEN:
            return known
        with self.store.transaction(write=True):
            # Another process may have made it since.
            made = self.store.account(login) or self._new_account(login)
            self.store.put_account(made)
        return made

    def _count_call(self, call: Call, account: Account | None, now: Micros) -> None:
        """Counts a call of the account's own for the limit of the rate: one with another token is not its call."""
        rate = self.profile.rules.rate
        if rate is None or account is None or account.token != call.params.get("token"):
            return
        if left := self.store.count_call(account.login, now, *rate):
            reason = f"clause rate.limit = {self.profile.choices['rate.limit']}"
            raise ApiError("rate", reason=reason, headers=(("Retry-After", str(-(-left // SECOND))),))

    def _delay(self, account: Account, phone: str, source: int) -> Delay:
        simulation = self.simulation
        magic = MAGIC.get(phone)
        return (
            (magic.delay if magic is not None else None)
            or simulation.by_phone.get(phone)
            or (parse_delay(account.delay, "delay") if account.delay is not None else None)
            or simulation.by_source.get(source)
            or simulation.delay
        )

    def _seed(self, account: Account | None) -> int:
        return self.simulation.seed if account is None or account.seed is None else account.seed

    def _new_account(self, login: str) -> Account:
        made_up = f"token-{number(self.simulation.seed, 'token', login):016x}"
        token = TEST_TOKEN if is_test_login(login) else made_up
        return Account(login, token, self.simulation.daily_limit, self.simulation.paid_until)

    def _free_login(self) -> str:
        self._made_up = self._made_up or count(self.store.account_number() + 1)
        names = (f"account-{n}@example.com" for n in self._made_up)
        return next(name for name in names if self.store.account(name) is None)


def _no_effect() -> Effect:
    return NO_EFFECT


def is_test_login(login: str) -> bool:
    """Whether an account of this login is made on first use, with the token `test-token`."""
    return login.startswith("test-") and login.endswith("@example.com") and is_word(login)
