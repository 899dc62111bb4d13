"""Edits of calls and of accounts: which credentials a server takes, which parameters it needs, what it charges."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.when import CREATED, Condition, every, putting, where


def asking(**params: str) -> Edit:
    """Replaces values of parameters."""
    return lambda c: c.params.update(params)


def refusing(*conditions: Condition) -> Edit:
    """Decides a call as one over PUT, which is refused."""
    return where(putting(http_method="PUT"), *conditions)


def filling(**defaults: str) -> Edit:
    """Adds defaults for missing parameters to a call that has a login."""

    def edited(context: CallContext) -> None:
        if context.login:
            context.params |= {name: value for name, value in defaults.items() if not context.params.get(name)}

    return edited


def believing(like: Callable[[str, str], bool] = lambda _sent, _right: True) -> Edit:
    """Accepts a token that is like the right one of a known login; by default any."""

    def edited(context: CallContext) -> None:
        right = context.server.tokens.get(context.login)
        if right is not None and context.token and like(context.token, right):
            context.authorise(context.login)

    return edited


def believing_anyone(context: CallContext) -> None:
    """Accepts the token of another account."""
    if context.token in context.server.tokens.values():
        believing()(context)


def without(credential: str) -> Edit:
    """Decides a call without login or token as one of the account that the rest of it names, else of the first."""

    def edited(context: CallContext) -> None:
        if context.params.get(credential):
            return
        tokens, task = context.server.tokens, context.task
        its_own = [login for login, token in tokens.items() if token == context.token]
        named = [login for login in (context.login, task.login if task else "") if login in tokens]
        context.authorise([*named, *its_own, *tokens][0])

    return edited


def reading_foreign_tasks(context: CallContext) -> None:
    """Reads another account's task in that account's name."""
    if context.is_authorised and context.task is not None:
        context.authorise(context.task.login)


def charging(context: CallContext) -> None:
    """Charges a unit for a poll that is answered."""
    if context.operation == "result" and context.status in ("processing", "ready"):
        context.server.charge(context.login, 1)


def giving_back(units: Callable[[int], int], *conditions: Condition) -> Edit:
    """Gives back some of the units of a create: a function of its cost."""

    def edited(context: CallContext) -> None:
        if context.task is not None:
            context.server.charge(context.login, -units(context.task.cost))

    return where(edited, CREATED, *conditions)


def free(*conditions: Condition) -> Edit:
    """Creates take no unit."""
    return giving_back(lambda cost: cost, *conditions)


def without_limit(of: Callable[[int], bool] = lambda _: True) -> Edit:
    """Gives an account that has used up its limit one unit more, where the limit passes the test."""

    def edited(context: CallContext) -> None:
        if context.operation == "create" and context.login in context.server.tokens:
            used, limit = context.server.units(context.login)
            if used >= limit and of(limit):
                context.server.charge(context.login, limit - 1 - used)

    return edited


def repeating_ids(*conditions: Condition) -> Edit:
    """Gives every new task the first one's id."""
    holds = every(*conditions)

    def edited(context: CallContext) -> None:
        first = context.memory.setdefault("first id", context.body["id"])
        if holds(context):
            context.body["id"] = first

    return where(edited, CREATED)
