"""Reads the parameters of a request: its query and its form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from urllib.parse import unquote_to_bytes

from mockserver.api.http import Request
from mockserver.core.errors import ApiError
from mockserver.profile.profile import Parsing

NAMES = frozenset({"login", "token", "phone", "source", "id", "format"})  # the parameters of the API
MAX_FIELDS = 1000  # parameters of a request, after PHP's max_input_vars; what has more is answered as `too-large`
MAX_VALUE = 4096
"""Bytes of a value that are decoded. No right value is as long, and a body full of escapes takes 0.3 seconds."""
MAX_HEAD = 8192
"""Bytes of a part's headers, and of the options of a content type. A form that has more can't be parsed."""
MAX_HEADS = 64 * 1024
"""Bytes of the headers of all parts. A form that has more can't be parsed: one full of them takes 0.8 seconds."""
FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_LONGEST_NAME = 64  # bytes of a name, each of which may be escaped
_HINTED = 8192  # bytes of a query, and of a body, that are looked at for a hint
_HINTED_FIELDS = 100  # of each, that are
_PART_NAME = re.compile(rb'name="([^"\r\n]{1,64})"')


def read_params(request: Request, parsing: Parsing) -> Mapping[str, str]:
    """A request's parameters, each with the value that counts. Raises ApiError above MAX_FIELDS in query or body."""
    query = _of_form(request.query, parsing)
    body = _of_body(request, parsing) if request.http_method == "POST" else {}
    return query | body if parsing.body_wins else body | query


def is_read(request: Request, parsing: Parsing) -> bool:
    """Whether the body of a POST is of a type that is read."""
    return is_form(request) or (_kind_of(request) == _MULTIPART and parsing.multipart)


def is_form(request: Request) -> bool:
    """Whether the body of a POST is a form as browsers send it, whose text is that of a query."""
    return _kind_of(request) == FORM


def sent_names(request: Request, parsing: Parsing) -> list[str]:
    """The names of the parameters that were sent, known or not, as far as they are looked at for a hint."""
    names = [raw for raw, _ in _raw_fields(request)]
    if _kind_of(request) == _MULTIPART and is_read(request, parsing):
        names += _PART_NAME.findall(request.body, 0, _HINTED)[:_HINTED_FIELDS]
    return [_decoded(raw) for raw in names]


def has_plus(request: Request, name: str) -> bool:
    """Whether a value of the parameter was sent with a plus that is not escaped, and so is read as a blank."""
    return any(b"+" in value for raw, value in _raw_fields(request) if _decoded(raw) == name)


def _raw_fields(request: Request) -> Iterator[tuple[bytes, bytes]]:
    """Names and values of the query and of a form, as they were sent, as far as they are looked at for a hint."""
    forms = [request.query]
    if _kind_of(request) == FORM and request.http_method == "POST":
        forms.append(request.body)
    for form in forms:
        for field in form[:_HINTED].split(b"&", _HINTED_FIELDS)[:_HINTED_FIELDS]:
            name, _, value = field.partition(b"=")
            if len(name) <= _LONGEST_NAME:
                yield name, value


def _kind_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _too_many() -> ApiError:
    return ApiError("too-large", reason=f"more than {MAX_FIELDS} parameters", http=413)


def _of_form(text: bytes, parsing: Parsing) -> dict[str, str]:
    if not text:
        return {}
    if text.count(b"&") >= MAX_FIELDS:
        raise _too_many()
    fields = text.split(b"&")
    chosen: dict[str, bytes] = {}
    for field in fields if parsing.repeated_last else reversed(fields):
        raw_name, _, value = field.partition(b"=")
        name = _decoded(raw_name) if len(raw_name) <= _LONGEST_NAME else ""
        if name in NAMES:
            chosen[name] = value
    return {name: _decoded(value[:MAX_VALUE]) for name, value in chosen.items()}


def _decoded(text: bytes) -> str:
    plain = text.replace(b"+", b" ")
    return (unquote_to_bytes(plain) if b"%" in plain else plain).decode("utf-8", "replace")


def _of_body(request: Request, parsing: Parsing) -> dict[str, str]:
    kind = _kind_of(request)
    if kind == FORM:
        return _of_form(request.body, parsing)
    options = request.headers.get("content-type", "").partition(";")[2]
    if kind != _MULTIPART or not parsing.multipart or len(options) > MAX_HEAD:
        return {}
    pairs = _multipart(request.body, options)
    return dict(pairs if parsing.repeated_last else reversed(pairs))


def _multipart(body: bytes, options: str) -> list[tuple[str, str]]:
    """The fields of a multipart form; a form that can't be parsed has none, as in PHP."""
    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.formparser import MultiPartParser
    from werkzeug.http import parse_options_header

    def in_memory(*_: object, **__: object) -> BytesIO:
        return BytesIO()  # for the part of a file, which is not read; the limit of the body keeps it small

    boundary = parse_options_header(f"multipart/form-data;{options}")[1].get("boundary", "").encode("latin-1")
    if body.count(b"--" + boundary) > MAX_FIELDS + 1:  # after the last there is nothing
        raise _too_many()
    before, *parts = body.split(b"--" + boundary)
    heads = [len(before), *map(_length_of_head, parts)]
    if max(heads) > MAX_HEAD or sum(heads) > MAX_HEADS:
        return []
    try:
        form, _files = MultiPartParser(stream_factory=in_memory, max_form_parts=MAX_FIELDS).parse(
            BytesIO(body), boundary, len(body)
        )
    except RequestEntityTooLarge:
        raise _too_many() from None
    except ValueError:
        return []
    return [(name, value[:MAX_VALUE]) for name, value in form.items(multi=True) if name in NAMES]


def _length_of_head(part: bytes) -> int:
    found = _END_OF_HEAD.search(part, 0, MAX_HEAD)
    return found.start() if found else len(part)


_END_OF_HEAD = re.compile(rb"\r\n\r\n|\n\n|\r\r")
