"""What is generated is up to date."""

from pathlib import Path

import pytest

from support import generate


def test_everything_generated_is_up_to_date() -> None:
    assert generate.stale() == [], "run: make generate"


def test_a_file_that_is_changed_missing_or_a_stray_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("right", "changed", "stray"):
        (tmp_path / name).write_text(name)
    made = {tmp_path / name: name.upper().encode() if name == "changed" else name.encode() for name in NAMES}
    monkeypatch.setattr(generate, "files", lambda: made)
    monkeypatch.setattr(generate, "ROOT", tmp_path.parent)

    assert generate.stale() == [f"{tmp_path.name}/{name}" for name in ("changed", "missing", "stray")]


NAMES = ("right", "changed", "missing")
