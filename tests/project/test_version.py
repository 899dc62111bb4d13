"""The version stands in pyproject.toml alone, and whatever tells it tells that one."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

from mockserver import create_app
from support.command import ifind

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]


def test_each_place_that_tells_the_version_tells_that_of_the_project(tmp_path: Path) -> None:
    client = create_app().test_client()
    ifind("check", "--only", "info.answers", "--json", "report.json", cwd=tmp_path)
    told = {
        "--version": ifind("--version", cwd=tmp_path).stdout.split()[-1],
        "health": client.get("/_mock/health").get_json()["version"],
        "description": client.get("/_mock/openapi.json").get_json()["info"]["version"],
        "har": client.get("/_mock/requests.har").get_json()["log"]["creator"]["version"],
        "report": json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["kit"],
        "image": subprocess.run(["make", "-n", "image"], cwd=ROOT, capture_output=True, text=True, check=True)
        .stdout.partition("VERSION=")[2]
        .split()[0],
    }

    assert told == dict.fromkeys(told, VERSION)


def test_what_is_to_be_copied_from_a_page_names_the_tag_of_this_version() -> None:
    pages = [ROOT / "docs" / "ci.md", *(ROOT / "examples" / "ci").iterdir()]
    named = {page.name: re.findall(r"(?:@|ref: |rev: )v([\d.]+\d)", page.read_text(encoding="utf-8")) for page in pages}

    assert {name: {*versions} for name, versions in named.items()} == {name: {VERSION} for name in named}
