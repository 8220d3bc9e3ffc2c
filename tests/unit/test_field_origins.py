"""Origins of parts of messages: the fields that they come from."""

from __future__ import annotations

import pytest

from tests.meshes import SHOP, mesh, sidecar

RULES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - match: [{headers: {x-user: {exact: jason}}, queryParams: {q: {}}, method: {exact: GET}, uri: {prefix: /a}}]
    route: [{destination: {host: web}, headers: {request: {set: {x-a: b}}}}]
    retries: {attempts: 3}
    rewrite: {authority: c}
    mirror: {host: catalog}
    fault: {delay: {fixedDelay: 1s, percentage: {value: 5}}}
    corsPolicy: {allowMethods: [GET]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 7}
    connectionPool: {tcp: {maxConnections: 3}}
    tls: {mode: SIMPLE}
"""


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("/match", "spec.http[0].match[0].uri"),
        ("/match/headers/0", "spec.http[0].match[0].headers.x-user"),
        ("/match/headers/1", "spec.http[0].match[0].method"),
        ("/match/queryParameters/0", "spec.http[0].match[0].queryParams.q"),
        ("/requestHeadersToAdd/0", "spec.http[0].route[0].headers.request"),
        ("/route", "spec.http[0].route[0]"),
        ("/route/retryPolicy", "spec.http[0].retries"),
        ("/route/requestMirrorPolicies/0", "spec.http[0].mirror"),
        ("/typedPerFilterConfig/envoy.filters.http.cors", "spec.http[0].corsPolicy"),
        ("/typedPerFilterConfig/envoy.filters.http.fault/delay", "spec.http[0].fault.delay"),
        ("/typedPerFilterConfig/envoy.filters.http.fault/delay/percentage", "spec.http[0].fault.delay.percentage"),
    ],
)
def test_parts_of_routes(part: str, field: str) -> None:
    """The parts of a route name first the field that set them."""
    sources = mesh(SHOP, RULES).compile(sidecar()).source_map()
    route = next(pointer for pointer in sources if pointer.endswith("/match/headers/0"))
    assert sources[route.removesuffix("/match/headers/0") + part][0].field == field


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("/outlierDetection", "spec.trafficPolicy.outlierDetection"),
        ("/circuitBreakers", "spec.trafficPolicy.connectionPool.tcp"),
        ("/transportSocket/typedConfig", "spec.trafficPolicy.tls"),
    ],
)
def test_parts_of_clusters(part: str, field: str) -> None:
    """The parts of a cluster name the DestinationRule setting that they come from."""
    sources = mesh(SHOP, RULES).compile(sidecar()).source_map()
    found = {origins[0].field for pointer, origins in sources.items() if pointer.endswith(part)}
    assert found == {field}


def test_equal_settings_keep_their_places() -> None:
    """Equal settings of two ports each have their own origin."""
    ports = """
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: web, namespace: shop}
    spec:
      host: web
      trafficPolicy:
        portLevelSettings:
        - port: {number: 80}
          connectionPool: {tcp: {maxConnections: 3}}
        - port: {number: 8080}
          connectionPool: {tcp: {maxConnections: 3}}
    """
    sources = mesh(SHOP, ports).compile(sidecar()).source_map()
    found = [origins[0].field for pointer, origins in sources.items() if pointer.endswith("/circuitBreakers")]
    assert sorted(found) == [f"spec.trafficPolicy.portLevelSettings[{index}].connectionPool.tcp" for index in (0, 1)]


def test_what_nobody_wrote_has_no_place() -> None:
    """The path of a rule without a match, and Istio's default retries, have no origin."""
    rule = """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: web, namespace: shop}
    spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
    """
    sources = mesh(SHOP, rule).compile(sidecar()).source_map()
    assert not [pointer for pointer in sources if pointer.endswith(("/match", "/retryPolicy"))]
