"""Variables of Kubernetes and Docker that only look like settings."""

from __future__ import annotations

import time

import pytest

from mockserver.core.errors import Refusal
from mockserver.settings.loading import load
from mockserver.settings.service_links import service_links


def kubernetes(service: str, ip: str, *ports: tuple[str, str, int]) -> dict[str, str]:
    """What a kubelet sets for a service: its ports are a name, a protocol and a number each."""
    prefix, host = service.upper().replace("-", "_"), f"[{ip}]" if ":" in ip else ip
    _, protocol, first = ports[0]
    variables = {
        f"{prefix}_SERVICE_HOST": ip,
        f"{prefix}_SERVICE_PORT": str(first),
        f"{prefix}_PORT": f"{protocol}://{host}:{first}",
    }
    for name, scheme, number in ports:
        if name:
            variables[f"{prefix}_SERVICE_PORT_{name.upper().replace('-', '_')}"] = str(number)
        stem = f"{prefix}_PORT_{number}_{scheme.upper()}"
        variables |= {
            stem: f"{scheme}://{host}:{number}",
            f"{stem}_PROTO": scheme,
            f"{stem}_PORT": str(number),
            f"{stem}_ADDR": ip,
        }
    return variables


def docker_link(alias: str, ip: str, first: int, last: int) -> dict[str, str]:
    """What `docker run --link web:ALIAS` sets for a range of ports."""
    prefix = alias.upper().replace("-", "_")
    stem = f"{prefix}_PORT_{first}_TCP"
    return {
        f"{prefix}_NAME": f"/caller/{alias}",
        f"{prefix}_PORT": f"tcp://{ip}:{first}",
        f"{stem}_START": f"tcp://{ip}:{first}",
        f"{stem}_END": f"tcp://{ip}:{last}",
        f"{stem}_PORT_START": str(first),
        f"{stem}_PORT_END": str(last),
        f"{stem}_ADDR": ip,
        f"{stem}_PROTO": "tcp",
        stem: f"tcp://{ip}:{first}",
        f"{stem}_PORT": str(first),
        f"{prefix}_ENV_PATH": "/usr/bin:/bin",
        f"{prefix}_ENV_IFIND_MOCK_DELAY": "two\nlines = 1",
        f"{prefix}_ENV_lower": "",
    }


LINKS = {
    "a service": kubernetes("ifind-mock", "10.96.0.7", ("", "tcp", 8080)),
    "named ports": kubernetes("ifind-mock", "10.96.0.7", ("http", "tcp", 80), ("web-2", "tcp", 8443)),
    "over UDP and SCTP": kubernetes("ifind-mock", "10.96.0.7", ("dns", "udp", 53), ("s", "sctp", 65535)),
    "over IPv6": kubernetes("ifind-mock", "fd00:10:96::a", ("", "tcp", 8080)),
    "a service whose name goes on": kubernetes("ifind-mock-api", "10.96.0.7", ("http", "tcp", 8080)),
    "a service that is named as a setting": kubernetes("ifind-mock-daily-limit", "10.96.0.7", ("", "tcp", 80)),
    "a docker link": docker_link("ifind-mock", "172.17.0.2", 8080, 8082),
    "a docker link whose name holds env": docker_link("ifind-mock-env-a", "172.17.0.2", 1, 2),
    "a docker link whose name goes on": docker_link("ifind-mock-2", "172.17.0.2", 1, 2),
}


@pytest.mark.parametrize("name", LINKS)
def test_the_links_of_services_are_no_settings(name: str) -> None:
    assert load({}, LINKS[name]).values == load().values


def test_settings_beside_links_count() -> None:
    links = {**LINKS["a service"], "IFIND_MOCK_SEED": "3", "IFIND_MOCK_HOST": "::1"}
    settings = load({"port": "9"}, links)

    assert (settings.seed, settings.host, settings.port) == (3, "::1", 9)


def test_what_a_link_copies_is_ignored_only_beside_the_name_of_that_link() -> None:
    other = {"IFIND_MOCK_WEB_NAME": "/caller/ifind-mock-web", "IFIND_MOCK_ENV_DELAY": "2s"}

    with pytest.raises(Refusal, match="IFIND_MOCK_ENV_DELAY"):
        load({}, other)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PROT", "80"),
        ("PROT", "tcp://10.96.0.7:80"),
        ("PORT", "80a"),
        ("PORT", "http://10.96.0.7:80"),
        ("PORT", "tcp://10.96.0.7"),
        ("PORT", "tcp://10.96.0.7:0"),
        ("PORT", "tcp://10.96.0.7:65536"),
        ("PORT", "tcp://10.96.0.7:80/"),
        ("PORT", "tcp://10.96.0.7:80\n"),
        ("PORT", "tcp://localhost:80"),
        ("PORT", "tcp://10.96.0.777:80"),
        ("PORT", " tcp://10.96.0.7:80"),
        ("SERVICE_HOST", "localhost"),
        ("SERVICE_HOST", ""),
        ("SERVICE_PORT", "80a"),
        ("SERVICE_PORT_HTTP", "http"),
        ("SERVICE_PORTS", "80"),
        ("PORT_8080_TCP", "tcp://10.96.0.7:80"),
        ("PORT_8080_TCP", "udp://10.96.0.7:8080"),
        ("PORT_8080_TCP", "8080"),
        ("PORT_8080_TCP_PORT", "80"),
        ("PORT_8080_TCP_PROTO", "udp"),
        ("PORT_8080_TCP_ADDR", "here"),
        ("PORT_8080_ICMP", "icmp://10.96.0.7:8080"),
        ("API_PORT", "8080"),
        ("API_SERVICE_HOST", "example.com"),
        ("NAME", "mock"),
        ("NAME", "/mock"),
        ("ENV", "test"),
        ("ENVIRONMENT", "test"),
        ("ENV_DELAY", "2s"),
        ("API_ENV_DELAY", "2s"),
        ("SEED_", "1"),
    ],
)
def test_a_slip_is_still_refused(variable: str, value: str) -> None:
    with pytest.raises(Refusal, match=f"IFIND_MOCK_{variable}"):
        load({}, {f"IFIND_MOCK_{variable}": value})


def test_long_names_are_read_in_no_time() -> None:
    """The bound: 1,000 characters. Ten of the longest that the system allows took ten seconds."""
    names = {f"{'ENV_' * 30_000}{number}": "1" for number in range(10)}
    began = time.thread_time()

    assert service_links(names) == set()
    assert time.thread_time() - began < 1
