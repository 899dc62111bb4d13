"""The loopback: answers each request without a look at it. `python loopback.py PORT`.

A read holds one request, or with pipelining several, which are counted by their empty lines and answered in one write.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from benchmarks.ceilings.bare import ANSWER


class Loopback(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.left = b""

    def data_received(self, data: bytes) -> None:
        data = self.left + data
        head = b"\r\n\r\n"
        self.left = data[data.rfind(head) + len(head) :] if head in data else data
        self.transport.write(ANSWER * data.count(head))


async def serve(port: int) -> None:
    """Answers until the process ends."""
    server = await asyncio.get_running_loop().create_server(Loopback, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
