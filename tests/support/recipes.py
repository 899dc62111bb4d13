"""The recipes of CONTRIBUTING.md, each as edits of a copy of the source."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("mockserver", "contract_tests", "schemas", "fixtures")


@dataclass
class Tree:
    """A copy of the source, in which the allowed files may be changed."""

    root: Path
    allowed: tuple[str, ...]
    """Files, and folders (with a slash at the end) in which any file may be changed."""
    changed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in COPIED:
            # With the compiled files, whose times still fit: a copy starts as fast as the source. Another process may
            # just be writing one, under a name for the time being.
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("*.pyc.*"))

    def new(self, path: str, text: str) -> None:
        """Makes a file."""
        assert not (self.root / path).exists(), f"{path} is there already"
        self._write(path, text)

    def edit(self, path: str, before: str, after: str) -> None:
        """Replaces a text that stands in the file once."""
        text = self._read(path)
        assert text.count(before) == 1, f"{path} has {before!r} {text.count(before)} times"
        self._write(path, text.replace(before, after))

    def append(self, path: str, text: str) -> None:
        """Adds a text at the end of the file."""
        self._write(path, self._read(path) + text)

    def before(self, path: str, table: str, text: str) -> None:
        """Puts a text before the statement that makes the table."""
        lines = self._read(path).splitlines(keepends=True)
        lines.insert(self._table(path, table).lineno - 1, text)
        self._write(path, "".join(lines))

    def row(self, path: str, table: str, row: str) -> None:
        """Adds a row at the end of the table, which is a dict."""
        rows = next(node for node in ast.walk(self._table(path, table)) if isinstance(node, ast.Dict))
        last = rows.values[-1]
        assert last.end_lineno is not None
        assert last.end_col_offset is not None
        lines = self._read(path).splitlines(keepends=True)
        line = lines[last.end_lineno - 1].encode()
        lines[last.end_lineno - 1] = (
            line[: last.end_col_offset] + f", {row}".encode() + line[last.end_col_offset :]
        ).decode()
        self._write(path, "".join(lines))

    def field(self, path: str, owner: str, text: str) -> None:
        """Adds a field to a dataclass, below its docstring."""
        tree = ast.parse(self._read(path))
        found = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner)
        lines = self._read(path).splitlines(keepends=True)
        lines.insert(found.body[0].end_lineno or 0, f"    {text}\n")
        self._write(path, "".join(lines))

    def _table(self, path: str, name: str) -> ast.stmt:
        for node in ast.parse(self._read(path)).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return node
        raise AssertionError(f"{path} has no table {name}")

    def _read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def _write(self, path: str, text: str) -> None:
        fits = any(path == one or (one.endswith("/") and path.startswith(one)) for one in self.allowed)
        assert fits, f"the recipe does not name {path}"
        self.changed.add(path)
        (self.root / path).write_text(text, encoding="utf-8")


def a_source(tree: Tree) -> None:
    """Number 5, in edition C."""
    tree.edit("mockserver/profile/editions.py", "BOARDS_KZ, BOARDS_BY)", "BOARDS_KZ, BOARDS_BY, TELEGRAM)")
    tree.before("mockserver/profile/editions.py", "NAMES", 'TELEGRAM = Source(5, "telegram", "names")\n')
    tree.row("contract_tests/contract/editions.py", "SECTIONS", '5: "names"')
    tree.edit("contract_tests/contract/editions.py", "(1, 2, 3, 11, 12)", "(1, 2, 3, 11, 12, 5)")
    tree.edit("schemas/clauses.toml", "sources 1, 2, 3, 11, 12;", "sources 1, 2, 3, 5, 11, 12;")


YAML_CLAUSE = """
[[clause]]
id = "content-type.yaml"
title = "Content-Type of YAML"
grade = "assumed"
evidence = "RFC 9512."
default = "application/yaml"
value = "content-type"
samples = ["text/yaml", "application/x-yaml; charset=utf-8"]
"""
WRITE_YAML = '''"""YAML: one document in the flow style."""

import json
from collections.abc import Callable

from mockserver.core.messages import Answer
from mockserver.profile.profile import Rendering


def yaml_writer(_: Rendering) -> Callable[[Answer], bytes]:
    """The writer of answers as YAML in UTF-8."""
    return lambda answer: b"--- " + json.dumps(answer.body).encode() + b"\\n"
'''
READ_YAML = '''"""YAML: one document in the flow style."""

import json

from contract_tests.decode.model import Context, Decoded, Unreadable


def read_yaml(body: bytes, _: Context) -> Decoded:
    """The answer. Raises Unreadable."""
    if not body.startswith(b"--- "):
        raise Unreadable("no document of YAML")
    return Decoded(json.loads(body.removeprefix(b"--- ")), "yaml", {})
'''


def a_format(tree: Tree) -> None:
    """YAML."""
    tree.new("mockserver/formats/yaml.py", WRITE_YAML)
    writers = "mockserver/formats/writers.py"
    tree.before(writers, "WRITERS", "from mockserver.formats.yaml import yaml_writer\n")
    tree.row(writers, "WRITERS", '"yaml": Format(lambda rendering: rendering.yaml_type, yaml_writer)')
    tree.field("mockserver/profile/profile.py", "Rendering", 'yaml_type: str = _of("content-type.yaml")')
    tree.append("schemas/clauses.toml", YAML_CLAUSE)
    tree.new("contract_tests/decode/yaml.py", READ_YAML)
    answers = "contract_tests/decode/answers.py"
    tree.before(answers, "READERS", "from contract_tests.decode.yaml import read_yaml\n")
    tree.row(answers, "READERS", '"yaml": read_yaml')


TEAPOT = '''def teapot(*, flavour: str = "green") -> Effect:
    """An error that names a tea."""
    return Effect(error=ErrorOverride(418, flavour))


'''
CUT = '''def cut(*, share: int = 50) -> Effect:
    """The answer ends early, and the connection with it."""
    return Effect(delivery=Delivery(transport="cut", settings={"share": share}))


'''
DELIVER_CUT = '''def _cut(pending: PendingRequest, response: Response, _: bool) -> tuple[bytes, bool]:
    """The head of the answer, and a share of its body."""
    size = len(response.body)
    missing = size - size * response.delivery.settings["share"] // 100
    return _whole(pending, response, True)[0][:-missing], True


'''


def a_kind_of_fault(tree: Tree) -> None:
    """An error of its own."""
    kinds = "mockserver/faults/kinds.py"
    tree.before(kinds, "KINDS", TEAPOT)
    tree.row(kinds, "KINDS", '"teapot": Kind(teapot, {"flavour": fields.text.described("The tea.")})')


def a_kind_of_fault_on_the_socket(tree: Tree) -> None:
    """An answer that ends early."""
    kinds, delivery = "mockserver/faults/kinds.py", "mockserver/wire/delivery.py"
    tree.before(kinds, "KINDS", CUT)
    share = 'fields.whole(1, 99).described("Percent that is sent.")'
    tree.row(kinds, "KINDS", f'"cut": Kind(cut, {{"share": {share}}}, aspect="transport")')
    tree.before(delivery, "TRANSPORTS", DELIVER_CUT)
    tree.row(delivery, "TRANSPORTS", '"cut": _cut')


ECHO_CLAUSE = """
[[clause]]
id = "create.echo"
title = "create repeats the phone"
grade = "assumed"
evidence = "Nothing is written."
default = "no"
choices = ["no", "yes"]
"""
ECHO_TEST = """

@pytest.mark.clause("create.echo")
def test_create_does_not_repeat_the_phone(run: Run, checks: Checks) -> None:
    for task in run.pool.tasks():
        checks.choice("create.echo", "yes" if "phone" in task.reply.model else "no", task.reply)
"""


def a_clause(tree: Tree) -> None:
    """Whether create repeats the phone."""
    tree.append("schemas/clauses.toml", ECHO_CLAUSE)
    tree.field("mockserver/profile/profile.py", "Rules", 'echo: bool = _is("create.echo", "yes")')
    body = '{"status": "ok", "id": made.id}'
    tree.edit("mockserver/api/operations.py", body, f'{body} | ({{"phone": phone}} if rules.echo else {{}})')
    tree.append("contract_tests/suite/test_create.py", ECHO_TEST)


def a_setting(tree: Tree) -> None:
    """A greeting."""
    greeting = 'greeting: str = _setting("hello", fields.text, "What the mock says.")'
    tree.field("mockserver/settings/table.py", "Settings", greeting)
    tree.field("mockserver/settings/table.py", "SettingValues", "greeting: str")


NAMED_STORE = '''"""A store in memory that has a name."""

from mockserver.stores.memory import MemoryStore


class NamedStore(MemoryStore):
    """State in the process."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
'''
OPEN_NAMED = """def _named_store(state: str, _run: Run) -> Store:
    from mockserver.stores.named import NamedStore

    return NamedStore(state.removeprefix("named:"))


"""


def a_store(tree: Tree) -> None:
    """A store that the setting names as `named:` and a word."""
    tree.new("mockserver/stores/named.py", NAMED_STORE)
    opening = "mockserver/stores/opening.py"
    tree.before(opening, "STORES", OPEN_NAMED)
    tree.row(opening, "STORES", '"named": StoreKind(_named_store, "named:[a-z]+", "named: and a word", "named:WORD")')


MOOD = '''"""The mood of the mock."""

from __future__ import annotations

from typing import Any

from mockserver.inputs import fields
from mockserver.web.route import ControlContext, ControlRequest, Route


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The mood of the path, and the state."""
    return 200, {"mood": request.parts["name"], "as": request.query.get("as"), "state": context.settings.state}


_NAME = fields.one_of(["good", "bad"]).described("The name of a mood.", "good")
_MOOD = fields.table_of({"mood": _NAME, "as": fields.or_none(fields.text), "state": fields.text})

ROUTES = (
    Route(
        "GET",
        "/moods/<name>",
        read,
        "A mood.",
        {200: _MOOD},
        query={"as": fields.text.described("A word.")},
        parts={"name": _NAME},
    ),
)
'''


def a_control_route(tree: Tree) -> None:
    """A mood by its name."""
    tree.new("mockserver/web/routes/moods.py", MOOD)


BRIEF = '''"""A report in one line."""

from contract_tests.report.report import Report


def render(report: Report) -> bytes:
    """The exit code."""
    return f"exit code {report.exit_code}".encode()
'''


def a_report_format(tree: Tree) -> None:
    """One line."""
    tree.new("contract_tests/report/brief.py", BRIEF)
    renderers = "contract_tests/report/renderers.py"
    tree.before(renderers, "RENDERERS", "from contract_tests.report import brief\n\n")
    tree.row(renderers, "RENDERERS", '"brief": Renderer("Write one line.", brief.render)')


HELLO = '''"""`ifind-mock hello`: greets."""

import click


@click.command("hello")
def command() -> None:
    """Greets."""
    click.echo("hello")
'''


def a_command(tree: Tree) -> None:
    """A greeting."""
    tree.new("mockserver/cli/hello.py", HELLO)
    tree.row("mockserver/cli/main.py", "COMMANDS", '"hello": "greets"')


FAILING_TEST = """

@pytest.mark.clause("info.answers")
def test_info_greets(run: Run, checks: Checks) -> None:
    reply = run.api.send_cached(calls.info(run.target.main))
    checks.expect("info.answers", "hello" in reply.model, reply, found="none", expected="a greeting")
"""


def a_test_of_the_contract(tree: Tree) -> None:
    """A test that the mock does not pass."""
    tree.append("contract_tests/suite/test_info.py", FAILING_TEST)


CHECK = """def _cost_is_seven(model: Model, _: TaskFacts) -> Results:
    cost = model.get("cost")
    yield CheckResult("cost", "seven", cost == "7", "the cost 7", cost)


"""


def a_check_of_a_ready_answer(tree: Tree) -> None:
    """A check that the mock does not pass."""
    tree.before("contract_tests/contract/ready_checks.py", "CHECKS", CHECK)
    tree.row("contract_tests/contract/ready_checks.py", "CHECKS", '"result.cost": _cost_is_seven')
    tree.edit("contract_tests/captured/answer_checks.py", "_READY = (", '_READY = ("result.cost", ')
    tree.row("contract_tests/suite/test_result.py", "READY", '"the cost is 7": ("result.cost", ())')


def a_mutant(tree: Tree) -> None:
    """An id that is 0."""
    tree.edit(
        "mockserver/mutants/tables/create.py",
        '"create.ok": {',
        '"create.ok": {"id-is-0": Mutant("id is 0", created(setting(id=0)), also="in-xml"),',
    )


RECIPES: Mapping[str, Callable[[Tree], None]] = {
    name.__name__.replace("_", " "): name
    for name in (
        a_source,
        a_format,
        a_kind_of_fault,
        a_kind_of_fault_on_the_socket,
        a_clause,
        a_setting,
        a_store,
        a_control_route,
        a_command,
        a_report_format,
        a_test_of_the_contract,
        a_check_of_a_ready_answer,
        a_mutant,
    )
}
"""By what is added."""
