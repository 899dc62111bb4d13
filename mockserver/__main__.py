"""`python -m mockserver` is the command `ifind-mock`."""

from mockserver.cli.main import main

if __name__ == "__main__":
    main()
