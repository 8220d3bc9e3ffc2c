"""The names and addresses by which a client can call a service."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from meshcompile.resolve.endpoints.addresses import addressing
from meshcompile.resolve.routes.domains import host_with_port, service_domains
from meshcompile.snapshot.service import Registry, Resolution, Service
from tests.meshes import sidecar

DOMAIN = "shop.svc.cluster.local"


def service(host: str, **fields: object) -> Service:
    made = Service(host, "shop", host, Registry.EXTERNAL, Resolution.CLIENT_SIDE_LB, (), frozenset("*"), address="")
    return structs.replace(made, **fields)


@pytest.mark.parametrize(
    ("host", "domain", "short"),
    [
        ("foo.local.campus.net", "local.campus.net", ["foo"]),
        ("foo.local.campus.net", "remote.campus.net", ["foo.local", "foo.local.campus"]),
        ("foo.local.campus.net", "example.com", []),
        ("web.shop.svc.cluster.local", "shop.svc.cluster.local", ["web", "web.shop.svc", "web.shop"]),
        ("web.shop.svc.cluster.local", "team.svc.cluster.local", ["web.shop", "web.shop.svc"]),
        ("web.shop.svc.other.domain", "shop.svc.cluster.local", []),
        ("web.svc.cluster.local", "shop.svc.cluster.local", []),
        ("google.local", "shop.svc.custom.k8s.local", []),
        ("a.example.my", "shop.svc.my.long.suffix", []),
    ],
)
def test_short_forms(host: str, domain: str, short: list[str]) -> None:
    """Clients can omit the part of a host that equals their own domain and, for Services, the cluster domain."""
    domains, variants = service_domains(service(host), host, None, domain, addressing(sidecar()))
    assert list(domains) == [host, f"{host}.", *short]
    assert variants == {f"{host}.", *short}


@pytest.mark.parametrize(("host", "domain"), [("1.2.3.4", "1.2.3.4"), ("2406::1", "[2406::1]")])
def test_an_address_has_no_other_names(host: str, domain: str) -> None:
    """A host that is an address is its own domain, in brackets for IPv6."""
    assert service_domains(service(host), host, None, DOMAIN, addressing(sidecar()))[0] == (domain,)


def test_pods_of_headless_services_have_names_below() -> None:
    """Every name of a headless Kubernetes Service also covers the names of its pods."""
    headless = service("db.team.svc.cluster.local", registry=Registry.KUBERNETES, resolution=Resolution.PASSTHROUGH)
    names = ["db.team.svc.cluster.local", "db.team.svc.cluster.local.", "db.team", "db.team.svc"]
    domains, _ = service_domains(headless, headless.hostname, None, DOMAIN, addressing(sidecar()))
    assert list(domains) == names + [f"*.{name}" for name in names]


def test_addresses_of_the_proxys_cluster_and_family() -> None:
    """Only addresses of a service that the proxy can reach are used."""
    known = service(
        "web.com", address="1.2.3.4", addresses={"Kubernetes": ("1.2.3.4", "1.2.3.5", "2001::1"), "b": ("4.3.2.1",)}
    )
    assert service_domains(known, "web.com", None, DOMAIN, addressing(sidecar()))[0][2:] == ("1.2.3.4", "1.2.3.5")
    assert service_domains(known, "web.com", None, DOMAIN, addressing(replace(sidecar(), ip_addresses=("2001::2",))))[
        0
    ][2:] == ("[2001::1]",)


def test_aliases_are_names_of_the_service() -> None:
    """The names of ExternalName Services are added to the service's own, in all their forms."""
    aliased = service("web.com", aliases=(("front.team.svc.cluster.local", "team"),))
    assert service_domains(aliased, "web.com", None, DOMAIN, addressing(sidecar()))[0] == (
        "web.com",
        "web.com.",
        "front.team.svc.cluster.local",
        "front.team.svc.cluster.local.",
        "front.team",
        "front.team.svc",
    )


def test_names_with_ports_where_ports_matter() -> None:
    """For the generic HTTP proxy, every name also has a variant with the port."""
    assert service_domains(service("web.com"), "web.com", 80, DOMAIN, addressing(sidecar()))[0] == (
        "web.com",
        "web.com:80",
        "web.com.",
        "web.com.:80",
    )
    assert host_with_port("::1", 80) == "[::1]:80"
