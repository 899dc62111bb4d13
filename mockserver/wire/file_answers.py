"""Fast answers of a mock whose state is in a file, which another thread writes, and other processes, too."""

from __future__ import annotations

from mockserver.api.gateway import Gateway
from mockserver.core.errors import StoreError
from mockserver.stores.memory_journal import EntryKind, Kept
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.sqlite_reader import SqliteReader
from mockserver.stores.store import Made
from mockserver.wire.fast_answers import FastAnswer, FastAnswers, Run


class FileAnswers(FastAnswers):
    """Those to `result` and `info`, which write nothing but an entry of the journal. Where the file is in the middle of
    something, or in trouble, the call is left to the gateway.
    """

    def __init__(self, gateway: Gateway, store: SqliteStore) -> None:
        self._reader = SqliteReader(store)
        self._journal = store.journal
        self._tidies = False
        super().__init__(gateway, self._reader)

    def answer(self, data: bytes, peer: str) -> FastAnswer | None:
        """See FastAnswers."""
        try:
            return super().answer(data, peer)
        except (StoreError, OSError):  # nothing has been done
            return None

    def _begin(self) -> bool:
        return self._reader.begin()

    def _writing(self) -> dict[bytes, Run]:
        return {}

    def _keep(self, counted: Made, kept: Kept, body: bytes) -> None:
        kind: EntryKind = kept[1]
        entry = kind.entry((0, *kept)) if self._journal.size else None
        self._journal.add_at_once(counted, entry, body)
        if self._journal.is_long and not self._tidies:
            self._tidies = True
            self.apart(self._journal.tidy, self._tidied)

    def _tidied(self, _nothing: object) -> None:
        self._tidies = False
