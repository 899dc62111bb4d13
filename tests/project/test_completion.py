"""What the shell completes, by click's own mechanism, and the help as a manual."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from mockserver.cli.main import COMMANDS, commands
from support.command import ifind
from support.processes import COMMAND, environment

BASH = """
{line}
complete -p ifind-mock >/dev/null || exit 1
COMP_WORDS=({words}) COMP_CWORD={last}
_ifind_mock_completion ifind-mock
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(*words: str) -> list[str]:
    """What bash offers for the last word."""
    (line,) = re.findall("eval .*", ifind("--help", cwd=Path.cwd()).stdout)  # what the help says to do
    script = BASH.format(line=line, words=" ".join(map(shlex.quote, words)), last=len(words) - 1)
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ifind-mock", "s"], {"serve", "sample"}),
        (["ifind-mock", "serve", "--dai"], {"--daily-limit"}),
        (["ifind-mock", "config", ""], {"init", "check", "show"}),
        (["ifind-mock", "validate", "--format", "x"], {"xml"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bash_completes(words: list[str], offered: set[str]) -> None:
    assert {*completed(*words)} == offered


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("validate a", ["file,a"]),
        ("config check my", ["file,my"]),
        ("serve --config my", ["file,my"]),
        ("check --junit re", ["file,re"]),
        ("check ", ["plain,mock", "plain,live"]),
        ("parity mock l", ["plain,live"]),
        ("validate --format x", ["plain,xml"]),
        ("va", ["plain,validate"]),
    ],
)
def test_a_shell_completes_files_targets_and_choices(typed: str, said: list[str]) -> None:
    words = f"ifind-mock {typed}"
    asked = {"_IFIND_MOCK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(COMMAND, env=environment() | asked, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines() == said


def all_commands() -> dict[tuple[str, ...], click.Command]:
    """Every command and command of a command, by the words that call it."""
    found: dict[tuple[str, ...], click.Command] = {(): commands}
    for name in COMMANDS:
        command = import_module(f"mockserver.cli.{name}").command
        found[name,] = command
        if isinstance(command, click.Group):
            found.update({(name, inner): one for inner, one in command.commands.items()})
    return found


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_the_help_is_a_manual_of_80_columns(words: tuple[str, ...], tmp_path: Path) -> None:
    told = ifind(*words, "--help", cwd=tmp_path, COLUMNS="80").stdout
    options = [one for one in all_commands()[words].params if isinstance(one, click.Option) and not one.hidden]

    assert max(map(len, told.splitlines())) <= 80
    assert [one.name for one in options if one.opts[0] not in told] == []
    assert [one.name for one in options if not one.help] == []
