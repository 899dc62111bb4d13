"""What a program that calls the API may have got wrong, in a few words for `X-Mock-Reason`.

Only asked for where the answer is an error. Nothing that was sent is repeated, save a parameter's name that is known by
heart: a value, a name, a path or a header may hold a credential.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import TypeAlias

from mockserver.api.http import Request
from mockserver.api.mock import TEST_TOKEN, is_test_login
from mockserver.api.operations import CREDENTIALS, source_of
from mockserver.api.params import NAMES, has_plus, is_read, sent_names
from mockserver.api.trace import Trace
from mockserver.core.messages import METHODS
from mockserver.core.tasks import Account
from mockserver.formats.writers import FORMATS
from mockserver.profile.editions import EDITIONS
from mockserver.profile.profile import Profile

Params: TypeAlias = Mapping[str, str]
MOST = 3  # hints of an answer
_NAMES = 20  # unknown names that are compared with the known ones; the time grows with each
_LONGEST = 20  # characters of such a name
_TYPES = frozenset({"application/json", "text/plain", "text/json", "application/xml", "text/xml"})
"""The types of bodies that a hint names; any other may be anything."""
_OTHER_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("email", "e-mail", "mail", "user", "username", "user_name"), "login"),
    **dict.fromkeys(("key", "apikey", "api_key", "api-key", "access_token", "auth", "password"), "token"),
    **dict.fromkeys(("tel", "telephone", "number", "msisdn", "phone_number", "phonenumber"), "phone"),
    **dict.fromkeys(("src", "type", "from"), "source"),
    **dict.fromkeys(("task", "task_id", "taskid", "request_id"), "id"),
    **dict.fromkeys(("output", "fmt", "response_format"), "format"),
}
"""What other APIs call the parameters."""
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")


def hints(
    request: Request, params: Params, trace: Trace, profile: Profile, account: Callable[[str], Account | None]
) -> list[str]:
    """What may be wrong with the call, the likeliest first. account gives the account of a login."""
    return list(islice(dict.fromkeys(_hints(request, params, trace, profile, account)), MOST))


def _hints(
    request: Request, params: Params, trace: Trace, profile: Profile, account: Callable[[str], Account | None]
) -> Iterator[str]:
    kind = trace.error
    if kind == "unknown-method":
        yield from _of_path(request.path)
    elif kind == "missing":
        yield from _of_missing(request, params, trace.names, profile)
    elif kind == "invalid":
        for name in trace.names:
            yield from _of_value(request, params, name, profile)
    elif kind == "credentials":
        yield from _of_credentials(request, params, trace.account, account)


def _of_path(path: bytes) -> Iterator[str]:
    """Of a path that is no method of the API."""
    below = path.removeprefix(b"/api").strip(b"/").decode("utf-8", "replace")[:_LONGEST]
    name = below.casefold().removesuffix(".php").rpartition("/")[2]
    near = get_close_matches(name, METHODS, n=1, cutoff=0.75)
    if near:
        yield f"did you mean /api/{near[0]}?"


def _of_missing(request: Request, params: Params, missing: tuple[str, ...], profile: Profile) -> Iterator[str]:
    yield from _of_body(request, profile)
    for name in missing:
        if params.get(name) == "":
            yield f"{name} is there, and empty"
    yield from _of_names(request, missing, profile)
    if "token" in missing and "authorization" in request.headers:
        yield "the token is a parameter, no header"


def _of_body(request: Request, profile: Profile) -> Iterator[str]:
    """Of a body that is not read, or is no form."""
    if not request.body:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.http_method != "POST":
        yield "the body of a GET is not read: send a POST, or put the parameters into the query"
    elif kind == "multipart/form-data":
        yield (
            "the body's parts can't be read: is the boundary right?"
            if profile.parsing.multipart
            else ("clause param.multipart = ignored: send the form urlencoded")
        )
    elif not is_read(request, profile.parsing):
        what = f"is {kind}, which" if kind in _TYPES else "has a type that" if kind else "has no Content-Type, and"
        yield f"the body {what} is not read: send a form"
    elif request.body.lstrip()[:1] in (b"{", b"["):
        yield "the body looks like JSON, and is read as a form: send login=...&token=..."


def _of_names(request: Request, missing: tuple[str, ...], profile: Profile) -> Iterator[str]:
    """Of parameters whose names are not right. A name is repeated where only its case differs, or it is well known."""
    strange = [name for name in sent_names(request, profile.parsing) if name not in NAMES]
    for name in strange[:_NAMES]:
        folded = name.strip().casefold()
        meant = _OTHER_NAMES.get(folded) or (folded if folded in NAMES else None)
        if meant in missing:
            yield f"{name.strip()}= is not read: did you mean {meant}?"
        elif name.startswith("amp;") and name[4:] in missing:
            yield "the query has &amp; where it should have &"
        elif len(name) <= _LONGEST and (near := get_close_matches(folded, missing, n=1, cutoff=0.7)):
            yield f"a parameter's name is not read: did you mean {near[0]}?"


def _of_value(request: Request, params: Params, name: str, profile: Profile) -> Iterator[str]:
    """Of a value that is not right."""
    value = params.get(name, "")
    if has_plus(request, name):
        remedy = "leave it out" if name == "phone" else "write %2B"
        yield f"{name} has an unescaped +, which is read as a blank: {remedy}"
    elif _ESCAPED.search(value):
        yield f"{name} is escaped twice"
    elif name == "phone" and value.startswith("+"):
        yield "phone begins with the country code, without a +"
    if name == "phone":
        yield "phone is 7 to 15 digits"
    elif name == "id":
        yield "id is the number that create answered"
    elif name == "format":
        yield f"did you mean {value.lower()}?" if value.lower() in FORMATS else f"formats are {', '.join(FORMATS)}"
    elif name == "source" and source_of(value, profile.rules) is None:
        own = profile.rules.edition
        others = [edition.name for edition in EDITIONS.values() if value in edition.sources]
        if others:
            yield f"source {value} is of edition {' and '.join(others)}, and this is edition {own.name}"
        yield f"sources are {', '.join(own.sources)}"


def _of_credentials(
    request: Request, params: Params, known: Account | None, account: Callable[[str], Account | None]
) -> Iterator[str]:
    """Of credentials that are not right; known is the account of the login."""
    for name in CREDENTIALS:
        value = params.get(name, "")
        if has_plus(request, name):
            yield f"{name} has an unescaped +, which is read as a blank: write %2B"
        elif value != value.strip():
            yield f"{name} has white space at an end"
        elif _ESCAPED.search(value):
            yield f"{name} is escaped twice"
    login, token = (params.get(name, "") for name in CREDENTIALS)
    if known is not None:
        yield from _of_token(known, token)
    elif account(token) is not None:
        yield "login and token are exchanged"
    elif account(login.strip().lower()) is not None:
        yield "an account has this login in lower case"
    elif is_test_login(login):
        yield f"an account of this login is made by the token {TEST_TOKEN}"
    else:
        yield "POST /_mock/accounts makes an account"


def _of_token(known: Account, token: str) -> Iterator[str]:
    """Of a token that is not the account's."""
    if known.token == TEST_TOKEN and is_test_login(known.login):
        yield f"the account was made by the token {TEST_TOKEN}"
    elif token == TEST_TOKEN:
        yield f"the account was not made by the token {TEST_TOKEN}"
