"""The source map names every field that users set, at its object, or a table gives the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File

import pytest

import meshcompile
from meshcompile.documents import Document, Path
from meshcompile.models.base import Node, Resource
from meshcompile.models.support import COMPILED, limit
from tests.conformance import corpus
from tests.conformance.test_provenance import compiled_case

PARTS: Mapping[str, str] = {
    **dict.fromkeys(("Destination", "PortSelector"), "it becomes the name of a cluster in the message around it"),
    **dict.fromkeys(("Port", "SidecarPort"), "it becomes the address of a listener, which names its server"),
    "ProviderRef": "it becomes the sink or tracer of the block around it",
    **dict.fromkeys(("LiteralTag", "EnvironmentTag", "RequestHeaderTag", "FormatterTag"), "it is the tag around it"),
    "HTTPCookieAttribute": "it is written into the cookie around it",
    **dict.fromkeys(
        ("LocalityLoadBalancerSetting", "LocalityDistribute", "LocalityFailover"),
        "it orders and weighs the endpoints of the cluster that names the load balancer around it",
    ),
    "LuaConfig": "it is the script of the extension",
    **dict.fromkeys(
        (
            *("EnvoyConfigObjectMatch", "ClusterMatch", "ListenerMatch", "FilterChainMatch", "FilterMatch"),
            *("SubFilterMatch", "RouteConfigurationMatch", "VirtualHostMatch", "RouteMatch", "ProxyMatch", "Patch"),
        ),
        "what a patch changes names the entry of `configPatches`",
    ),
    **dict.fromkeys(
        ("MetricsOverrides", "MetricSelector", "TagOverride"), "the filter of metrics is one piece of text per block"
    ),
    **dict.fromkeys(("LogSelector", "TracingSelector", "TrafficSelector"), "it says which listeners get the rest"),
    "Delegate": "it is replaced by the rules of the delegate, which name both",
    **dict.fromkeys(("GRPCRouteFilter", "HTTPRouteFilter"), "it is the filter that its `type` says"),
    **dict.fromkeys(("HTTPHeader", "HTTPPathModifier", "Fraction"), "it becomes a part of the filter around it"),
    "HTTPRouteTimeouts": "it becomes the timeouts of the rule",
    "SubjectAltName": "it is written into the validation around it",
    **dict.fromkeys(
        ("BackendObjectReference", "LocalObjectReference", "SecretObjectReference"),
        "it becomes the name of a cluster or certificate in the message around it",
    ),
}
"""Models without a message of their own. The origin is at the message for the object around them."""

UNNAMED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "AuthorizationPolicySpec.target_ref",
            "EnvoyFilterSpec.target_refs",
            "EnvoyFilterSpec.workload_selector",
            "GatewaySpec.selector",
            "PolicyTargetReference.group",
            "PolicyTargetReference.kind",
            "PolicyTargetReference.name",
            "PolicyTargetReference.namespace",
            "ProxyConfigSpec.selector",
            "RequestAuthenticationSpec.selector",
            "RequestAuthenticationSpec.target_ref",
            "RequestAuthenticationSpec.target_refs",
            "SidecarSpec.workload_selector",
            "TelemetrySpec.selector",
            "TelemetrySpec.target_ref",
            "TelemetrySpec.target_refs",
            "WasmPluginSpec.target_ref",
            "WorkloadSelector.labels",
            "WorkloadSelector.match_labels",
        ),
        "it says which proxies get the rest",
    ),
    **dict.fromkeys(
        (
            "GatewayClassSpec.controller_name",
            "GatewaySpec.addresses",
            "GatewaySpecAddress.type",
            "GatewaySpecAddress.value",
            "ParentReference.namespace",
            "ParentReference.section_name",
            "TLSRouteSpec.parent_refs",
        ),
        "it says which gateways serve the rest",
    ),
    **dict.fromkeys(
        (
            "AllowedListeners.namespaces",
            "AllowedRoutes.kinds",
            "AllowedRoutes.namespaces",
            "GatewaySpec.allowed_listeners",
            "LabelSelector.match_expressions",
            "LabelSelector.match_labels",
            "LabelSelectorRequirement.key",
            "LabelSelectorRequirement.operator",
            "LabelSelectorRequirement.values",
            "ListenerNamespaces.from_",
            "ListenerNamespaces.selector",
            "ListenerSetParent.group",
            "ListenerSetParent.kind",
            "ListenerSetParent.name",
            "ListenerSetParent.namespace",
            "ListenerSetSpec.parent_ref",
            "ReferenceGrantFrom.group",
            "ReferenceGrantFrom.kind",
            "ReferenceGrantFrom.namespace",
            "ReferenceGrantSpec.from_",
            "ReferenceGrantSpec.to",
            "ReferenceGrantTo.group",
            "ReferenceGrantTo.kind",
            "ReferenceGrantTo.name",
            "RouteGroupKind.group",
            "RouteGroupKind.kind",
            "RouteNamespaces.from_",
            "RouteNamespaces.selector",
        ),
        "it says which routes, listeners and references are allowed",
    ),
    **dict.fromkeys(
        (
            "LocalPolicyTargetReferenceWithSectionName.group",
            "LocalPolicyTargetReferenceWithSectionName.kind",
            "LocalPolicyTargetReferenceWithSectionName.name",
            "LocalPolicyTargetReferenceWithSectionName.section_name",
        ),
        "it says which services get the rest",
    ),
    **dict.fromkeys(
        ("AuthorizationPolicySpec.provider", "AuthorizationPolicyProvider.name"),
        "one filter asks the provider for all policies that name it, and each rule names its own place",
    ),
    "TLSRouteSpec.hostnames": "the chain names the rule, whose connections they select",
    **dict.fromkeys(
        (
            "FrontendTLSConfig.default",
            "FrontendTLSConfig.per_port",
            "FrontendTLSValidation.ca_certificate_refs",
            "FrontendTLSValidation.mode",
            "GatewaySpec.tls",
            "GatewayTLSConfig.frontend",
            "ObjectReference.group",
            "ObjectReference.kind",
            "ObjectReference.name",
            "ObjectReference.namespace",
            "TLSConfig.validation",
            "TLSPortConfig.port",
            "TLSPortConfig.tls",
        ),
        "it becomes a part of the TLS of several listeners, each of which names its own `tls`",
    ),
    **dict.fromkeys(
        ("GatewaySpec.infrastructure", "GatewayInfrastructure.annotations", "GatewayInfrastructure.labels"),
        "they become labels and annotations of the Pods that istiod deploys",
    ),
    **dict.fromkeys(
        ("BackendObjectReference.group", "BackendObjectReference.kind", "BackendRef.group", "BackendRef.kind"),
        "it says what kind of object the `name` beside it means",
    ),
    "BackendObjectReference.namespace": "no reference with it is accepted in the cases",
    "EnvoyFilterSpec.priority": "it says in which order patches are applied",
    "PortTrafficPolicy.port": "it says which ports get the rest",
    "MutualTLS.mode": "it says which filter chains there are, and these come from ports",
    "ProxyConfigSpec.environment_variables": "it is read when the proxy starts",
    **dict.fromkeys(
        ("SidecarSpec.outbound_traffic_policy", "OutboundTrafficPolicy.mode", "OutboundTrafficPolicy.egress_proxy"),
        "it says what becomes of hosts that nobody declared",
    ),
    "WasmConfig.sha256": "no proxy of the cases gets an extension that sets it",
    "L4MatchAttributes.destination_subnets": "the chain names the rule, whose matches are joined",
}
"""Fields that no message names at their object, and the reasons."""


GROUPS = ("istio.io", "gateway.networking.k8s.io", "gateway.networking.x-k8s.io")
"""The ends of the API groups whose objects are compiled."""


def named_fields(case: File) -> Iterator[tuple[str, bool]]:
    """The fields that a case sets in compiled objects, and whether the source map of a proxy names them."""
    mesh, configs = compiled_case(case)
    places: dict[Document, set[Path]] = {}
    for config in configs:
        for origins in config.source_map().values():
            for origin in origins:
                places.setdefault(origin.document, set()).update((origin.path, *_above(origin.path)))
    for resource in _compiled_objects(mesh):
        if "spec" not in type(resource).model_fields:
            continue
        known = places.get(resource.origin.document, set())
        spec: Node = resource.spec  # type: ignore[attr-defined]  # every kind of Istio's has one
        for name, around, field in set_fields(spec, ()):
            yield name, ("named", *around) in known or field in known


def _above(path: Path) -> Iterator[Path]:
    """The positions that an origin covers: itself as an object, and all fields that lead to it."""
    yield ("named", *path)
    if not path:
        yield ("named", "spec")
    yield from (path[:length] for length in range(1, len(path)))


def _compiled_objects(mesh: meshcompile.Mesh) -> Iterator[Resource]:
    clusters = (mesh.config_cluster, *mesh.remote_clusters.values())
    objects = (resource for cluster in clusters for resource in cluster.resources)
    return (each for each in objects if each.api_version.partition("/")[0].endswith(GROUPS))


def set_fields(node: Node, around: Path) -> Iterator[tuple[str, Path, Path]]:
    """The fields that are set in a node and below it: the name, and the positions of the object and the field."""
    here = around if type(node).__name__ in PARTS else node.origin.path
    for field in sorted(node.model_fields_set):
        if limit(type(node), field) is COMPILED:
            yield f"{type(node).__name__}.{field}", here, node.at(field).path
            yield from (found for below in nodes(getattr(node, field)) for found in set_fields(below, here))


def nodes(value: object) -> Iterator[Node]:
    """The nodes in a field."""
    match value:
        case Node():
            yield value
        case tuple():
            yield from (item for item in value if isinstance(item, Node))
        case dict():
            yield from (item for item in value.values() if isinstance(item, Node))
        case _:
            return


@pytest.mark.slow
def test_every_field_that_is_set_is_named() -> None:
    """A field that no source map names at its object in any case has a row in one of the tables."""
    found = [each for case in sorted(corpus.cases_dir().glob("*/*")) for each in named_fields(case)]
    named = {name for name, is_named in found if is_named}
    assert sorted({name for name, _ in found} - named) == sorted(UNNAMED)
