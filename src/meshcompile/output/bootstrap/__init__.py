"""A static bootstrap: everything that istiod would send, written into one configuration for an Envoy to start with.

What surrounds the resources follows Istio's `tools/packaging/common/envoy_bootstrap.json`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshcompile.diagnostics import Diagnostic
from meshcompile.output.bootstrap.clusters import static_cluster
from meshcompile.output.bootstrap.listeners import StaticListener
from meshcompile.output.bootstrap.options import Credential, Flavour, Options
from meshcompile.proxy import Proxy
from meshcompile.source import NOWHERE, Origin

__all__ = ["Bootstrap", "Credential", "Flavour", "Options", "node", "static_bootstrap"]

Json = Mapping[str, Any]
Resources = Mapping[str, list[dict[str, Any]]]

# Istio's settings of Envoy that the configuration relies on. Regular expressions of users may be larger than Envoy's
# own limit, and a fragment in a path is cut off instead of refused.
RUNTIME = {
    "envoy.reloadable_features.http_reject_path_with_fragment": False,
    "re2.max_program_size.error_level": 32768,
}
INTERNAL_LISTENERS = {
    "name": "envoy.bootstrap.internal_listener",
    "typedConfig": {
        "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        "bufferSizeKb": 64,
    },
}
# Where Istio's agent serves the certificates of the workload.
AGENT = {
    "name": "sds-grpc",
    "type": "STATIC",
    "typedExtensionProtocolOptions": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicitHttpConfig": {"http2ProtocolOptions": {}},
        }
    },
    "loadAssignment": {
        "clusterName": "sds-grpc",
        "endpoints": [
            {
                "lbEndpoints": [
                    {"endpoint": {"address": {"pipe": {"path": "./var/run/secrets/workload-spiffe-uds/socket"}}}}
                ]
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The configuration of an Envoy without a control plane; `diagnostics` say what it lacks."""

    content: Json = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return dict(self.content)

    def to_json(self, indent: int = 2) -> str:
        """JSON text, as `envoy -c` reads it."""
        return json.dumps(self.content, indent=indent)


def node(proxy: Proxy) -> Json:
    """The bootstrap node of the proxy: what `Proxy.from_node` reads."""
    where = {"region": proxy.locality.region, "zone": proxy.locality.zone, "subZone": proxy.locality.subzone}
    locality = {key: value for key, value in where.items() if value}
    return {
        "id": f"{proxy.type}~{proxy.ip_addresses[0]}~{proxy.id}~{proxy.domain}",
        "cluster": f"{proxy.labels.get('app', proxy.name)}.{proxy.namespace}",
        **({"locality": locality} if locality else {}),
        "metadata": {"NAMESPACE": proxy.namespace, **proxy.metadata},
    }


def static_bootstrap(
    node: Json, resources: Resources, origins: Mapping[str, tuple[Origin, ...]], options: Options
) -> Bootstrap:
    """The bootstrap of a proxy. `origins` are those of the resources, by JSON pointer."""
    found: dict[Diagnostic, None] = {}
    listeners = []
    for index, listener in enumerate(resources["listeners"]):
        static = StaticListener(
            listener["name"],
            _origin(origins, f"/listeners/{index}"),
            {route["name"]: route for route in resources["routes"]},
            {extension["name"]: extension for extension in resources["extensions"]},
            options,
        )
        if (made := static.of(listener)) is not None:
            listeners.append(made)
        found |= dict.fromkeys(static.found)
    clusters: dict[str, Json] = {}
    assignments = {assignment["clusterName"]: assignment for assignment in resources["endpoints"]}
    for index, cluster in enumerate(resources["clusters"]):
        made, lacking = static_cluster(cluster, assignments, options, _origin(origins, f"/clusters/{index}"))
        found |= dict.fromkeys(lacking)
        # istiod sends a cluster twice when a Service has a port twice; Envoy keeps one only while it runs.
        clusters.setdefault(cluster["name"], made)
    return Bootstrap(_bootstrap(node, listeners, list(clusters.values()), options), tuple(found))


def _bootstrap(node: Json, listeners: list[Json], clusters: list[Json], options: Options) -> Json:
    agent = [AGENT] if options.flavour is Flavour.ISTIO else []
    return {
        "node": node,
        "admin": {"address": {"socketAddress": {"address": "127.0.0.1", "portValue": options.admin_port}}},
        "layeredRuntime": {"layers": [{"name": "istio", "staticLayer": RUNTIME}, {"name": "admin", "adminLayer": {}}]},
        **({"bootstrapExtensions": [INTERNAL_LISTENERS]} if _has_internal((*listeners, *clusters)) else {}),
        "staticResources": {"listeners": listeners, "clusters": [*clusters, *agent]},
    }


def _has_internal(resources: Iterable[Json]) -> bool:
    """True when a listener or an endpoint is inside of Envoy itself."""
    return any("nternalListener" in text or "envoyInternalAddress" in text for text in map(json.dumps, resources))


def _origin(origins: Mapping[str, tuple[Origin, ...]], pointer: str) -> Origin:
    return next(iter(origins.get(pointer, ())), NOWHERE)
