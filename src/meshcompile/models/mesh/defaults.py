"""The mesh config that holds where a user writes none, or only a part.

`CODE_DEFAULTS` are what istiod itself assumes (`DefaultMeshConfig` and `DefaultProxyConfig`, pkg/config/mesh/mesh.go).
Every installation by istioctl or Helm adds a little, above all the `prometheus` metrics provider, without which there
is no `istio.stats` filter. `INSTALLED_DEFAULTS` are what users have in their clusters, and what a mesh starts from.
"""

from collections.abc import Mapping
from typing import Any

from meshcompile.models.mesh.merge import merged_mesh_config
from meshcompile.models.mesh.mesh_config import MeshConfig

_PROXY_CONFIG: Mapping[str, Any] = {
    "configPath": "./etc/istio/proxy",
    "serviceCluster": "istio-proxy",
    "drainDuration": "45s",
    "terminationDrainDuration": "5s",
    "proxyAdminPort": 15000,
    "controlPlaneAuthPolicy": "MUTUAL_TLS",
    "discoveryAddress": "istiod.istio-system.svc:15012",
    "binaryPath": "/usr/local/bin/envoy",
    "statNameLength": 189,
    "statusPort": 15020,
}

CODE_DEFAULTS = MeshConfig.model_validate(
    {
        "enableTracing": True,
        "accessLogEncoding": "TEXT",
        "protocolDetectionTimeout": "0s",
        "ingressService": "istio-ingressgateway",
        "ingressControllerMode": "STRICT",
        "ingressClass": "istio",
        "trustDomain": "cluster.local",
        "enableAutoMtls": True,
        "outboundTrafficPolicy": {"mode": "ALLOW_ANY"},
        "inboundTrafficPolicy": {"mode": "PASSTHROUGH"},
        "localityLbSetting": {"enabled": True},
        "defaultConfig": _PROXY_CONFIG,
        "rootNamespace": "istio-system",
        "proxyListenPort": 15001,
        "proxyInboundListenPort": 15006,
        "connectTimeout": "10s",
        "defaultServiceExportTo": ["*"],
        "defaultVirtualServiceExportTo": ["*"],
        "defaultDestinationRuleExportTo": ["*"],
        "dnsRefreshRate": "60s",
        "enablePrometheusMerge": True,
        "defaultProviders": {},
        "extensionProviders": [
            {"name": "prometheus", "prometheus": {}},
            {"name": "stackdriver", "stackdriver": {}},
            {"name": "envoy", "envoyFileAccessLog": {"path": "/dev/stdout"}},
        ],
    }
)

INSTALLED_DEFAULTS = merged_mesh_config(
    CODE_DEFAULTS,
    MeshConfig.model_validate(
        {
            "defaultProviders": {"metrics": ["prometheus"]},
            "enablePrometheusMerge": True,
            "rootNamespace": "istio-system",
            "trustDomain": "cluster.local",
            "defaultConfig": {"discoveryAddress": "istiod.istio-system.svc:15012"},
        }
    ),
)
