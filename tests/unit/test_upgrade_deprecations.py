"""What upgrades report as deprecated."""

from __future__ import annotations

from typing import Any

import pytest

import meshcompile
from meshcompile.upgrades.deprecated_apis import FIELDS, VALUES, VERSIONS

NAMES = {"namespace": "shop", "name": "old"}


def rule(**policy: Any) -> dict[str, Any]:
    spec = {"host": "cart.shop.svc.cluster.local", "trafficPolicy": policy}
    return {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": NAMES, "spec": spec}


def virtual_service(**http: Any) -> dict[str, Any]:
    route = [{"destination": {"host": "cart"}}]
    spec = {"hosts": ["cart"], "http": [{"route": route, **http}]}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": NAMES, "spec": spec}


EGRESS_PROXY = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Sidecar",
    "metadata": NAMES,
    "spec": {
        "outboundTrafficPolicy": {
            "mode": "ALLOW_ANY",
            "egressProxy": {"host": "egress.shop.svc.cluster.local", "port": {"number": 80}},
        },
    },
}
BOOTSTRAP = {
    "apiVersion": "networking.istio.io/v1alpha3",
    "kind": "EnvoyFilter",
    "metadata": NAMES,
    "spec": {"configPatches": [{"applyTo": "BOOTSTRAP", "patch": {"operation": "MERGE", "value": {}}}]},
}
PROXY_IMAGE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {**NAMES, "annotations": {"sidecar.istio.io/discoveryAddress": "istiod:15012"}},
    "spec": {"containers": [{"name": "app", "image": "app"}]},
}
DELAY = {"delay": {"percent": 5, "fixedDelay": "1s"}}
OBJECTS: dict[str, Any] = {
    "allowOrigin": virtual_service(corsPolicy={"allowOrigin": ["*"]}),
    "mirrorPercent": virtual_service(mirror={"host": "cart"}, mirrorPercent=5),
    "percent": virtual_service(fault=DELAY),
    "warmupDurationSecs": rule(loadBalancer={"simple": "ROUND_ROBIN", "warmupDurationSecs": "30s"}),
    "simple": rule(loadBalancer={"simple": "LEAST_CONN"}),
    "minimumRingSize": rule(loadBalancer={"consistentHash": {"useSourceIp": True, "minimumRingSize": 9}}),
    "consecutiveErrors": rule(outlierDetection={"consecutiveErrors": 5}),
    "outboundTrafficPolicy.egressProxy": EGRESS_PROXY,
    "applyTo": BOOTSTRAP,
    "discoveryAddress": PROXY_IMAGE,
}


@pytest.mark.parametrize("field", OBJECTS)
def test_deprecated_fields_of_objects(field: str) -> None:
    """Each deprecated field, value and annotation is reported at its place."""
    found = meshcompile.upgrade(meshcompile.load(OBJECTS[field]), to="1.31").deprecated
    assert [each for each in found if field in each.field or field in each.message], found


MESH_CONFIG: dict[str, Any] = {
    "certificates": [{"secretName": "a", "dnsNames": ["b"]}],
    "verifyCertificateAtClient": True,
    "defaultConfig": {
        "discoveryRefreshDelay": "1s",
        "zipkinAddress": "zipkin:9411",
        "envoyMetricsServiceAddress": "metrics:1",
        "availabilityZone": "a",
        "sds": {"enabled": True},
        "extraStatTags": ["tag"],
    },
    "extensionProviders": [
        {"name": "a", "lightstep": {"service": "a.b", "port": 1, "accessToken": "c"}},
        {"name": "b", "opencensus": {"service": "a.b", "port": 1}},
        {"name": "c", "envoyExtAuthzHttp": {"service": "a.b", "port": 1, "includeHeadersInCheck": ["x"]}},
        {
            "name": "d",
            "stackdriver": {
                "debug": True,
                "maxNumberOfAttributes": 1,
                "maxNumberOfAnnotations": 1,
                "maxNumberOfMessageEvents": 1,
            },
        },
    ],
}


def test_deprecated_fields_of_the_mesh_config() -> None:
    """Each deprecated field of the mesh config is reported once."""
    found = meshcompile.upgrade(meshcompile.load([], mesh_config=MESH_CONFIG), to="1.31").deprecated
    models = ("MeshConfig", "ProxyConfig", "ExtensionProvider", "Stackdriver", "EnvoyExternalAuthorization")
    fields = [field for model, fields in FIELDS.items() if model.__name__.startswith(models) for field in fields]
    assert len(found) == len(fields) > 10
    assert {each.code for each in found} == {"MC0146"}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda each: f"{each.kind}-{each.api_version[-8:]}")
def test_deprecated_versions(version: Any) -> None:
    """A version of a kind is reported from the release on whose CRDs deprecate it."""
    spec: dict[str, Any] = {"rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}
    if version.kind == "BackendTLSPolicy":
        target = {"group": "", "kind": "Service", "name": "cart"}
        spec = {"targetRefs": [target], "validation": {"hostname": "cart", "wellKnownCACertificates": "System"}}
    if version.kind == "TLSRoute":
        spec["hostnames"] = ["cart.example"]
    each = {"apiVersion": version.api_version, "kind": version.kind, "metadata": NAMES, "spec": spec}
    for before, after in (("1.29", "1.30"), ("1.30", "1.31")):
        upgrade = meshcompile.upgrade(meshcompile.load([each], release=before), to=after)
        reported = [one.field for one in upgrade.deprecated]
        assert reported == (["apiVersion"] if version.since <= after else []), after


def test_every_deprecated_value_has_an_example() -> None:
    """The values of this module have a test each."""
    assert {field for field, _, _ in VALUES.values()} == {"simple", "apply_to"}


def test_what_is_deprecated_alone_changes_nothing() -> None:
    """A deprecation is no change: the report stays empty."""
    kept = {"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": False}
    found = meshcompile.upgrade(meshcompile.load(OBJECTS["allowOrigin"]), to="1.31", features=kept)
    assert found.is_empty
    assert found.deprecated
