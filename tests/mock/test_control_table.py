"""The table of control routes: each is a row in the file of its resource, and all else about it follows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.web import routes
from mockserver.web.control import control_paths, route_table

RESOURCES = {file.stem for file in Path(routes.__file__).parent.glob("[a-z]*.py")}
ROWS = {f"{name} {path}": row for path, methods in route_table().items() for name, row in methods.items()}


def test_every_route_stands_in_the_file_of_its_resource() -> None:
    assert {path.split("/")[1].partition(".")[0] for path in route_table()} == RESOURCES
    assert {row.handler.__module__.rpartition(".")[2] for row in ROWS.values()} == RESOURCES


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_what_the_route_does_and_which_parts_its_path_has(name: str) -> None:
    row = ROWS[name]

    assert row.summary.endswith(".")
    assert re.findall(r"<(?:path:)?(\w+)>", row.path) == [*row.parts]
    assert min(row.answers) in (200, 201, 204)
    assert all(field.help for field in (*row.query.values(), *row.parts.values()))


def test_a_log_shows_of_a_path_what_names_no_single_thing() -> None:
    assert {path.removeprefix("/_mock").partition("/<")[0] for path in control_paths()} == {
        "",
        *(path.partition("/<")[0] for path in route_table()),
    }
    assert not any("<" in path for path in control_paths())


def test_the_control_api_is_used_without_a_web_framework() -> None:
    program = (
        "import sys; from mockserver.assembly import open_gateway; from mockserver.settings.loading import load; "
        "from mockserver.web.control import Control; "
        "mock = open_gateway(load()).mock; control = Control(mock, load(), lambda do: do(), lambda login: None); "
        "assert control.handle('GET', '/health').body['status'] == 'ok'; "
        "assert control.handle('POST', '/accounts', body={'daily_limit': '2'}).status == 422; "
        "found = {'flask', 'werkzeug', 'jinja2', 'click'} & {*sys.modules}; assert not found, found"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
