"""README.md is held to what it says: its commands are run, its tables are made from the settings and the clauses.

`python tests/project/test_readme.py` writes the tables anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.settings.files import clauses
from mockserver.settings.table import SETTINGS
from support.processes import environment, serving

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^( *)```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def steps(text: str) -> list[tuple[str, str]]:
    """Each command of the console blocks, with the output that the README shows."""
    found: list[tuple[str, str]] = []
    for indent, block in BLOCK.findall(text):
        plain = "\n".join(line.removeprefix(indent) for line in block.splitlines())
        for part in re.split(r"^\$ ", plain, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown.rstrip("\n")))
    return found


def pattern(shown: str) -> str:
    """What an output must match: … stands for anything."""
    return ".*".join(map(re.escape, shown.split("…"))) + r"\s*"


def tables() -> dict[str, str]:
    rows = [
        f"| `{s.name}` | {s.help}{'' if s.default in (None, [], {}) else f' Default: `{_shown(s.default)}`.'} |"
        for s in SETTINGS
    ]
    lines = ["| clause | what | grade | default | other choices |", "|---|---|---|---|---|"]
    for clause in clauses().values():
        if clause.default is None:
            lines.append(f"| `{clause.id}` | {clause.title} | {clause.grade} | | |")
            continue
        default = _words([clause.default]) if isinstance(clause.default, str) else "a table by kind"
        others = _words([c for c in clause.choices if c != clause.default])
        open_ = "" if clause.value is None else "any"
        lines.append(f"| `{clause.id}` | {clause.title} | {clause.grade} | {default} | {others or open_} |")
    return {"settings": "\n".join(rows), "clauses": "\n".join(lines)}


def _words(choices: list[str]) -> str:
    return ", ".join(f"`{choice}`" if choice else "empty text" for choice in choices)


def _shown(default: object) -> object:
    return "demo@example.com" if isinstance(default, list) else str(default).lower() if default is False else default


def with_tables(text: str) -> str:
    for name, table in tables().items():
        text = re.sub(
            rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
    return text


def test_the_tables_are_in_step_with_settings_and_clauses() -> None:
    text = README.read_text(encoding="utf-8")

    assert text == with_tables(text), "run: python tests/project/test_readme.py"


def test_every_command_does_what_the_readme_shows(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    assert len(steps(text)) > 20
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    with serving(cwd=tmp_path) as mock:
        address = mock.api.removeprefix("http://").removesuffix("/api")
        for command, shown in steps(text):
            real = command.replace("127.0.0.1:8080", address)
            done = subprocess.run(
                ["bash", "-c", real.replace("curl ", "curl -s ", 1)],
                cwd=tmp_path,
                env=environment(PATH=path),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            told = f"$ {real}\n{done.stdout}\n{done.stderr}"

            assert done.returncode == 0, told
            assert re.fullmatch(pattern(shown), done.stdout, re.DOTALL), told


@pytest.mark.parametrize("target", ["run", "test"])
def test_the_makefile_has_what_the_readme_names(target: str) -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")

    assert f"make {target}" in README.read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
