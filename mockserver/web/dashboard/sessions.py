"""Who has signed in: sessions of browsers, kept in the store, so that all processes of a mock know them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any

from mockserver.api.mock import Mock
from mockserver.core.messages import SECOND, Micros
from mockserver.web.route import Guard

MOST = 32
"""Sessions at a time; one more ends the oldest."""
LASTS: Micros = 12 * 3600 * SECOND
"""Real time after which a session ends by itself."""
_NAME = "dashboard-sessions"


class Sessions:
    """The sessions of one mock. Of each the store has a digest, from which nobody can make a cookie; token is the admin
    token by which they begin, and another one knows none of them.

    The methods may raise StoreError.
    """

    def __init__(self, mock: Mock, guard: Guard, token: str | None) -> None:
        self._mock = mock
        self._guard = guard
        self._token = (token or "").encode()

    def begin(self) -> str:
        """A new session: a text that only its browser knows."""
        session = secrets.token_urlsafe(32)
        self._change(lambda kept, now: {**kept, self._digest(session): now + LASTS})
        return session

    def knows_any(self, sessions: Sequence[str]) -> bool:
        """Whether one of the sessions has begun, and has not ended."""

        def look() -> bool:
            with self._mock.store.transaction():
                kept, now = self._kept(), self._mock.real.now()
            return any(now < kept.get(self._digest(one), 0) for one in sessions)

        return bool(self._guard(look))

    def end(self, session: str) -> None:
        """Ends the session."""
        self._change(lambda kept, _: {one: until for one, until in kept.items() if one != self._digest(session)})

    def _kept(self) -> dict[str, Micros]:
        """When each session ends, by its digest, in the order in which they have begun."""
        kept: dict[str, Micros] = json.loads(self._mock.store.values.get(_NAME) or "{}")
        return kept

    def _change(self, changed: Any) -> None:
        def work() -> None:
            store, now = self._mock.store, self._mock.real.now()
            with store.transaction(write=True):
                lasting = {one: until for one, until in changed(self._kept(), now).items() if until > now}
                store.values.put(_NAME, json.dumps(dict([*lasting.items()][-MOST:])) if lasting else None)

        self._guard(work)

    def _digest(self, session: str) -> str:
        return hmac.new(self._token, session.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
