"""`ifind-mock validate`: captured answers, held to the schemas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.captured.asked import FORMATS, METHODS, SOURCES, Asked
from contract_tests.captured.files import STDIN, validate
from contract_tests.captured.summary import as_json, as_text
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.profile import read_profile
from contract_tests.contract.resolve import UnknownSchemaError, document


@click.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--method", type=click.Choice(METHODS), help="Whose answers these are; else recognised.")
@click.option("--format", type=click.Choice(FORMATS), help="What they are written in; else recognised.")
@click.option("--source", type=click.Choice([str(s) for s in SOURCES]), help="Whose section a ready answer must hold.")
@click.option("--schema", metavar="NAME", help="Hold them to this schema, such as error-limit; else the one that fits.")
@click.option("--profile", metavar="FILE", help="Hold them to its choices too, and to what is believed.")
@click.option("--strict", is_flag=True, help="A refuted assumption counts as broken.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True, help="The report.")
def command(files: tuple[str, ...], **given: Any) -> None:
    """Holds captured answers to the schemas: each FILE is a body, or a whole response as curl -i prints it.

    `-` reads standard input. A directory stands for all files below it, save those that begin with a dot. Of a FILE,
    16 MiB are looked at. The report tells of a value its type and size alone.

    Exit code: 0 every documented promise and law holds, 1 one is broken or an answer can't be read, 2 wrong usage or a
    FILE that can't be opened: the others are looked at all the same.
    """
    if files.count(STDIN) > 1:
        raise click.UsageError("standard input (-) can be read once: name it once")
    try:
        if given["schema"] is not None:
            document(given["schema"])
        asked = Asked(
            method=given["method"],
            format=given["format"],
            source=None if given["source"] is None else int(given["source"]),
            schema=given["schema"],
            profile=None if given["profile"] is None else read_profile(Path(given["profile"])),
        )
    except (UsageError, UnknownSchemaError) as error:
        raise click.UsageError(str(error)) from None
    validation = validate(files, asked, strict=given["strict"])
    click.echo(as_json(validation) if given["output"] == "json" else as_text(validation))
    for trouble in validation.troubles:
        click.echo(f"ifind-mock: {trouble}", err=True)
    sys.exit(validation.exit_code)
