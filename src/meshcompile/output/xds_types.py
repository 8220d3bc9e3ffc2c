"""The types of xDS resources, by the names of the fields of Resources."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from meshcompile.envoy.message import TYPE_URL, Message, encode

TYPES: Mapping[str, str] = {
    "listeners": "envoy.config.listener.v3.Listener",
    "routes": "envoy.config.route.v3.RouteConfiguration",
    "clusters": "envoy.config.cluster.v3.Cluster",
    "endpoints": "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "extensions": "envoy.config.core.v3.TypedExtensionConfig",
}
"""The full name of the messages of each type."""
SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"

TYPE_URLS: Mapping[str, str] = {kind: TYPE_URL + name for kind, name in (*TYPES.items(), ("secrets", SECRET))}
"""The type URL of each type of resource, secrets included."""


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
