"""Whether the mock of the same variables and settings file answers, for a container that runs `serve`:
`python -m mockserver.cli.health_check` ends with 0, or with 1 and the reason.
"""

from __future__ import annotations

import os
import ssl
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from mockserver.api.http import callable_host
from mockserver.core.errors import IfindMockError
from mockserver.settings.loading import load

_PATIENCE = 2.0  # seconds


def main() -> str | None:
    """Why it is not healthy; None where it is."""
    try:
        settings = load(environ=os.environ)
        host, port = callable_host(settings.host), settings.port
        if settings.tls:
            _ask(HTTPSConnection(host, port, timeout=_PATIENCE, context=_any()))
        else:
            _ask(HTTPConnection(host, port, timeout=_PATIENCE))
    except (IfindMockError, OSError, HTTPException) as error:
        return f"ifind-mock: {error}"
    return None


def _ask(connection: HTTPConnection) -> None:
    """Asks it directly, whatever proxies the environment names."""
    connection.request("GET", "/_mock/health")
    if (status := connection.getresponse().status) != HTTPStatus.OK:
        raise HTTPException(f"{connection.host}:{connection.port} answers {status} to GET /_mock/health")


def _any() -> ssl.SSLContext:
    """Takes any certificate: the CA is made at each start, and nothing secret is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if __name__ == "__main__":
    sys.exit(main())
