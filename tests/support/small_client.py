"""A small client of the API as people write one: it retries what failed, polls until a task has ended, keeps a log."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode


class Failed(Exception):
    """A call without an answer that can be read; says why, and after how many seconds the server wants to be asked."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass
class SmallClient:
    """An account's client. Each entry of its log is a call and what came of it."""

    address: tuple[str, int]
    login: str
    token: str = "test-token"
    attempts: int = 8
    sleep: Callable[[float], object] = lambda _: None  # what it waits with
    log: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """The answer, after as many attempts as it takes. Raises Failed after the last."""
        for attempt in count(1):
            try:
                answer = self._once(method, params)
            except Failed as failed:
                self.log.append(f"{method}: {failed}")
                if attempt == self.attempts:
                    raise
                self.waits.append(failed.wait or 0.5 * attempt)
                self.sleep(self.waits[-1])
            else:
                code = answer.get("error_code")
                self.log.append(f"{method}: {answer['status']}{f' {code}' if code else ''}")
                return answer
        raise AssertionError("count ends")

    def _once(self, method: str, params: dict[str, object]) -> dict[str, Any]:
        connection = http.client.HTTPConnection(*self.address, timeout=5)
        try:
            query = urlencode({"login": self.login, "token": self.token, **params})
            connection.request("GET", f"/api/{method}?{query}")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(type(error).__name__) from None
        finally:
            connection.close()
        if response.status >= 429:
            after = response.headers.get("Retry-After")
            raise Failed(f"HTTP {response.status}", float(after) if after else None)
        try:
            answer = json.loads(body)
        except ValueError:
            raise Failed(f"no JSON in {response.headers.get_content_type()}") from None
        return dict(answer)

    def create(self, phone: str = "70000000001") -> int | None:
        """The id of a new task; None where it is refused."""
        answer = self.call("create", phone=phone, source=2)
        return answer.get("id")

    def polls(self, task: int) -> Iterator[dict[str, Any]]:
        """The answers up to the one with which the task has ended."""
        while (answer := self.call("result", id=task))["status"] == "processing":
            yield answer
        yield answer
