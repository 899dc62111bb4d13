"""README.md and the pages in docs/ say what is so: their commands are run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import environment, serving

README = Path(__file__).parents[2] / "README.md"
PAGES = (README, *sorted((README.parent / "docs").glob("*.md")))
BLOCK = re.compile(r"^( *)```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^):]+)\)")


def sections() -> dict[str, str]:
    """The sections that show commands, by page and heading."""
    found: dict[str, str] = {}
    for page in PAGES:
        _, *parts = re.split("^##? (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            if BLOCK.search(text):
                found[f"{page.name}: {heading}"] = text
    return found


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


def test_the_readme_shows_commands() -> None:
    assert sum(len(steps(text)) for text in sections().values()) > 30


@pytest.mark.once
@pytest.mark.parametrize("section", sections())
def test_every_command_does_what_the_page_shows(section: str, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    with serving(cwd=tmp_path) as mock:
        address = mock.api.removeprefix("http://").removesuffix("/api")
        for command, shown in steps(sections()[section]):
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
            report = f"$ {real}\n{done.stdout}\n{done.stderr}"

            assert done.returncode == 0, report
            assert re.fullmatch(pattern(shown), done.stdout, re.DOTALL), report


def test_every_python_example_passes_in_a_project_of_its_own(tmp_path: Path) -> None:
    examples = [example for page in PAGES for example in PYTHON.findall(page.read_text(encoding="utf-8"))]
    assert examples
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example, encoding="utf-8")
    (tmp_path / "contract_tests").mkdir()  # a name that a user's project may have
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_or_a_heading(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = {f"#{title.lower().replace(' ', '-')}" for title in re.findall(r"^##? (.*)", text, re.MULTILINE)}

    assert [link for link in LINK.findall(text) if link not in headings and not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("target", ["run", "test", "mutants"])
def test_the_makefile_has_what_the_readme_names(target: str) -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")

    assert f"make {target}" in README.read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
