"""The settings of a Pod's proxy: the mesh-wide ones, ProxyConfigs, and the Pod's annotation."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.resolve.scope.proxy_config import proxy_config
from tests.meshes import mesh, sidecar

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {%s}}
spec:
  containers:
  - {name: web, image: web}
  - {name: istio-proxy, image: proxy, env: [{name: ISTIO_META_OWN, value: container}]}
status: {phase: Running, podIP: 10.0.0.8}
"""


def config(name: str, namespace: str, spec: str) -> str:
    """A ProxyConfig."""
    return f"""
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{spec}}}
"""


def metadata(*texts: str, annotation: str = "", **mesh_config: Any) -> dict[str, Any]:
    """The node metadata of the Pod's proxy."""
    annotations = f"proxy.istio.io/config: '{annotation}'" if annotation else ""
    (proxy,) = mesh(POD % annotations, *texts, **mesh_config).proxies()
    return dict(proxy.metadata)


def reported(*texts: str, **arguments: Any) -> dict[str, Any]:
    """The reported settings that differ from Istio's defaults."""
    found: dict[str, Any] = metadata(*texts, **arguments).get("PROXY_CONFIG", {})
    return {key: found[key] for key in ("concurrency", "proxyMetadata", "tracing") if key in found}


def test_nothing_is_reported_of_defaults() -> None:
    """A proxy with the mesh-wide settings reports none of its own."""
    assert "PROXY_CONFIG" not in metadata()


def test_precedence() -> None:
    """Later sources override earlier ones: the mesh, the root namespace, the namespace, the Pod."""
    root = config("root", "istio-system", "concurrency: 1, environmentVariables: {A: root, B: root, C: root}")
    wide = config("wide", "shop", "environmentVariables: {B: wide, C: wide, D: wide}")
    chosen = config("chosen", "shop", "selector: {matchLabels: {app: web}}, environmentVariables: {C: chosen}")
    other = config("another", "shop", "selector: {matchLabels: {app: other}}, concurrency: 9")
    assert reported(root, wide, chosen, other, annotation="proxyMetadata: {C: noted, D: noted}") == {
        "concurrency": 1,
        "proxyMetadata": {"A": "root", "B": "wide", "C": "chosen", "D": "noted"},
    }


def test_only_the_oldest_counts() -> None:
    """Of several ProxyConfigs for a namespace, or for a Pod, one applies."""
    texts = (config("a", "shop", "concurrency: 3"), config("b", "shop", "concurrency: 4"))
    assert reported(*texts) == {"concurrency": 3}


def test_annotation_replaces_messages_whole() -> None:
    """A message in the annotation replaces the mesh-wide one, and unknown fields are ignored."""
    asked = {"defaultConfig": {"tracing": {"sampling": 3, "maxPathTagLength": 9}}}
    assert reported(annotation="{tracing: {sampling: 5}, unknown: 1}", **asked) == {"tracing": {"sampling": 5}}
    assert reported(annotation=": [") == {}
    assert reported(annotation="tracing: 7") == {}


def test_environment_becomes_metadata() -> None:
    """`ISTIO_META_...` settings are node metadata, and the container's own environment overrides them."""
    found = metadata(
        config("a", "shop", "environmentVariables: {ISTIO_META_HTTP10: '1', ISTIO_META_OWN: config, PLAIN: x}")
    )
    assert (found["HTTP10"], found["OWN"], "PLAIN" in found) == ("1", "container", False)


def test_interception_mode_and_mesh() -> None:
    """The settings determine traffic interception, and the mesh config the trust domain."""
    found = metadata(annotation="interceptionMode: TPROXY", trustDomain="example.org")
    assert (found["INTERCEPTION_MODE"], found["MESH_ID"]) == ("TPROXY", "example.org")


def test_what_a_proxy_reports_holds_as_a_whole() -> None:
    """Reported settings replace the mesh-wide ones. Unknown fields and invalid settings are ignored."""
    snapshot = mesh(defaultConfig={"tracing": {"sampling": 3}}).snapshot

    def sampling(**node: Any) -> float | None:
        tracing = proxy_config(snapshot.mesh, sidecar(**node)).tracing
        return None if tracing is None else tracing.sampling

    assert sampling() == 3
    assert sampling(PROXY_CONFIG={"concurrency": 1}) is None
    assert sampling(PROXY_CONFIG={"tracing": {"sampling": 7}, "new": {}}) == 7
    assert sampling(PROXY_CONFIG={"tracing": "x"}) == 3


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        ("", "web.shop"),
        ("tracingServiceName: CANONICAL_NAME_ONLY", "web"),
        ("tracingServiceName: CANONICAL_NAME_AND_NAMESPACE", "web.shop"),
        ("serviceCluster: own", "own"),
    ],
)
def test_service_cluster(annotation: str, name: str) -> None:
    """The service name in traces has the label and the namespace, unless the settings change it."""
    (proxy,) = mesh(POD % (f"proxy.istio.io/config: '{annotation}'" if annotation else "")).proxies()
    assert proxy.service_cluster == name


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        ("concurrency: 2", ""),
        ("unknown: 1", "is read except for one field"),
        (": [", "is ignored"),
        ("tracing: 7", "is ignored"),
    ],
)
def test_annotations_that_cannot_be_read(annotation: str, says: str) -> None:
    """An annotation that Istio ignores, in part or as a whole, is reported at the Pod."""
    found = mesh(POD % f"proxy.istio.io/config: '{annotation}'").analyze()
    assert [(finding.slug, finding.name, says in finding.message) for finding in found] == (
        [("invalid-proxy-settings", "web", True)] if says else []
    )


def test_shadowed_proxy_config() -> None:
    """Of two ProxyConfigs for a namespace, the younger is reported, with the position of the older."""
    texts = (config("a", "shop", "concurrency: 3"), config("b", "shop", "concurrency: 4"))
    (finding,) = mesh(*texts).analyze()
    assert (finding.slug, finding.name, finding.related[0].origin.document.name) == ("shadowed-proxy-config", "b", "a")
