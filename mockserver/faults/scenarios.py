"""Scenarios: named lists of steps, each for the next calls that fit it, and how far each has come."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

from mockserver.core.delays import DURATION_PATTERN, duration
from mockserver.core.errors import Conflict, NotFound, Problem, Refusal, cut, few
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account
from mockserver.faults.actions import ACTION, IN_VAIN, Action, Strike, read_action
from mockserver.faults.kinds import ARRIVAL, ASPECTS, NO_EFFECT, kinds_of
from mockserver.faults.matching import NEXT_MATCH, Facts, Match, read_match
from mockserver.faults.records import Change, Records
from mockserver.inputs import fields
from mockserver.inputs.accounts import ACCOUNT_STATE

RESTORED = ("daily_limit", "paid_until", "demo", "delay")
"""Fields of an account that are as before once the scenario that has changed them is taken away."""
PASS = "pass"  # noqa: S105 - an action that changes nothing of the call, and the aspect of its strike
REPEAT, LAST = "repeat", "last"  # what may follow the last step, beside PASS
MOST = 10_000  # scenarios of a store, unless the settings have more
KEPT = 1000  # those that are over and still listed; an older one is forgotten
LONGEST = 1000  # steps of a scenario
_SCENARIO, _COURSE, _CHANGES = "scenario", "scenario-course", "scenario-changes"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to the next calls that fit."""

    match: Match
    actions: Sequence[Action]  # of different aspects; none lets the calls pass
    times: int  # how many calls it meets
    advance: Micros | str | None  # how far the account's clock is put forward before each, or to which moment
    account: Mapping[str, Any]  # what becomes of the account before each, as ACCOUNT_STATE reads it

    @property
    def changes(self) -> bool:
        """Whether it changes the account, or its clock."""
        return self.advance is not None or bool(self.account)

    def meets(self, facts: Facts, aspects: Collection[str]) -> bool:
        """Whether it meets the call, at the moment when the rules for these aspects are asked for. Where all that it
        does happens to a task, or to the form of an answer, it is not spent on a call that has none.
        """
        own = {action.aspect for action in self.actions}
        at_once = not own or self.changes or own & {*ARRIVAL}
        if not ({*ARRIVAL} if at_once else own) & {*aspects}:
            return False
        return self.match.fits(facts) and all(action.fits(facts) for action in self.actions)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as its document describes it."""

    name: str
    login: str | None  # whose calls it is for; None is anybody's
    steps: Sequence[Step]
    end: str  # what follows the last step: calls pass, it is repeated from the first step, or the last one goes on
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunningScenario:
    """A scenario and how far it has come."""

    scenario: Scenario
    at: int = 0  # the number of its current step, from 0
    met: int = 0  # calls that this step has met
    calls: int = 0  # calls that it has met in all
    rounds: int = 0  # how often it has come to its end

    @property
    def is_over(self) -> bool:
        """Whether it lets all calls pass."""
        return self.at == len(self.scenario.steps)

    @property
    def step(self) -> Step:
        """Its current step, where it is not over."""
        return self.scenario.steps[self.at]

    def after_call(self) -> RunningScenario:
        """How far it has come with one more call."""
        scenario, met, calls = self.scenario, self.met + 1, self.calls + 1
        if met < self.step.times or (self.at + 1 == len(scenario.steps) and scenario.end == LAST):
            return replace(self, met=met, calls=calls)
        if self.at + 1 < len(scenario.steps):
            return replace(self, at=self.at + 1, met=0, calls=calls)
        at = 0 if scenario.end == REPEAT else len(scenario.steps)
        return replace(self, at=at, met=0, calls=calls, rounds=self.rounds + 1)

    def strikes(self) -> list[Strike]:
        """What its current step does to a call."""
        name, step = self.scenario.name, self.step
        place = f"scenario {name} step {self.at + 1} of {len(self.scenario.steps)}"
        often = f" ({self.met + 1} of {step.times})" if step.times > max(1, self.met) else ""
        rule = (f"{name}#{self.at + 1}", f"{name}#{self.at + 1}")
        if not step.actions:
            return [Strike(rule[0], PASS, NO_EFFECT, f"{place}{often} {PASS}", rule[1], self.calls)]
        return [
            Strike(rule[0], one.aspect, one.effect, f"{place}{often} {one.kind}", rule[1], self.calls)
            for one in step.actions
        ]


Changes: TypeAlias = "Mapping[str, tuple[Any, Any]]"
"""What steps have changed of an account: by the field, its value before the first of them and after the last."""
_Place: TypeAlias = "tuple[str | None, str, str]"
"""Login and name of a scenario, and the account that it has changed."""
_Key: TypeAlias = "tuple[str | None, str] | str | None"
"""What places are looked up by: a scenario, its login, the account."""


def _keys(place: _Place) -> set[_Key]:
    return {place[:2], place[0], place[2]}


class Scenarios:
    """The scenarios of a store. What it changes is written into its records, where it has some, and `take` takes in
    what others have written there. Without records, a transaction that fails does not take their course back.
    """

    KINDS = (_SCENARIO, _COURSE, _CHANGES)
    """The records: by login and name a scenario's document, its course apart from it; by these and an account, what
    its steps have changed there.
    """

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self.forget()

    def forget(self) -> None:
        """Forgets all scenarios, which stay in the records."""
        self._forget_running()
        self._changes: dict[_Place, Changes] = {}  # in the order of the last changes
        self._places: dict[_Key, dict[_Place, None]] = {}

    def _forget_running(self) -> None:
        self._running: dict[str | None, dict[str, RunningScenario]] = {}  # by login, then by name
        self._active: dict[str | None, dict[str, None]] = {}  # the names of those that are not over, likewise
        self._over: dict[tuple[str | None, str], None] = {}  # login and name of the others, as they came to their end
        self._count = 0

    def take(self, changes: Sequence[Change]) -> None:
        """Takes in changes of records, in the order in which the records were made."""
        for change in changes:
            if change.kind == _SCENARIO:
                self._take(change)
            elif change.kind == _CHANGES:
                self._take_changes(change)
        # Their order is that in which scenarios came to their end.
        for change in sorted(changes, key=lambda change: change.number):
            if change.kind == _COURSE and change.value is not None:
                login, name = json.loads(change.key)
                self._take_course(login, name, json.loads(change.value))

    def _take(self, change: Change) -> None:
        login, name = json.loads(change.key)
        if name in self._running.get(login, {}):
            self._remove(login, name)
        if change.value is not None:
            self._begin(read_scenario(name, json.loads(change.value)))

    def _take_changes(self, change: Change) -> None:
        place: _Place = tuple(json.loads(change.key))
        self._drop_changes(place)
        if change.value is not None:
            self._keep(place, {key: (old, new) for key, (old, new) in json.loads(change.value).items()})

    def _take_course(self, login: str | None, name: str, course: Sequence[int]) -> None:
        running = self._running.get(login, {}).get(name)
        if running is not None:
            self._running[login][name] = after = RunningScenario(running.scenario, *course)
            if after.is_over:
                self._end(name, login)

    def put(self, scenario: Scenario, *, bounded: bool = True) -> tuple[RunningScenario, bool]:
        """Begins the scenario, in place of the one of the same login and name; gives it, and whether there was none.
        Raises Refusal where there are too many, unless it is not bounded.
        """
        login, name = scenario.login, scenario.name
        is_new = name not in self._running.get(login, {})
        if is_new and bounded and self._count >= MOST:
            raise Refusal(Problem("", f"there are {MOST} scenarios", "take some away: DELETE /_mock/scenarios"))
        if not is_new:
            self._forget(login, name)
        if self._records is not None:
            self._records.put_record(_SCENARIO, json.dumps([login, name]), json.dumps(scenario.document))
        return self._begin(scenario), is_new

    def _begin(self, scenario: Scenario) -> RunningScenario:
        running = RunningScenario(scenario)
        self._running.setdefault(scenario.login, {})[scenario.name] = running
        self._active.setdefault(scenario.login, {})[scenario.name] = None
        self._count += 1
        return running

    def drop(self, name: str, login: str | None) -> None:
        """Takes the scenario away. Raises NotFound without one."""
        self.get(name, login)
        self._forget(login, name)

    def get(self, name: str, login: str | None) -> RunningScenario:
        """The scenario. Raises NotFound without one."""
        own = self._running.get(login, {})
        if name not in own:
            whose = "of all accounts" if login is None else "of the account"
            there = few(own, len(own)) or "none"
            if login is None and (other := next((one for one in self._running if name in self._running[one]), None)):
                there += f"; there is one of the account {other}: give its login"
            raise NotFound(Problem("name", f"{cut(name)!r} is not a scenario {whose}", f"scenarios: {there}"))
        return own[name]

    def clear(self, login: str | None) -> None:
        """Takes the scenarios of the login away, with None all."""
        if login is None:
            self._forget_running()
            if self._records is not None:
                self._records.clear_records(_SCENARIO, _COURSE)
            return
        for name in [*self._running.get(login, {})]:
            self._forget(login, name)

    def listed(self, offset: int = 0, limit: int | None = None) -> Sequence[RunningScenario]:
        """The scenarios by login, each login's in the order in which they were put: after the first `offset`, at most
        `limit`.
        """
        every = (running for own in self._running.values() for running in own.values())
        return tuple(islice(every, offset, None if limit is None else offset + limit))

    def may_meet(self, login: str | None) -> bool:
        """Whether a scenario may meet a call of the login."""
        return bool(self._active) and (login in self._active or None in self._active)

    def meet(self, facts: Facts, aspects: Collection[str]) -> RunningScenario | None:
        """The scenario whose current step meets the call, as it was before; the call is counted. It is the first that
        has one for the call; those of the login come before those of all.
        """
        for login in dict.fromkeys((facts.login, None)):
            for name in self._active.get(login, ()):
                running = self._running[login][name]
                if running.step.meets(facts, aspects):
                    self._running[login][name] = after = running.after_call()
                    if self._records is not None:
                        course = [after.at, after.met, after.calls, after.rounds]
                        self._records.put_record(_COURSE, json.dumps([login, name]), json.dumps(course))
                    if after.is_over:
                        self._end(name, login)
                        if len(self._over) > KEPT:
                            self._forget(*next(iter(self._over)))
                    return running
        return None

    def changed(self, scenario: Scenario, before: Account, after: Account) -> None:
        """Keeps what a step has changed of an account, its charges aside."""
        place = (scenario.login, scenario.name, before.login)
        own = dict(self._changes.get(place, {}))
        for key in RESTORED:
            if (value := getattr(after, key)) != (first := getattr(before, key)):
                own[key] = (own[key][0] if key in own else first, value)
        if own:
            self._keep(place, own)
            if self._records is not None:
                self._records.put_record(_CHANGES, json.dumps(place), json.dumps(own))

    def taken_back(self, login: str | None, name: str | None = None) -> Sequence[tuple[str, Changes]]:
        """What the scenario has changed, by account, and forgets it; without a name what all of the login have, and
        what any has changed of its account; with None all. The last changes come first.
        """
        every = login is None and name is None
        places = [*(self._changes if every else self._places.get((login, name) if name else login, ()))]
        taken = [(place[2], self._drop_changes(place)) for place in reversed(places)]
        if self._records is not None:
            for place in places:
                self._records.drop_record(_CHANGES, json.dumps(place))
        return taken

    def _keep(self, place: _Place, changes: Changes) -> None:
        self._drop_changes(place)
        self._changes[place] = changes
        for key in _keys(place):
            self._places.setdefault(key, {})[place] = None

    def _drop_changes(self, place: _Place) -> Changes:
        changes = self._changes.pop(place, {})
        for key in _keys(place):
            places = self._places.get(key, {})
            places.pop(place, None)
            if not places:
                self._places.pop(key, None)
        return changes

    def _end(self, name: str, login: str | None) -> None:
        """Has the scenario meet no more calls."""
        self._over[login, name] = None
        active = self._active.get(login, {})
        active.pop(name, None)
        if not active:
            self._active.pop(login, None)

    def _forget(self, login: str | None, name: str) -> None:
        self._remove(login, name)
        if self._records is not None:
            for kind in (_SCENARIO, _COURSE):
                self._records.drop_record(kind, json.dumps([login, name]))

    def _remove(self, login: str | None, name: str) -> None:
        self._end(name, login)
        del self._over[login, name]
        own = self._running[login]
        del own[name]
        if not own:
            del self._running[login]
        self._count -= 1


def read_scenario(name: str, document: Any) -> Scenario:
    """The scenario of a document with the keys of SCENARIO. Raises Refusal with every problem, each naming its key."""
    read = SCENARIO("", document)
    return Scenario(NAME("name", name), read.get("login"), read["steps"], read.get("end", PASS), document)


def _step(where: str, value: Any) -> Step:
    problems: list[Problem] = []
    top = fields.table(value, "", _STEP, problems)
    match = read_match(top.get("match", {}), "match", problems, numbered=False)
    actions = _actions(top.get("action", []), match, problems)
    if problems:
        raise Refusal(*problems).at(where)
    return Step(match, actions, top.get("times", 1), top.get("advance"), top.get("account", {}))


def _actions(document: Any, match: Match, problems: list[Problem]) -> list[Action]:
    if document == {"kind": PASS}:
        return []
    listed = isinstance(document, list)
    actions: dict[str, Action] = {}
    for number, one in enumerate(document if listed else [document]):
        place = f"action[{number}]" if listed else "action"
        action = read_action(one, place, match, problems)
        if action is None:
            continue
        if (other := actions.get(action.aspect)) is not None:
            what = f"{action.kind!r} and {other.kind!r} both change the {action.aspect}"
            problems.append(Problem(place, what, "put one of them into another step"))
        actions[action.aspect] = action
    return [*actions.values()]


def _steps(where: str, steps: list[Step]) -> list[Step]:
    if not 1 <= len(steps) <= LONGEST:
        raise Refusal(Problem(where, f"has {len(steps)} steps", f"allowed: 1 to {LONGEST}"))
    return steps


def _advance(where: str, value: str) -> Micros | str:
    return value if value in _MOMENTS else duration(value, where, _ADVANCES)


def _scenario(where: str, read: dict[str, Any]) -> dict[str, Any]:
    login, steps = read.get("login"), read["steps"]
    for number, step in enumerate(steps):
        other = step.match.login
        if step.times is None and number < len(steps) - 1:
            what = "never ends, so the steps after it are never met"
            raise Conflict(
                Problem(fields.inside(where, f"steps[{number}].times"), what, "name a number, or put it last")
            )
        if login is not None and other not in (None, login):
            what = "is another account's than that of the scenario, so the step would meet no call"
            raise Conflict(Problem(fields.inside(where, f"steps[{number}].match.login"), what, "leave it out"))
    return read


NAME = fields.matching(
    rf"{fields.NO_DOTS}[A-Za-z0-9_.-]{{1,100}}", "a name", "a name of letters, digits, hyphens, dots and underscores"
)
_MOMENTS = ("midnight", "next-ready")
_ADVANCES = f"a duration such as '5s', {', '.join(map(repr, _MOMENTS))}"
_LOGIN = fields.at_most(fields.SHORT, fields.text)
_PASSING = {
    "type": "object",
    "title": PASS,
    "description": "The calls pass.",
    "properties": {"kind": {"enum": [PASS]}},
    "required": ["kind"],
    "additionalProperties": False,
}
_ONE = {"oneOf": [*ACTION.shape["oneOf"], _PASSING]}
_SEVERAL = {
    "type": "array",
    "items": ACTION.shape,
    "allOf": [
        {
            "contains": {"properties": {"kind": {"enum": kinds_of(aspect)}}},
            "minContains": 0,
            "maxContains": 1,
        }
        for aspect in ASPECTS
    ],
}
_STEP: Mapping[str, fields.Field[Any]] = {
    "match": replace(fields.as_is, shape=NEXT_MATCH.shape).described(
        "The calls that it meets: the next ones that fit every key.", {"method": "create"}
    ),
    "times": fields.whole(1).described("How many calls it meets.", 1),
    "action": replace(fields.as_is, shape={"anyOf": [_ONE, _SEVERAL]}).described(
        "What happens to them: a fault's action, several of different aspects in a list, or pass.", {"kind": "reset"}
    ),
    "advance": fields.Field(
        fields.at_most(fields.SHORT, fields.text).then(_advance).read,
        {"type": "string", "anyOf": [{"enum": [*_MOMENTS]}, {"pattern": DURATION_PATTERN}]},
        _ADVANCES,
    ).described("How far, or to which moment, the account's clock is put forward before each of them.", "5s"),
    "account": ACCOUNT_STATE.described("What becomes of the account before each of them.", {"used": "all"}),
}
_BOUNDS = {"not": {"anyOf": [*IN_VAIN]}}
STEP: fields.Field[Step] = fields.Field(
    _step, {**fields.table_of(_STEP).shape, **_BOUNDS}, "a table with a match and an action"
)
_STEPS = fields.list_of(STEP, "a list of tables, each below a line [[steps]]").then(_steps)
SCENARIO = fields.table_of(
    {
        "about": fields.text.described("What it shows, in a sentence.", "Two errors, then all is well."),
        "login": _LOGIN.described("The account whose calls it is for; without it, anybody's.", "demo@example.com"),
        "steps": replace(_STEPS, shape={**_STEPS.shape, "minItems": 1, "maxItems": LONGEST}).described(
            "What happens, one after another.", [{"action": {"kind": "error"}, "times": 2}]
        ),
        "end": fields.one_of((PASS, REPEAT, LAST)).described(
            "What follows the last step: calls pass, all is repeated, or the last step goes on.", PASS
        ),
    },
    required=["steps"],
).then(_scenario)
"""A scenario's document."""
