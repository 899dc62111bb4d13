"""A client like those in public code of the API runs unchanged: it sleeps, polls once and ignores the status."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path

from support.processes import serving

FIELDS = ("title", "price", "time", "phone", "name", "description", "location", "source", "category", "url")


def look_up(api: str, login: str, token: str, phone: str) -> list[str]:
    """What such a client does: no check anywhere."""
    created = urllib.request.urlopen(f"{api}/create?login={login}&token={token}&phone={phone}&source=2", timeout=10)
    number = json.loads(created.read())["id"]
    time.sleep(3)  # the client's own, and the reason for the default delay
    url = f"{api}/result?login={login}&token={token}&id={number}&format=json"
    found = json.loads(urllib.request.urlopen(url, timeout=10).read())
    return [" | ".join(str(row[field]) for field in FIELDS) for row in found["data"]]


def test_a_client_that_sleeps_three_seconds_and_asks_once_gets_its_rows(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as mock:
        rows = look_up(mock.api, "demo@example.com", "demo-token", "70001234567")

    assert rows
    assert all("70001234567" in row for row in rows)
