"""The other mock servers, each with the settings that its makers name for load, and with our mock's answers.

Each is started without its npm wrapper, which would add the start of Node.js to its own. The operation is the path, so
that a path is all that a peer has to match.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.kinds import Kind, Setting
from benchmarks.results import Trouble

_CANNED = "looks at the path alone: no credentials, no task, no quota, one canned body of a path"


def _node(setting: Setting, package: str, path: str) -> list[str]:
    return [_program("node", "Node.js"), str(setting.installed.node(package, path))]


def _java(setting: Setting, package: str, path: str, *properties: str) -> list[str]:
    # The heap is the one of MockServer's page on performance, for both JVMs.
    jar = str(setting.installed.node(package, path))
    return [_program("java", "a Java runtime of version 17 or newer"), "-Xmx500m", *properties, "-jar", jar]


def _program(name: str, title: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Trouble(f"{name} is not on the PATH; install {title}.")
    return found


def _file(setting: Setting, name: str, document: Any) -> str:
    file = setting.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return str(file)


def _apimock(setting: Setting, bodies: Mapping[str, str]) -> list[str]:
    """bodies: how the rule of an operation names its body, as a line of TOML."""
    text = f'[listener]\nip_address = "127.0.0.1"\nport = {setting.port}\n\n'
    text += '[service]\nrule_sets = ["rules.toml"]\nfallback_respond_dir = "."\n'
    (setting.folder / "apimock.toml").write_text(text, encoding="utf-8")
    rules = [
        f'[[rules]]\nwhen.request.url_path = "/{name}"\n[rules.respond]\n{bodies[name]}\n'
        f'headers = {{ "content-type" = "{sample.media_type}" }}\n'
        for name, sample in setting.samples.items()
    ]
    (setting.folder / "rules.toml").write_text("\n".join(rules), encoding="utf-8")
    return [str(setting.installed.node("@apimock-rs", "bin-*/apimock")), "-c", "apimock.toml"]


def _apimock_files(setting: Setting) -> list[str]:
    # It writes what a file .json holds anew, and makes JSON of what a file .csv holds.
    files = {
        name: f"{name}.{'json' if 'json' in sample.media_type else 'txt'}" for name, sample in setting.samples.items()
    }
    for name, sample in setting.samples.items():
        (setting.folder / files[name]).write_bytes(sample.body)
    return _apimock(setting, {name: f'file_path = "{file}"' for name, file in files.items()})


def _apimock_text(setting: Setting) -> list[str]:
    # A string of JSON is one of TOML.
    bodies = {name: json.dumps(sample.body.decode(), ensure_ascii=False) for name, sample in setting.samples.items()}
    return _apimock(setting, {name: f"text = {body}" for name, body in bodies.items()})


def _mockserver(setting: Setting) -> list[str]:
    expectations = [
        {
            "httpRequest": {"path": f"/{name}"},
            "httpResponse": {
                "statusCode": 200,
                "headers": {"Content-Type": [sample.media_type]},
                "body": {"type": "BINARY", "base64Bytes": base64.b64encode(sample.body).decode()},
            },
        }
        for name, sample in setting.samples.items()
    ]
    properties = {
        "logLevel": "ERROR",
        "disableLogging": "true",
        "maxLogEntries": "1000",
        "initializationJsonPath": _file(setting, "expectations.json", expectations),
    }
    return [
        *_java(
            setting,
            "mockserver-node",
            "mockserver-netty-*.jar",
            *(f"-Dmockserver.{key}={value}" for key, value in properties.items()),
        ),
        *("-serverPort", str(setting.port)),
    ]


def _wiremock(setting: Setting) -> list[str]:
    mappings = [
        {
            "request": {"method": "GET", "urlPath": f"/{name}"},
            "response": {
                "status": 200,
                "headers": {"Content-Type": sample.media_type},
                "base64Body": base64.b64encode(sample.body).decode(),
            },
        }
        for name, sample in setting.samples.items()
    ]
    _file(setting, "mappings/all.json", {"mappings": mappings})
    return [
        *_java(setting, "wiremock", "build/wiremock-standalone-*.jar"),
        *("--port", str(setting.port), "--bind-address", "127.0.0.1", "--root-dir", "."),
        *("--no-request-journal", "--disable-request-logging", "--disable-banner"),
        *("--disable-response-templating", "--disable-gzip", "--use-chunked-encoding", "never"),
        *("--async-response-enabled", "true"),
    ]


def _mockoon(setting: Setting) -> list[str]:
    ids = [f"2f1b4a30-0000-4000-8000-{number:012}" for number in range(1 + 2 * len(setting.samples))]
    routes = [
        {
            "uuid": route,
            "type": "http",
            "method": "get",
            "endpoint": name,
            "documentation": "",
            "responseMode": None,
            "streamingMode": None,
            "streamingInterval": 0,
            "responses": [
                {
                    "uuid": response,
                    "body": sample.body.decode(),
                    "bodyType": "INLINE",
                    "headers": [{"key": "Content-Type", "value": sample.media_type}],
                    "statusCode": 200,
                    "disableTemplating": True,
                    "default": True,
                    "latency": 0,
                    "label": "",
                    "filePath": "",
                    "databucketID": "",
                    "sendFileAsBody": False,
                    "rules": [],
                    "rulesOperator": "OR",
                    "fallbackTo404": False,
                    "crudKey": "id",
                    "callbacks": [],
                }
            ],
        }
        for (name, sample), route, response in zip(setting.samples.items(), ids[1::2], ids[2::2], strict=True)
    ]
    environment = {
        "uuid": ids[0],
        "lastMigration": 33,
        "name": "benchmark",
        "port": setting.port,
        "hostname": "127.0.0.1",
        "endpointPrefix": "",
        "latency": 0,
        "folders": [],
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "routes": routes,
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "proxyReqHeaders": [],
        "proxyResHeaders": [],
        "cors": False,
        "headers": [],
        "data": [],
        "callbacks": [],
        "tlsOptions": {"enabled": False},
    }
    return [
        *_node(setting, "@mockoon/cli", "bin/run.js"),
        *("start", "--data", _file(setting, "environment.json", environment)),
        *("--port", str(setting.port), "--hostname", "127.0.0.1"),
        *("--disable-log-to-file", "--max-transaction-logs", "0", "--disable-admin-api"),
    ]


def _prism(setting: Setting) -> list[str]:
    paths = {
        f"/{name}": {
            "get": {
                "responses": {
                    "200": {
                        "description": name,
                        "content": {
                            sample.media_type: {
                                "example": json.loads(sample.body)
                                if "json" in sample.media_type
                                else sample.body.decode()
                            }
                        },
                    }
                }
            }
        }
        for name, sample in setting.samples.items()
    }
    document = {"openapi": "3.0.3", "info": {"title": "benchmark", "version": "1"}, "paths": paths}
    return [
        *_node(setting, "@stoplight/prism-cli", "dist/index.js"),
        *("mock", _file(setting, "openapi.json", document), "--port", str(setting.port), "--host", "127.0.0.1"),
        *("--cors", "false", "--verboseLevel", "silent"),
    ]


def _mountebank(setting: Setting) -> list[str]:
    stubs = [
        {
            "predicates": [{"equals": {"path": f"/{name}"}}],
            "responses": [
                {
                    "is": {
                        "statusCode": 200,
                        # Without these two it closes the connection, and sends its body in chunks.
                        "headers": {
                            "Content-Type": sample.media_type,
                            "Content-Length": str(len(sample.body)),
                            "Connection": "keep-alive",
                        },
                        "body": sample.body.decode(),
                    }
                }
            ],
        }
        for name, sample in setting.samples.items()
    ]
    imposter = {"protocol": "http", "port": setting.port, "recordRequests": False, "stubs": stubs}
    return [
        *_node(setting, "mountebank", "bin/mb"),
        *("start", "--configfile", _file(setting, "imposters.json", {"imposters": [imposter]}), "--noParse"),
        *("--port", str(setting.control), "--localOnly", "--nologfile", "--loglevel", "error", "--pidfile", "mb.pid"),
    ]


def _peer(
    name: str, title: str, npm: str, lacks: str, command: Callable[[Setting], Sequence[str]], **more: Any
) -> Kind:
    return Kind(
        name,
        title,
        "peer",
        f"{_CANNED}; {lacks}",
        command,
        version=lambda installed: installed.versions.get(npm, "unknown"),
        npm=npm,
        **more,
    )


_JVM = 40.0
"""Seconds of warm-up until a JVM has compiled what is called."""

_NODE = 10.0

_MUTE = "no journal; its log, which can't be turned off, goes to /dev/null"

PEERS = (
    _peer(
        "apimock",
        "apimock-rs, files",
        "apimock-rs",
        f"{_MUTE}; it reads a file for each answer, as it is meant to be used",
        _apimock_files,
        warm_up=3,
        mute=True,
    ),
    _peer(
        "apimock-text",
        "apimock-rs, text",
        "apimock-rs",
        f"{_MUTE}; its bodies stand in the rules, so that it reads no file",
        _apimock_text,
        warm_up=3,
        mute=True,
    ),
    _peer(
        "mockserver",
        "MockServer",
        "mockserver-node",
        "no log; of its journal the last 1,000 entries are kept",
        _mockserver,
        warm_up=_JVM,
    ),
    _peer("wiremock", "WireMock", "wiremock", "no journal, no log, no templates", _wiremock, warm_up=_JVM),
    _peer(
        "mockoon",
        "Mockoon",
        "@mockoon/cli",
        f"no control API, no templates; {_MUTE}",
        _mockoon,
        warm_up=_NODE,
        mute=True,
    ),
    _peer(
        "prism",
        "Prism",
        "@stoplight/prism-cli",
        "no journal (it has none), no log; it finds the operation in an OpenAPI document",
        _prism,
        warm_up=_NODE,
    ),
    _peer("mountebank", "mountebank", "mountebank", "no journal, no log", _mountebank, warm_up=_NODE),
)
