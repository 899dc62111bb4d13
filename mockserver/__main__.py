"""The command `ifind-mock`, also as `python -m mockserver`."""

import gc
import sys
from pathlib import Path

REPORTING = ("check", "learn", "mutants", "parity")
"""Commands whose files tell of a signal, too."""


def main() -> None:
    """Loads the command line and runs it. Loading takes a moment, in which Ctrl-C may come, too."""
    gc.disable()  # until the command is loaded, which makes no garbage: looking for some takes time
    try:
        if sys.argv[1:2] and sys.argv[1] in REPORTING:
            from contract_tests.report.interrupts import Interrupts

            Interrupts.defer()
        from mockserver.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit("Aborted!")


if __name__ == "__main__":
    # `-m` puts the working directory first: a folder of the user's, such as a `contract_tests` of their own, must not
    # be imported in place of ours.
    package = Path(__file__).resolve().parents[1]
    if not sys.flags.safe_path and sys.path and Path(sys.path[0]).resolve() != package:
        del sys.path[0]
    main()
