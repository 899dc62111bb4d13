"""`python -m mockserver` is the command `ifind-mock`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # `-m` puts the working directory first: a folder of the user's, such as a `contract_tests` of their own, must not
    # be imported in place of ours.
    package = Path(__file__).resolve().parents[1]
    if not sys.flags.safe_path and sys.path and Path(sys.path[0]).resolve() != package:
        del sys.path[0]
    from mockserver.cli.main import main

    main()
