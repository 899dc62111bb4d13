"""`ifind-mock check`: the contract suite, run on the mock or on any URL."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions, read_seconds, read_tasks
from mockserver.cli.target_options import read_spending, spending_options


@click.command("check")
@click.argument("target", default="mock")
@spending_options("12, no limit on a mock")
@click.option("--profile", metavar="FILE", help="The choices to expect; else the defaults.")
@click.option("--full", is_flag=True, default=None, help="Cross HTTP method, format and source. Default on the mock.")
@click.option("--strict", is_flag=True, help="A refuted assumption counts as broken.")
@click.option("--junit", metavar="FILE", help="Write JUnit XML, as GitHub and GitLab read it.")
@click.option("--html", metavar="FILE", help="Write a page to look at.")
@click.option("--json", metavar="FILE", help="Write the report as JSON (schemas/reports/check.schema.json).")
@click.option("--summary", metavar="FILE", help="Write Markdown for a CI job's summary.")
@click.option("--ledger", metavar="FILE", help="Write down each call before it leaves; take up a run that was stopped.")
@click.option("--tasks", metavar="FILE", help="Check these tasks (a line each: ID SOURCE PHONE) and make none.")
@click.option("--history", metavar="FILE", help="Remember when each clause was last proven.")
@click.option("--stale-after", metavar="TIME", default="30d", show_default=True, help="When a proof is due again.")
@click.option("--call-timeout", metavar="TIME", default="30s", show_default=True, help="How long a call may take.")
@click.option("--run-timeout", metavar="TIME", help="How long the run may take. Default: 15min, no limit on a mock.")
@click.option("--only", metavar="CLAUSE", multiple=True, help="Check this clause; again and again for more.")
@click.option("--plan", is_flag=True, help="Tell what would be run and what it costs; send nothing.")
def command(target: str, **given: Any) -> None:
    """Checks TARGET against the contract: mock (a private one), live, or a URL such as http://127.0.0.1:8080/api.

    Credentials come from IFIND_LOGIN, IFIND_TOKEN (and IFIND_LOGIN2, IFIND_TOKEN2 of a second account); at a terminal
    they are asked for.
    Exit code: 0 all that was tried holds, 1 something is broken, 2 wrong usage, 3 no way to the target, 4 the budget
    does not suffice.
    """
    from contract_tests.check.command import run

    try:
        options = CheckOptions(
            target=target,
            **read_spending(given),
            profile=_path(given["profile"]),
            full=given["full"],
            tasks=() if given["tasks"] is None else read_tasks(Path(given["tasks"])),
            ledger=_path(given["ledger"]),
            call_timeout=read_seconds(given["call_timeout"], "--call-timeout"),
            run_timeout=None if given["run_timeout"] is None else read_seconds(given["run_timeout"], "--run-timeout"),
            strict=given["strict"],
            junit=_path(given["junit"]),
            html=_path(given["html"]),
            json=_path(given["json"]),
            summary=_path(given["summary"]),
            history=_path(given["history"]),
            stale_after=read_seconds(given["stale_after"], "--stale-after"),
            only=tuple(name for names in given["only"] for name in names.split(",")),
            plan=given["plan"],
        )
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    # Else a SIGTERM would leave a private mock behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(options, _terminal(), sys.stderr))


def _terminal() -> TextIO:
    """Standard output, which shows what it has no character for as `?`; where it is closed, nobody listens."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return sys.stdout or io.StringIO()


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
