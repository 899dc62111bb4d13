"""An nginx of a test's own, which balances the load on some mocks."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

# A call that reached one mock must not be sent to another: it may have been charged.
_CONF = """
daemon off; master_process off; pid {directory}/pid; error_log {directory}/log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  upstream mocks {{ {servers} keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://mocks;
      proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_next_upstream off;
      add_header X-Answered-By $upstream_addr always;
    }}
  }}
}}
"""


@contextmanager
def nginx(ports: Sequence[int]) -> Iterator[str]:
    """The URL of the balancer in front of mocks on these ports of 127.0.0.1, while the context lasts."""
    with TemporaryDirectory() as name, socket.socket() as free:
        directory = Path(name)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        servers = " ".join(f"server 127.0.0.1:{one} max_fails=0;" for one in ports)
        (directory / "conf").write_text(_CONF.format(directory=directory, servers=servers, port=port))
        process = subprocess.Popen(["nginx", "-c", directory / "conf", "-e", directory / "log"])
        try:
            end = time.monotonic() + 10
            while not _listens(port):
                assert process.poll() is None, (directory / "log").read_text()
                assert time.monotonic() < end
                time.sleep(0.005)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
