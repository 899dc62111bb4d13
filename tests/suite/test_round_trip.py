"""The whole way on three strangers: checked, learnt, played by a mock and held to it, without a word too much."""

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
from support.standins.breakages import BREAKAGES
from support.standins.people import PERSONAL
from support.standins.running import STANDINS, Standin, serving


def set_environment(target: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in target.env.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", STANDINS)
def test_a_stranger_is_checked_learnt_and_played_so_that_nothing_differs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "profile.toml"
    out = io.StringIO()
    with serving(name) as target:
        set_environment(target, monkeypatch)
        checked, told = check(target)
        learnt = learn(options_for(target, budget=8), profile, out, out)
        with serving_mock("--profile", str(profile), "--delay", "150ms", cwd=tmp_path) as mock:
            alike = parity(target.url, mock.api, CheckOptions(poll_timeout=5.0), out)

    assert checked == 0, told
    assert learnt == 0, out.getvalue()
    assert alike == 0, out.getvalue()
    assert "uncovered" not in profile.read_text(encoding="utf-8")


def spellings(secret: str) -> set[bytes]:
    """The secret as files of all kinds would hold it, by means of their own."""
    raw = secret.encode()
    coded = {base64.b64encode(bytes(n) + raw)[-(-n * 8 // 6) : (n + len(raw)) * 8 // 6] for n in range(3)}
    plain = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], escape(secret)}
    return {text.encode() for text in plain} | coded | {c.translate(bytes.maketrans(b"+/", b"-_")) for c in coded}


@pytest.mark.parametrize("name", STANDINS)
@pytest.mark.parametrize("breakage", ["none", "first", "last"])
def test_no_output_of_any_run_holds_a_credential_or_a_value_of_the_target(
    name: str, breakage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = list(BREAKAGES)
    chosen = {"none": None, "first": titles[0], "last": titles[-1]}[breakage]
    files = {kind: tmp_path / f"report.{kind}" for kind in ("junit", "html", "json", "summary")}
    out = io.StringIO()
    with serving(name, breakage=chosen) as target:
        set_environment(target, monkeypatch)
        _, told = check(target, **files, history=tmp_path / "history", ledger=tmp_path / "ledger", poll_timeout=1.0)
        learn(options_for(target, budget=8, poll_timeout=1.0), tmp_path / "profile.toml", out, out)
        parity(target.url, target.url, CheckOptions(poll_timeout=1.0, json=tmp_path / "parity"), out)
        secrets = [*target.env.values(), *PERSONAL]
    outputs = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    outputs |= {"check": told.encode(), "learn and parity": out.getvalue().encode()}

    assert {*(f"report.{kind}" for kind in files), "history", "ledger", "profile.toml", "parity"} <= set(outputs)
    for secret in secrets:
        if len(secret) >= 6:
            for where, content in outputs.items():
                assert not any(spelled in content for spelled in spellings(secret)), where
