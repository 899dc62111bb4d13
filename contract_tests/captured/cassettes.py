"""Cassettes: calls and answers as VCR and the libraries after it keep them, in YAML or JSON.

Known are the forms of VCR for Ruby and of Betamax (`http_interactions`), of vcrpy and go-vcr (`interactions`), and of
PHP-VCR (a list of calls).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from contract_tests.captured.capture import Capture
from contract_tests.captured.har import NO_BASE64, encoded, json_of, mapping, number_of, text
from contract_tests.captured.recordings import DamagedArchive, Recording
from contract_tests.captured.sent import Pairs, SentCall, form_of, form_of_pairs

_JSON = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\{[^{}\[\]]{0,4096}?"(?:http_)?interactions"\s*:|\[\s*\{[^{}\[\]]{0,4096}?"request"\s*:\s*\{)'
)
_YAML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[#%][^\n]*\n|---[^\n]*\n|[ \t]*\r?\n|[a-z_]+:[^\n]*\n){0,20}"
    rb"(?:(?:http_)?interactions:|-[ \t]*+(?:![^ \t\r\n]*+[ \t]*+)?\r?\n?[ \t]*+(?:![^\n]*+\n[ \t]*+)?request:)"
)


MOST_NODES = 200_000
"""Values of a cassette in YAML that are read."""
ALIASED = 2**18
"""Values and their characters that aliases may add to a cassette in YAML, besides as many as it has bytes."""


def is_cassette(data: bytes) -> bool:
    return _JSON.match(data) is not None or _YAML.match(data) is not None


def read_cassette(data: bytes) -> Iterator[Recording]:
    """The interactions. Raises DamagedArchive."""
    document = json_of(data, "a cassette") if _JSON.match(data) else _yaml_of(data)
    named = mapping(document)
    entries = named.get("http_interactions", named.get("interactions", document))
    if not isinstance(entries, list):
        raise DamagedArchive("a cassette without a list of interactions: record it again")
    for number, entry in enumerate(entries, start=1):
        yield _recording(number, mapping(entry))


def _yaml_of(data: bytes) -> Any:
    """The document, all scalars as texts. Raises DamagedArchive."""
    import yaml

    class Texts(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Takes no text for a number or a date, knows Ruby's binary, and makes mappings of objects of any class."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - as the library declares it
            first: [(tag, pattern) for tag, pattern in rules if tag == "tag:yaml.org,2002:null"]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            """Leaves merge keys as they are: no library writes any, and a few lines of them amount to millions."""

    def any_object(loader: Any, _: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value

    for kind in ("bool", "int", "float", "timestamp"):
        Texts.add_constructor(f"tag:yaml.org,2002:{kind}", Texts.construct_yaml_str)
    Texts.add_constructor("!binary", Texts.construct_yaml_binary)
    Texts.add_multi_constructor("", any_object)
    try:
        # A node of the library takes more than a kilobyte.
        aliased = [isinstance(e, yaml.AliasEvent) for e in islice(yaml.parse(data, Texts), MOST_NODES + 1)]
        document = yaml.load(data, Texts) if len(aliased) <= MOST_NODES else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = f"no YAML at line {mark.line + 1}, column {mark.column + 1}" if mark else "no YAML"
    except Exception as error:  # noqa: BLE001 - values that the library takes and can't make, in its own ways
        why = f"YAML that can't be read: {type(error).__name__}"
    else:
        if len(aliased) > MOST_NODES:
            raise DamagedArchive(f"a cassette of more than {MOST_NODES:,} values, the most that are read: split it")
        if any(aliased) and _is_larger(document, 2 * len(data) + ALIASED):
            raise DamagedArchive("a cassette that is many times its file, by aliases: record it without them")
        return document
    raise DamagedArchive(f"a cassette that is cut or damaged ({why}): record it again")


def _is_larger(document: object, most: int) -> bool:
    """Whether a document has more values and characters, with what aliases stand for."""
    found, left = 0, [document]
    while left and found + len(left) <= most:
        value = left.pop()
        if isinstance(value, str | bytes):
            found += len(value)
        elif isinstance(value, Mapping):
            left += [*value, *value.values()]
        elif isinstance(value, list | tuple | set):
            left += value
        found += 1
    return found + len(left) > most


def _recording(number: int, entry: Mapping[str, Any]) -> Recording:
    request, response = mapping(entry.get("request")), mapping(entry.get("response"))
    sent, fields = _fields(request.get("headers")), _fields(response.get("headers"))
    url = text(request.get("uri")) or text(request.get("url"))
    http_method = text(request.get("method")).lstrip(":").upper() or "GET"
    call = SentCall(http_method, url, _form(request, sent.get("content-type", "")))
    state = response.get("status")
    codes = (mapping(state).get("code"), response.get("code"), response.get("status_code"), state)
    status = next((code for code in map(number_of, codes) if code), 0)
    location = fields.get("location", "")
    try:
        body = _bytes(response.get("body", response.get("content")))
    except (binascii.Error, ValueError):
        return Recording(number, call, status, trouble=NO_BASE64, location=location)
    if body is None:
        why = "its body was not kept: record it again" if response else ""
        return Recording(number, call, status, trouble=why, location=location)
    sent_type = fields.get("content-type", "") if fields else None
    capture = Capture(body, status or None, sent_type, codings=fields.get("content-encoding", ""))
    due = 0 if "content-encoding" in fields else number_of(fields.get("content-length"))
    lacking = f"{len(body)} of {due} bytes" if due > len(body) else ""
    return Recording(number, call, status, capture, lacking=lacking, location=location)


def _fields(headers: object) -> dict[str, str]:
    """The headers by name in lower case, the first value of each."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers if isinstance(headers, list) else ()
    found: dict[str, str] = {}
    for pair in pairs:
        if isinstance(pair, list | tuple) and len(pair) == 2:
            name, value = pair
            first = value[0] if isinstance(value, list) and value else value
            found.setdefault(text(name).lower(), text(first.decode("latin-1") if isinstance(first, bytes) else first))
    return found


def _form(request: Mapping[str, Any], content_type: str) -> Pairs | None:
    body = request.get("body")
    if isinstance(body, str | bytes | Mapping) and body:
        try:
            content = _bytes(body)
        except (binascii.Error, ValueError):
            content = None
        # A recorder's filter may have taken the header away.
        kind = content_type or "application/x-www-form-urlencoded"
        if content is not None:
            return form_of(kind, content)
        return form_of_pairs(body) if isinstance(body, Mapping) else None
    parsed = request.get("form", request.get("post_fields"))
    return form_of_pairs(parsed) if parsed else None


def _bytes(body: object) -> bytes | None:
    """A body as text, bytes, or a mapping of one of them and its encoding; None where there is none."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, bytes):
        return body
    parts = mapping(body)
    if isinstance(packed := parts.get("base64_string"), str | bytes):
        return base64.b64decode(packed)
    written = parts.get("string")
    if not isinstance(written, str):
        return written if isinstance(written, bytes) else None
    return encoded(written, text(parts.get("encoding")) or "utf-8")  # Ruby's ASCII-8BIT, for bytes, is unknown here
