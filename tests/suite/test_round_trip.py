"""The whole way on three foreign servers: check, learn, serve the profile, compare; no output holds a secret."""

from __future__ import annotations

import base64
import io
import json
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from contract_tests.engine.options import CheckOptions
from contract_tests.learning.learn import learn
from contract_tests.parity.parity import run as parity
from support.checking import check, options_for
from support.processes import serving as serving_mock
from support.standins.people import PERSONAL
from support.standins.running import STANDINS, Standin, serving


def set_environment(target: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in target.env.items():
        monkeypatch.setenv(name, value)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", STANDINS)
def test_a_server_is_checked_and_learned_and_a_mock_of_its_profile_does_not_differ(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "profile.toml"
    out = io.StringIO()
    with serving(name) as target:
        set_environment(target, monkeypatch)
        checked, output = check(target)
        learned = learn(options_for(target, budget=8), profile, out, out)
        with serving_mock("--profile", str(profile), "--delay", "150ms", cwd=tmp_path) as mock:
            differs = parity(target.url, mock.api, CheckOptions(poll_timeout=5.0), out)

    assert checked == 0, output
    assert learned == 0, out.getvalue()
    assert differs == 0, out.getvalue()
    assert "uncovered" not in profile.read_text(encoding="utf-8")


def spellings(secret: str) -> set[bytes]:
    """The secret as files of all formats would hold it."""
    raw = secret.encode()
    coded = {base64.b64encode(bytes(n) + raw)[-(-n * 8 // 6) : (n + len(raw)) * 8 // 6] for n in range(3)}
    plain = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], escape(secret)}
    return {text.encode() for text in plain} | coded | {c.translate(bytes.maketrans(b"+/", b"-_")) for c in coded}


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("name", "breakage"),
    [
        *((name, None) for name in STANDINS if name != "courier"),
        ("courier", "id as text"),
        ("courier", None),
        ("bureau", "no answer to an odd id"),
    ],
)
def test_no_output_of_any_run_holds_a_credential_or_a_value_of_the_target(
    name: str, breakage: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {kind: tmp_path / f"report.{kind}" for kind in ("junit", "html", "json", "summary")}
    out = io.StringIO()
    with serving(name, breakage=breakage) as target:
        set_environment(target, monkeypatch)
        _, output = check(target, **files, history=tmp_path / "history", ledger=tmp_path / "ledger", poll_timeout=1.0)
        learn(options_for(target, budget=8, poll_timeout=1.0), tmp_path / "profile.toml", out, out)
        parity(target.url, target.url, CheckOptions(poll_timeout=1.0, reports={"json": tmp_path / "parity"}), out)
        secrets = [*target.env.values(), *PERSONAL]
    outputs = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    outputs |= {"check": output.encode(), "learn and parity": out.getvalue().encode()}

    assert {*(f"report.{kind}" for kind in files), "history", "ledger", "profile.toml", "parity"} <= set(outputs)
    for secret in secrets:
        if len(secret) >= 6:
            for where, content in outputs.items():
                assert not any(spelled in content for spelled in spellings(secret)), where
