"""Reads the parameters of a request: its query and its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from urllib.parse import parse_qsl

from mockserver.api.http import Request
from mockserver.core.errors import ApiError
from mockserver.profile.profile import Parsing

MAX_FIELDS = 1000  # parameters of a request, after PHP's max_input_vars; what has more is answered as `too-large`


def read_params(request: Request, parsing: Parsing) -> Mapping[str, str]:
    """A request's parameters, each with the value that counts. Raises ApiError above MAX_FIELDS in query or body."""
    query = _chosen(_pairs(request.query), parsing)
    body = _chosen(_body_pairs(request, parsing), parsing) if request.http_method == "POST" else {}
    return query | body if parsing.body_wins else body | query


def _too_many() -> ApiError:
    return ApiError("too-large", reason=f"more than {MAX_FIELDS} parameters", http=413)


def _chosen(pairs: Sequence[tuple[str, str]], parsing: Parsing) -> dict[str, str]:
    return dict(pairs if parsing.repeated_last else reversed(pairs))


def _pairs(text: bytes) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        return parse_qsl(
            text.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise _too_many() from None


def _body_pairs(request: Request, parsing: Parsing) -> list[tuple[str, str]]:
    kind, _, options = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _pairs(request.body)
    return _multipart(request.body, options) if kind == "multipart/form-data" and parsing.multipart else []


def _multipart(body: bytes, options: str) -> list[tuple[str, str]]:
    """The fields of a multipart form; a form that can't be parsed has none, as in PHP."""
    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.formparser import MultiPartParser
    from werkzeug.http import parse_options_header

    def in_memory(*_: object, **__: object) -> BytesIO:
        return BytesIO()  # for the part of a file, which is not read; the limit of the body keeps it small

    boundary = parse_options_header(f"multipart/form-data;{options}")[1].get("boundary", "")
    try:
        form, _files = MultiPartParser(stream_factory=in_memory, max_form_parts=MAX_FIELDS).parse(
            BytesIO(body), boundary.encode("latin-1"), len(body)
        )
    except RequestEntityTooLarge:
        raise _too_many() from None
    except ValueError:
        return []
    return list(form.items(multi=True))
