"""The bare protocol: reads HTTP, takes the query apart, answers a fixed body. `python bare.py PORT`."""

from __future__ import annotations

import asyncio
import sys
from typing import cast
from urllib.parse import parse_qsl

import httptools
import uvloop

BODY = b'{"status":"ready","data":[' + b'"' + b"x" * 1372 + b'"]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Bare(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.query = dict(parse_qsl((httptools.parse_url(url).query or b"").decode("ascii")))

    def on_message_complete(self) -> None:
        self.transport.write(ANSWER)


async def serve(port: int) -> None:
    """Answers until the process ends."""
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
