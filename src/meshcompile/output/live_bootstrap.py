"""The bootstrap that a running proxy has, as far as its mesh says it: `istioctl proxy-config bootstrap`.

What only the proxy's image and environment decide is left out: statistics, log formats, overload limits, and versions.
"""

from __future__ import annotations

from typing import Any

from meshcompile.output.bootstrap import node
from meshcompile.output.live_parts import Agent, static_resources
from meshcompile.proxy import Proxy

ADS = {"ads": {}, "initialFetchTimeout": "0s", "resourceApiVersion": "V3"}


def live_bootstrap(proxy: Proxy) -> dict[str, Any]:
    """The dump of the bootstrap, as Envoy's admin interface names its parts."""
    agent = Agent.of(proxy)
    admin = {"socketAddress": {"address": agent.localhost, "portValue": agent.admin_port}}
    service = {"envoyGrpc": {"clusterName": "xds-grpc"}}
    return {
        "bootstrap": {
            "node": dict(node(proxy)),
            "staticResources": static_resources(proxy),
            "dynamicResources": {
                "ldsConfig": ADS,
                "cdsConfig": ADS,
                "adsConfig": {
                    "apiType": "DELTA_GRPC",
                    "transportApiVersion": "V3",
                    "grpcServices": [service],
                    "setNodeOnFirstMessageOnly": True,
                },
            },
            "admin": {"profilePath": "/var/lib/istio/data/envoy.prof", "address": admin},
        }
    }


def bootstrap_summary(proxy: Proxy) -> str:
    """The version of Istio; that of Envoy is the image's."""
    version = proxy.node_metadata.istio_version
    return f"Istio Version: {version}\n" if version else ""
