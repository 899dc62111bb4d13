from __future__ import annotations

import os
import secrets as randomness
from pathlib import Path

from contract_tests.redact.secrets import Secrets


class LeakError(Exception):
    """A file would have held a secret, so it was not written. path is the file, what the kind of the secret."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} was not written: it would hold {what}. This is an error of the kit; please report it")
        self.path = path
        self.what = what


def write(path: Path, content: bytes, secrets: Secrets) -> None:
    """Writes a file whole or not at all, readable as the user's umask has it, since reports are made to be shared.

    Raises LeakError, and OSError where it can't be written; in both cases a file that is there is left as it is.
    """
    if what := secrets.found_in(content):
        raise LeakError(path, what)
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        target.write_bytes(content)  # a terminal or a pipe, such as /dev/stdout, which nothing may take the place of
        return
    draft = target.with_name(f".{target.name[:100]}.{randomness.token_hex(4)}.tmp")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
