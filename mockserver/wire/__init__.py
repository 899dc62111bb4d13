"""The server of `serve`: sockets, HTTP/1.1 and delivery, in front of the gateway and the Flask app."""

from mockserver.wire.errors import WireError
from mockserver.wire.limits import Limits
from mockserver.wire.running import run, running, serving
from mockserver.wire.server import Answering, Server
from mockserver.wire.threads import LoopGuard

__all__ = ["Answering", "Limits", "LoopGuard", "Server", "WireError", "run", "running", "serving"]
