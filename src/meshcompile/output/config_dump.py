"""The configuration of a proxy as Envoy's admin interface dumps it at `/config_dump?include_eds`.

It is an `envoy.admin.v3.ConfigDump` with the sections and the order of Envoy, and the names of the proto files, which
istioctl reads as well. What istiod sends is dynamic, and what Istio's bootstrap has is static. Times are omitted, and
the versions are fingerprints of the content, so the dump depends on the configuration alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.bootstrap import BootstrapStaticResources
from meshcompile.envoy.message import TYPE_URL, Message, to_builtins
from meshcompile.envoy.proto_names import with_proto_names
from meshcompile.output.credentials import Credential
from meshcompile.output.live_bootstrap import live_bootstrap
from meshcompile.output.live_parts import inline_routes, static_resources
from meshcompile.output.secrets import sds_secrets, secret_dump
from meshcompile.output.xds_types import TYPES
from meshcompile.proxy import Proxy

ADMIN = f"{TYPE_URL}envoy.admin.v3."
BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap"
SECRETS = "envoy.admin.v3.SecretsConfigDump"


def config_dump(
    proxy: Proxy, resources: Resources, credentials: Mapping[str, Credential], versions: Mapping[str, str]
) -> dict[str, Any]:
    """The dump as plain JSON data.

    `credentials` are those of Secrets by `namespace/name`; private keys are redacted. `versions` are those of the
    resources by kind.
    """
    return {"configs": list(_sections(proxy, resources, credentials, versions))}


def _sections(
    proxy: Proxy, resources: Resources, credentials: Mapping[str, Credential], versions: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    own = static_resources(proxy)
    bootstrap = with_proto_names(BOOTSTRAP, live_bootstrap(proxy)["bootstrap"])
    yield {"@type": f"{ADMIN}BootstrapConfigDump", "bootstrap": bootstrap}
    yield _clusters(resources, own, versions["clusters"])
    yield {
        "@type": f"{ADMIN}EcdsConfigDump",
        "ecds_filters": [
            {"version_info": versions["extensions"], "ecds_filter": _packed("extensions", message)}
            for message in resources.extensions
        ],
    }
    yield {
        "@type": f"{ADMIN}EndpointsConfigDump",
        "dynamic_endpoint_configs": [
            {"endpoint_config": _packed("endpoints", message)} for message in resources.endpoints
        ],
    }
    yield _listeners(resources, own, versions["listeners"])
    yield _routes(resources, own, versions["routes"])
    secrets = secret_dump(sds_secrets(resources, credentials, proxy.namespace))
    yield {"@type": f"{ADMIN}SecretsConfigDump", **with_proto_names(SECRETS, secrets)}


def _clusters(resources: Resources, own: BootstrapStaticResources, version: str) -> dict[str, Any]:
    return {
        "@type": f"{ADMIN}ClustersConfigDump",
        "version_info": version,
        "static_clusters": [{"cluster": _packed("clusters", cluster)} for cluster in own.clusters],
        "dynamic_active_clusters": [
            {"version_info": version, "cluster": _packed("clusters", cluster)} for cluster in resources.clusters
        ],
    }


def _listeners(resources: Resources, own: BootstrapStaticResources, version: str) -> dict[str, Any]:
    return {
        "@type": f"{ADMIN}ListenersConfigDump",
        "version_info": version,
        "static_listeners": [{"listener": _packed("listeners", listener)} for listener in own.listeners],
        "dynamic_listeners": [
            {
                "name": listener.name,
                "active_state": {"version_info": version, "listener": _packed("listeners", listener)},
            }
            for listener in resources.listeners
        ],
    }


def _routes(resources: Resources, own: BootstrapStaticResources, version: str) -> dict[str, Any]:
    inline = inline_routes((*resources.listeners, *own.listeners))
    return {
        "@type": f"{ADMIN}RoutesConfigDump",
        "static_route_configs": [{"route_config": _packed("routes", routes)} for routes in inline],
        "dynamic_route_configs": [
            {"version_info": version, "route_config": _packed("routes", routes)} for routes in resources.routes
        ],
    }


def _packed(kind: str, message: Message) -> dict[str, Any]:
    """A resource with its type, and with the names of the proto files."""
    return {"@type": TYPE_URL + TYPES[kind], **with_proto_names(TYPES[kind], to_builtins(message))}
