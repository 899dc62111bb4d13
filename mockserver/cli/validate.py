"""`ifind-mock validate`: checks captured answers against the contract."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import METHODS, SOURCES, Asked
from contract_tests.captured.files import STDIN, validate
from contract_tests.captured.validation_report import as_json, as_text
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.profile import read_profile
from contract_tests.contract.resolve import UnknownSchemaError, document
from contract_tests.engine.options import read_seconds
from contract_tests.report.visible import visible


@click.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--method", type=click.Choice(METHODS), help="Method of the answers. Default: recognised.")
@click.option("--format", type=click.Choice(FORMATS), help="Format of the answers. Default: recognised.")
@click.option(
    "--source", type=click.Choice([str(s) for s in SOURCES]), help="Source of the task: a ready answer must fit it."
)
@click.option(
    "--schema", metavar="NAME", help="Schema of the answers, such as error-limit. Default: the one that fits."
)
@click.option("--profile", metavar="FILE", help="Also check this profile's choices and the assumptions.")
@click.option("--strict", is_flag=True, help="A refuted assumption counts as broken.")
@click.option("--timeout", metavar="TIME", default="10min", show_default=True, help="How long files are looked at.")
@click.option(
    "--output", type=click.Choice(("text", "json")), default="text", show_default=True, help="Form of the report."
)
def command(files: tuple[str, ...], **options: Any) -> None:
    """Checks captured answers against the contract. Each FILE is a body, a whole response as curl -i prints it, or a
    recording: a HAR file, or a cassette of VCR and libraries like it.

    Of a recording, every answer to a call of /create, /result or /info is checked; the call shows its method, format,
    source and phone, which the options overrule. The other entries are counted.

    `-` reads standard input. A directory stands for all files below it, except those whose names begin with a dot. The
    largest body is 16 MiB, the largest recording 128 MiB. The report shows types and sizes and never a value.

    Exit code: 0 every documented promise and law holds, 1 one is broken or an answer can't be read, 2 wrong usage, or a
    FILE can't be opened or holds no answer (the others are still checked), 4 the time was up before all was looked at.
    """
    if files.count(STDIN) > 1:
        raise click.UsageError("standard input (-) can be read only once: name it once")
    source, profile = options["source"], options["profile"]
    try:
        seconds = read_seconds(options["timeout"], "--timeout")
        if options["schema"] is not None:
            document(options["schema"])
        asked = Asked(
            method=options["method"],
            format=options["format"],
            source=None if source is None else int(source),
            schema=options["schema"],
            profile=None if profile is None else read_profile(Path(profile)),
        )
    except (UsageError, UnknownSchemaError) as error:
        raise click.UsageError(str(error)) from None
    validation = validate(files, asked, strict=options["strict"], seconds=seconds)
    click.echo(as_json(validation) if options["output"] == "json" else as_text(validation))
    for result in validation.files:
        if result.trouble:
            click.echo(visible(f"ifind-mock: {result.file}: {result.trouble}"), err=True)
    sys.exit(validation.exit_code)
