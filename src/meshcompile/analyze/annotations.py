"""The annotations that Istio reads, the kinds of objects that it reads them on, and the values that it takes."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import NamedTuple

POD = ("Pod",)


class Annotation(NamedTuple):
    """The kinds of objects that an annotation is for; empty for all."""

    kinds: tuple[str, ...] = POD
    deprecated: bool = False


_OF_PODS = (
    "ambient.istio.io/bypass-inbound-capture",
    "ambient.istio.io/dns-capture",
    "ambient.istio.io/redirection",
    "inject.istio.io/templates",
    "istio.io/reroute-virtual-interfaces",
    "istio.io/rev",
    "prometheus.istio.io/merge-metrics",
    "proxy.istio.io/config",
    "proxy.istio.io/overrides",
    "readiness.status.sidecar.istio.io/applicationPorts",
    "readiness.status.sidecar.istio.io/failureThreshold",
    "readiness.status.sidecar.istio.io/initialDelaySeconds",
    "readiness.status.sidecar.istio.io/periodSeconds",
    "sidecar.istio.io/agentLogLevel",
    "sidecar.istio.io/bootstrapOverride",
    "sidecar.istio.io/componentLogLevel",
    "sidecar.istio.io/interceptionMode",
    "sidecar.istio.io/logLevel",
    "sidecar.istio.io/nativeSidecar",
    "sidecar.istio.io/proxyCPU",
    "sidecar.istio.io/proxyCPULimit",
    "sidecar.istio.io/proxyImage",
    "sidecar.istio.io/proxyImageType",
    "sidecar.istio.io/proxyMemory",
    "sidecar.istio.io/proxyMemoryLimit",
    "sidecar.istio.io/rewriteAppHTTPProbers",
    "sidecar.istio.io/statsEvictionInterval",
    "sidecar.istio.io/statsFlushInterval",
    "sidecar.istio.io/statsHistogramBins",
    "sidecar.istio.io/statsHistogramBuckets",
    "sidecar.istio.io/status",
    "sidecar.istio.io/userVolume",
    "sidecar.istio.io/userVolumeMount",
    "status.sidecar.istio.io/port",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/excludeInterfaces",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeOutboundPorts",
)
_DEPRECATED_OF_PODS = (
    "sidecar.istio.io/discoveryAddress",
    "sidecar.istio.io/extraStatTags",
    "sidecar.istio.io/inject",
    "sidecar.istio.io/statsCompression",
    "sidecar.istio.io/statsInclusionPrefixes",
    "sidecar.istio.io/statsInclusionRegexps",
    "sidecar.istio.io/statsInclusionSuffixes",
    "traffic.sidecar.istio.io/kubevirtInterfaces",
)

ANNOTATIONS: Mapping[str, Annotation] = {
    **dict.fromkeys(_OF_PODS, Annotation()),
    **dict.fromkeys(_DEPRECATED_OF_PODS, Annotation(deprecated=True)),
    "alpha.istio.io/canonical-serviceaccounts": Annotation(("Service",), deprecated=True),
    "alpha.istio.io/kubernetes-serviceaccounts": Annotation(("Service",), deprecated=True),
    "ambient.istio.io/waypoint-inbound-binding": Annotation(("GatewayClass", "Gateway")),
    "galley.istio.io/analyze-suppress": Annotation(()),
    "gateway.istio.io/controller-version": Annotation(()),
    "gateway.istio.io/name-override": Annotation(("Gateway",)),
    "gateway.istio.io/service-account": Annotation(("Gateway",)),
    "istio.io/autoRegistrationGroup": Annotation(("WorkloadEntry",)),
    "istio.io/connectedAt": Annotation(("WorkloadEntry",)),
    "istio.io/disconnectedAt": Annotation(("WorkloadEntry",)),
    "istio.io/dry-run": Annotation(("AuthorizationPolicy",)),
    "istio.io/workloadController": Annotation(("WorkloadEntry",)),
    "kubernetes.io/ingress.class": Annotation(("Ingress",)),
    "networking.istio.io/exportTo": Annotation(("Service",)),
    "networking.istio.io/service-type": Annotation(("Gateway",)),
    "networking.istio.io/traffic-distribution": Annotation(("Namespace", "Service", "ServiceEntry")),
    "topology.istio.io/controlPlaneClusters": Annotation(("Namespace",)),
    "traffic.istio.io/nodeSelector": Annotation(("Service",)),
}
"""Every annotation of Istio 1.30, and the one of Kubernetes that Istio reads."""

SET_BY_ISTIO = frozenset({"sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev"})
"""Annotations that Istio sets itself, about which nothing is said."""


def is_of_istio(annotation: str) -> bool:
    """True for annotations of Istio's domain, and for the one of Kubernetes that it reads."""
    return annotation == "kubernetes.io/ingress.class" or annotation.partition("/")[0].endswith("istio.io")


def _port(text: str) -> bool:
    digits = text.strip()
    return digits.isascii() and digits.isdigit() and int(digits) < 1 << 16


def _ports(text: str) -> bool:
    return not text.strip() or all(map(_port, text.split(",")))


def _ranges(text: str) -> bool:
    return not text or all(map(_is_range, text.split(",")))


def _is_range(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) < 1 << 32


_BOOLEANS = frozenset(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"])
_QUANTITY = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?")
_INTERFACE = re.compile(r"[A-Za-z0-9_.@:-]{1,15}")


def _interfaces(text: str) -> bool:
    return not text or all(_INTERFACE.fullmatch(name.strip()) for name in text.split(","))


VALUES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "sidecar.istio.io/interceptionMode": (("REDIRECT", "TPROXY", "NONE").__contains__, "REDIRECT, TPROXY or NONE"),
    "status.sidecar.istio.io/port": (_port, "a port"),
    "readiness.status.sidecar.istio.io/initialDelaySeconds": (_number, "a whole number"),
    "readiness.status.sidecar.istio.io/periodSeconds": (_number, "a whole number"),
    "readiness.status.sidecar.istio.io/failureThreshold": (_number, "a whole number"),
    "traffic.sidecar.istio.io/includeOutboundIPRanges": (
        lambda text: text == "*" or _ranges(text),
        "`*` or CIDR ranges with commas between them",
    ),
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": (_ranges, "CIDR ranges with commas between them"),
    "traffic.sidecar.istio.io/includeInboundPorts": (
        lambda text: text == "*" or _ports(text),
        "`*` or ports with commas between them",
    ),
    "traffic.sidecar.istio.io/excludeInboundPorts": (_ports, "ports with commas between them"),
    "traffic.sidecar.istio.io/excludeOutboundPorts": (_ports, "ports with commas between them"),
    "traffic.sidecar.istio.io/excludeInterfaces": (_interfaces, "network interfaces with commas between them"),
    "traffic.sidecar.istio.io/kubevirtInterfaces": (_interfaces, "network interfaces with commas between them"),
    "istio.io/reroute-virtual-interfaces": (_interfaces, "network interfaces with commas between them"),
    "prometheus.istio.io/merge-metrics": (_BOOLEANS.__contains__, "`true` or `false`"),
    "sidecar.istio.io/proxyCPU": (_QUANTITY.fullmatch, "a quantity such as `100m`"),
    "sidecar.istio.io/proxyCPULimit": (_QUANTITY.fullmatch, "a quantity such as `2`"),
    "sidecar.istio.io/proxyMemory": (_QUANTITY.fullmatch, "a quantity such as `128Mi`"),
    "sidecar.istio.io/proxyMemoryLimit": (_QUANTITY.fullmatch, "a quantity such as `1Gi`"),
}
"""Tests of the values of annotations, and what they expect. `proxy.istio.io/config` has a check of its own."""
