"""Sharing between proxies is invisible: a used mesh gives a proxy the same configuration as a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.proxy import Proxy
from meshcompile.resolve.resolved import resolve
from meshcompile.snapshot.snapshot import Index, Snapshot
from tests.meshes import gateway, sidecar

CASES = sorted((Path(__file__).resolve().parents[1] / "golden").glob("*/input.yaml"))

SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432}, {name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.1.0.1}
---
apiVersion: v1
kind: Service
metadata: {name: near, namespace: shop, annotations: {networking.istio.io/traffic-distribution: PreferClose}}
spec: {clusterIP: 10.0.0.7, internalTrafficPolicy: Local, selector: {app: db}, ports: [{name: http, port: 8000}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild, namespace: shop}
spec: {hosts: ['*.api.example'], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DYNAMIC_DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: far, namespace: shop}
spec: {hosts: [far.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: for-b, namespace: shop}
spec:
  host: db.shop.svc.cluster.local
  workloadSelector: {matchLabels: {version: b}}
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, outlierDetection: {}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: far, namespace: shop}
spec:
  hosts: [far.example]
  http:
  - {match: [{sourceLabels: {version: a}}], rewrite: {uri: /a}, route: [{destination: {host: far.example}}]}
  - route: [{destination: {host: far.example}}]
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: for-a, namespace: shop}
spec: {selector: {matchLabels: {version: a}}, accessLogging: [{providers: [{name: envoy}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: for-a, namespace: shop}
spec: {selector: {matchLabels: {version: a}}, rules: [{to: [{operation: {methods: [GET]}}]}]}
"""

Change = Callable[[Proxy], Proxy]


def with_metadata(**values: Any) -> Change:
    return lambda proxy: replace(proxy, metadata={**proxy.metadata, **values})


def with_config(**values: Any) -> Change:
    def changed(proxy: Proxy) -> Proxy:
        known: Mapping[str, Any] = proxy.metadata.get("PROXY_CONFIG") or {}
        return replace(proxy, metadata={**proxy.metadata, "PROXY_CONFIG": {**known, **values}})

    return changed


def with_labels(**values: str) -> Change:
    return lambda proxy: replace(proxy, labels={**proxy.labels, **values})


CHANGES: tuple[Change, ...] = (
    with_metadata(HTTP10="1"),
    with_metadata(DNS_CAPTURE="true"),
    with_metadata(UNPRIVILEGED_POD="true"),
    with_metadata(OUTBOUND_LISTENER_EXACT_BALANCE="true"),
    with_metadata(INBOUND_LISTENER_EXACT_BALANCE="true"),
    with_metadata(IDLE_TIMEOUT="7s"),
    with_metadata(**{"file-credential": "true"}),
    with_metadata(credential="true"),
    with_metadata(NETWORK="other"),
    with_metadata(REQUESTED_NETWORK_VIEW="other"),
    with_metadata(ENVOY_STATUS_PORT="80", ENVOY_PROMETHEUS_PORT="5432"),
    with_metadata(INTERCEPTION_MODE="NONE"),
    with_metadata(INTERCEPTION_MODE="TPROXY"),
    with_metadata(ISTIO_VERSION="1.27.3"),
    with_metadata(TLS_CLIENT_CERT_CHAIN="/c", TLS_CLIENT_KEY="/k", TLS_CLIENT_ROOT_CERT="/r"),
    with_metadata(TLS_SERVER_CERT_CHAIN="/c", TLS_SERVER_KEY="/k", TLS_SERVER_ROOT_CERT="/r"),
    with_metadata(MESH_ID="another"),
    with_metadata(WORKLOAD_NAME="another"),
    with_metadata(HTTP_PROXY_PORT="9999"),
    with_config(proxyHeaders={"attemptCount": {"disabled": True}}),
    with_config(proxyHeaders={"preserveHttp1HeaderCase": True}),
    with_config(proxyHeaders={"xForwardedHost": {"enabled": True}, "server": {"value": "mine"}}),
    with_config(tracing={"sampling": 50, "customTags": {"a": {"literal": {"value": "b"}}}}),
    with_labels(version="a"),
    with_labels(version="b", app="db"),
    with_labels(**{"topology.kubernetes.io/region": "r", "topology.kubernetes.io/zone": "z"}),
    lambda proxy: replace(proxy, node_name="another"),
    lambda proxy: replace(proxy, cluster="another"),
    lambda proxy: replace(proxy, domain="elsewhere.svc.cluster.local"),
    lambda proxy: replace(proxy, ip_addresses=("2001:db8::1",)),
    lambda proxy: replace(proxy, ip_addresses=("10.1.0.1", "2001:db8::1")),
)


def loaded(case: Path) -> meshcompile.Mesh:
    return meshcompile.load([case, SERVICES], mesh_config={"enableTracing": True})


@cache
def used(case: Path) -> meshcompile.Mesh:
    """A mesh that has already compiled all its proxies and two more. The examples continue to use it."""
    mesh = loaded(case)
    for proxy in asking(mesh):
        mesh.compile(proxy)
    return mesh


def asking(mesh: meshcompile.Mesh) -> tuple[Proxy, ...]:
    return (*mesh.proxies(), sidecar(labels={"app": "db"}), gateway())


def told(mesh: meshcompile.Mesh, proxy: Proxy) -> tuple[str, list[str], list[str]]:
    """Everything about a proxy: its resources, their origins, and the findings."""
    config = mesh.compile(proxy)
    places = [f"{pointer} {[str(origin) for origin in origins]}" for pointer, origins in config.source_map().items()]
    return config.to_json(), places, [f"{each} {each.field}" for each in config.diagnostics]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), case=st.sampled_from(CASES))
def test_nobody_sees_what_is_shared(data: st.DataObject, case: Path) -> None:
    """A proxy that differs from others in anything gets the same configuration as in a new mesh."""
    mesh = used(case)
    proxy = data.draw(st.sampled_from(asking(mesh)))
    for change in data.draw(st.lists(st.sampled_from(CHANGES), max_size=4, unique=True)):
        proxy = change(proxy)
    assert told(mesh, proxy) == told(loaded(case), proxy)


def with_indexes_alone(snapshot: Snapshot) -> Snapshot:
    """A snapshot with the indexes of another one, and without its answers to other queries."""
    copied = Snapshot(snapshot.inputs)
    for name, index in vars(Snapshot).items():
        if isinstance(index, Index):
            assert getattr(snapshot, name) is not None
            copied.answers.of(index.question).update(snapshot.answers.of(index.question))
    return copied


@settings(max_examples=40, deadline=None)
@given(data=st.data(), case=st.sampled_from(CASES))
def test_what_is_resolved_is_compared_by_value(data: st.DataObject, case: Path) -> None:
    """The resolved configuration of a proxy is the same with and without cached answers."""
    snapshot = used(case).snapshot
    proxy = data.draw(st.sampled_from(asking(used(case))))
    change = data.draw(st.sampled_from(CHANGES))
    found, changed = resolve(snapshot, proxy), resolve(snapshot, change(proxy))
    assert found == resolve(with_indexes_alone(snapshot), proxy)
    assert changed == resolve(with_indexes_alone(snapshot), change(proxy))
    assert (found == changed) == (found.proxy == changed.proxy)
