"""Certificates made on the spot, for `serve --tls`: a CA that nobody but the tests trusts, and what it vouches for.

The command `openssl` makes them: it is on nearly every machine where tests run, and a library for it would be the
largest that this package needs. The CA's key is gone before the server starts, so that its certificate, where somebody
leaves it trusted, vouches for nothing new.
"""

from __future__ import annotations

import ipaddress
import secrets
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mockserver.core.errors import Problem, Refusal
from mockserver.wire.failures import WireError
from mockserver.wire.own_directory import own_directory

NAMES = ("localhost", "127.0.0.1", "::1", "i-find.pro")
"""What every certificate is for: this machine, and the host that the mock stands for."""
_DAYS = 90
_CONFIG = """
[req]
distinguished_name = subject
prompt = no
string_mask = utf8only
[subject]
CN = ifind-mock
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256")


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a server needs for TLS, and a client to trust it."""

    context: ssl.SSLContext
    authority: Path
    """The absolute path of the CA's certificate, in PEM."""


@contextmanager
def certificates(names: Iterable[str], authority: str | None = None) -> Iterator[Certificates]:
    """A server's certificate for NAMES and these names and addresses, by a CA of its own, both new.

    The CA's certificate is written to the file `authority` and stays there, or to a temporary one, which goes with the
    context. No key is in a file any more by then. Raises Refusal where the file can't be written, WireError where
    openssl is missing or fails.
    """
    with own_directory("tls") as kept:
        made = kept / "ca.pem"
        with own_directory("keys") as private:
            context = _made(private, made, list(dict.fromkeys((*NAMES, *names))))
        yield Certificates(context, _written(made, authority).absolute())


def _made(private: Path, authority: Path, names: list[str]) -> ssl.SSLContext:
    config, request, server = private / "openssl.cnf", private / "server.csr", private / "server.pem"
    keys = private / "ca.key", private / "server.key"
    config.write_text(_CONFIG.format(names=", ".join(map(_alternative, names))), encoding="ascii")
    # A name of its own, so that the certificates of two mocks can stand in one file.
    name = f"/CN=ifind-mock CA {secrets.token_hex(4)}"
    new, days = ("req", "-config", config, *_KEY), ("-days", str(_DAYS))
    by, serial = ("-CA", authority, "-CAkey", keys[0]), ("-set_serial", str(secrets.randbits(63)))
    _openssl(*new, "-x509", "-extensions", "authority", "-subj", name, *days, "-keyout", keys[0], "-out", authority)
    _openssl(*new, "-new", "-keyout", keys[1], "-out", request)
    extensions = ("-extfile", config, "-extensions", "server")
    _openssl("x509", "-req", "-in", request, *by, *serial, *days, "-sha256", *extensions, "-out", server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(server, keys[1])
    return context


def _openssl(*arguments: str | Path) -> None:
    command = ["openssl", *arguments]
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)  # noqa: S603 - no shell, and no argument of a client
    except FileNotFoundError:
        remedy = "install it, or put a TLS proxy in front of the mock"
        raise WireError(f"--tls: the command openssl is not installed; {remedy}") from None
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip().splitlines()
        raise WireError(f"--tls: openssl {arguments[0]} failed: {said[-1] if said else error}") from None


def _alternative(name: str) -> str:
    """The name as `subjectAltName` has it."""
    try:
        return f"IP:{ipaddress.ip_address(name.partition('%')[0])}"
    except ValueError:
        return f"DNS:{name.encode('idna').decode('ascii')}"


def _written(made: Path, authority: str | None) -> Path:
    if authority is None:
        return made
    path = Path(authority)
    try:
        path.write_bytes(made.read_bytes())
    except OSError as error:
        raise Refusal(Problem(authority, f"can't be written: {error.strerror}", "name another file")) from None
    return path
