"""Makes `pytest contract_tests --target URL` the suite, options included; elsewhere none of them exists."""

pytest_plugins = ["contract_tests.session.plugin"]
