"""The types of xDS resources, by the names of the fields of Resources."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from meshcompile.envoy.message import TYPE_URL, Message, encode

TYPE_URLS: Mapping[str, str] = {
    "listeners": f"{TYPE_URL}envoy.config.listener.v3.Listener",
    "routes": f"{TYPE_URL}envoy.config.route.v3.RouteConfiguration",
    "clusters": f"{TYPE_URL}envoy.config.cluster.v3.Cluster",
    "endpoints": f"{TYPE_URL}envoy.config.endpoint.v3.ClusterLoadAssignment",
    "extensions": f"{TYPE_URL}envoy.config.core.v3.TypedExtensionConfig",
    "secrets": f"{TYPE_URL}envoy.extensions.transport_sockets.tls.v3.Secret",
}
"""The type URL of each type of resource."""


def resource_name(resource: Any) -> str:
    """The name by which xDS refers to a resource: that of a load assignment is the name of its cluster."""
    name: str = getattr(resource, "cluster_name", None) or resource.name
    return name


def discovery_response(type_url: str, resources: tuple[Message, ...]) -> bytes:
    """The JSON of a DiscoveryResponse, with a line per resource. Its version is a digest of the content."""
    head = f'{{"@type":"{type_url}"'.encode()
    texts = (encode(resource)[1:] for resource in resources)
    lines = b",\n".join(head + (b"," if text != b"}" else b"") + text for text in texts)
    version = sha256(lines).hexdigest()[:16]
    return b'{"versionInfo":"%s","resources":[\n%s\n]}\n' % (version.encode(), lines)
