"""The settings of the wire server's limits: a table of the file, and single ones by option and variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.core.errors import Refusal
from mockserver.settings.limits import LIMITS, Limits
from mockserver.settings.loading import load


def test_each_layer_changes_the_limits_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "mock.toml"
    file.write_text('[limits]\nconnections = 10\nidle_time = "1m"\nqueued = 5000\n', encoding="utf-8")
    variables = {"IFIND_MOCK_LIMITS": "connections=20,pipelined=3"}
    settings = load({"config": str(file), "limits": ("connections=30", "unread-time=250ms")}, variables)

    assert settings.limits == Limits(connections=30, idle_time=60.0, queued=5000, pipelined=3, unread_time=0.25)
    assert settings.values["limits"]["connections"] == 30
    assert load().limits == Limits()


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_has_a_help_and_takes_its_default_as_it_is_shown(name: str) -> None:
    field = LIMITS[name]

    assert field.help.endswith(".")
    assert load({"limits": (f"{name}={field.example}",)}).limits == Limits()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conections=5", "--limit: 'conections' is not a limit; did you mean 'connections'?"),
        ("body=5", "--limit: 'body' is not a limit; allowed: connections, "),
        ("connections", "--limit: 'connections' is not a limit; write it as NAME=VALUE, such as connections=100"),
        ("connections=0", "--limit.connections: 0 is not allowed; allowed: whole numbers from 1 to 100000"),
        ("connections=many", "--limit.connections: 'many' is not a whole number; write only digits"),
        (f"connections={'9' * 5000}", "is not a whole number; write only digits"),
        ("queued=10", "--limit.queued: 10 is not allowed; allowed: whole numbers from 1024 to"),
        ("idle_time=5", "--limit.idle_time: '5' is not a duration; write it as '2s'"),
        ("idle_time=0s", "--limit.idle_time: '0s' is not allowed; allowed: more than 0s, up to 24h"),
        ("idle_time=25h", "--limit.idle_time: '25h' is not allowed; allowed: more than 0s, up to 24h"),
    ],
)
def test_a_wrong_limit_is_refused_with_its_remedy(text: str, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        load({"limits": (text,)})
    assert message in str(caught.value)
    assert len(str(caught.value)) < 6000
