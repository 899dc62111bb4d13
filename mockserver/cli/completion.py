"""What a shell completes beside commands, options and choices: the names of files, and words for a target."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

_TARGETS = ("mock", "live")


class _Completed(click.types.StringParamType):
    """A text of which a shell completes words, or the name of a file."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self._words = words

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin so; without words, that the shell is to look for files."""
        if not self._words:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(word) for word in self._words if word.startswith(incomplete)]


def complete_values(command: click.Command) -> None:
    """Has the values of the command's texts completed: its metavar says which are names of files."""
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        complete_values(inner)
    for param in command.params:
        if param.type is not click.STRING:
            continue
        if "FILE" in param.make_metavar(click.Context(command)):
            param.type = _Completed()
        elif param.name in ("target", "a", "b"):
            param.type = _Completed(_TARGETS)
