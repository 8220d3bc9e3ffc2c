"""Conversion of Ingress resources."""

from __future__ import annotations

import pytest

from meshcompile.models.kubernetes.ingress import HTTPIngressPath
from meshcompile.snapshot.ingress import path_match
from tests.meshes import SHOP, gateway, mesh, virtual_hosts

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop, annotations: {kubernetes.io/ingress.class: istio}}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}, {hosts: [other.example.com]}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
      - {path: /api, pathType: Prefix, backend: {service: {name: catalog, port: {number: 80}}}}
      - {path: /api, pathType: Exact, backend: {service: {name: web, port: {number: 8080}}}}
      - {path: /gone, pathType: Exact, backend: {service: {name: web, port: {name: nope}}}}
"""


def test_longest_path_first_and_exact_before_prefix() -> None:
    """The longest path of an Ingress comes first, and an exact path before a prefix of the same length."""
    hosts = virtual_hosts(mesh(SHOP, INGRESS), gateway(), "http.80")
    matches = [route["match"] for route in hosts["shop.example.com:80"]["routes"]]
    assert [(match.get("path"), match.get("pathSeparatedPrefix"), match.get("prefix")) for match in matches] == [
        ("/api", None, None),
        (None, "/api", None),
        (None, None, "/"),
    ]


def test_secret_opens_an_https_server() -> None:
    """An entry with a Secret is an HTTPS server. An entry without one, and other unsupported parts, are findings."""
    loaded = mesh(SHOP, INGRESS)
    (made,) = loaded.snapshot.gateways.all
    assert [(server.port.number, server.hosts) for server in made.spec.servers] == [
        (443, ("shop.example.com",)),
        (80, ("*",)),
    ]
    assert {(finding.slug, finding.field) for finding in loaded.snapshot.virtual_services.findings} == {
        ("ingress-tls-without-secret", "spec.tls[1]"),
        ("ingress-default-backend", "spec.defaultBackend"),
        ("ingress-backend-invalid", "spec.rules[0].http.paths[3].backend"),
    }


@pytest.mark.parametrize(
    ("path_type", "path", "kind", "text"),
    [
        ("Exact", "/a", "exact", "/a"),
        ("Prefix", "/a/", "prefix", "/a/"),
        ("ImplementationSpecific", "/a/*", "prefix", "/a"),
        ("ImplementationSpecific", "/a.*", "prefix", "/a"),
        (None, "/a", "exact", "/a"),
    ],
)
def test_path_types(path_type: str | None, path: str, kind: str, text: str) -> None:
    """Legacy wildcards are prefixes, and a path without a type is exact."""
    match = path_match(HTTPIngressPath(path=path, path_type=path_type))
    assert getattr(match, kind) == text


def test_wildcard_path_matches_everything() -> None:
    """A lone wildcard needs no match."""
    assert path_match(HTTPIngressPath(path="/*")) is None
