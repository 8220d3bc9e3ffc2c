"""Rules for the proxy config of a Pod. An invalid one stops the injection of the Pod.

Follows `ValidateMeshConfigProxyConfig` (pkg/config/validation/agent/validation.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from meshcompile.models.mesh.proxy_config import (
    AuthenticationPolicy,
    PrivateKeyProvider,
    ProxyConfig,
    RemoteService,
    Tracing,
)

_HOST_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*)):([+-]?[0-9]+)")
_LABEL = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_SECOND = 10**9
_HOST_IP = "$(HOST_IP)"


def proxy_config_problems(config: ProxyConfig) -> Iterator[str]:
    """What is wrong with the settings of a proxy, complete with Istio's defaults."""
    for name in ("config_path", "binary_path", "discovery_address"):
        if not getattr(config, name):
            yield f"`{name}` must not be empty"
    if not config.service_cluster and config.tracing_service_name is None:
        yield "`serviceCluster` must not be empty"
    drain = 0 if config.drain_duration is None else config.drain_duration.nanoseconds
    if drain < _SECOND or drain % _SECOND:
        yield "`drainDuration` must be at least a second, in whole seconds"
    for field, address in _addresses(config):
        if not is_proxy_address(address):
            yield f"`{field}` must be HOST:PORT, such as istiod.istio-system.svc:15012, not {address!r}"
    for field, port in (("proxyAdminPort", config.proxy_admin_port), ("statusPort", config.status_port)):
        if not 1 <= port <= 65535:
            yield f"`{field}` must be a port from 1 to 65535, not {port}"
    if config.control_plane_auth_policy is AuthenticationPolicy.INHERIT:
        yield "`controlPlaneAuthPolicy` must be NONE or MUTUAL_TLS"
    if config.tracing is not None and config.tracing.lightstep and not config.tracing.lightstep.access_token:
        yield "`tracing.lightstep.accessToken` must not be empty"
    if config.private_key_provider is not None:
        yield from _key_provider(config.private_key_provider)


def _addresses(config: ProxyConfig) -> Iterator[tuple[str, str]]:
    """The addresses that are set."""
    for field, address in (
        ("discoveryAddress", config.discovery_address),
        ("statsdUdpAddress", config.statsd_udp_address),
        ("envoyMetricsServiceAddress", config.envoy_metrics_service_address),
        ("envoyMetricsService.address", _of(config.envoy_metrics_service)),
        ("envoyAccessLogService.address", _of(config.envoy_access_log_service)),
    ):
        if address:
            yield field, address
    if config.tracing is not None:
        yield from _collector(config.tracing)


def _of(service: RemoteService | None) -> str:
    return "" if service is None else service.address


def _collector(tracing: Tracing) -> Iterator[tuple[str, str]]:
    """The address of the collector, which must not be empty. That of the Node may stand in it."""
    if tracing.lightstep is not None:
        yield "tracing.lightstep.address", tracing.lightstep.address
    if tracing.zipkin is not None:
        yield "tracing.zipkin.address", tracing.zipkin.address.replace(_HOST_IP, "127.0.0.1", 1)
    if tracing.datadog is not None:
        yield "tracing.datadog.address", tracing.datadog.address.replace(_HOST_IP, "127.0.0.1", 1)


def _key_provider(provider: PrivateKeyProvider) -> Iterator[str]:
    chosen = provider.cryptomb or provider.qat
    if chosen is None:
        yield "`privateKeyProvider` needs `cryptomb` or `qat`"
    elif chosen.poll_delay is None or not chosen.poll_delay.nanoseconds:
        yield "`pollDelay` of the private key provider must not be zero"


def is_proxy_address(text: str) -> bool:
    """True for HOST:PORT, where HOST is a name or an IP address."""
    match = _HOST_PORT.fullmatch(text)
    if match is None or len(match[3]) > 6 or not 1 <= int(match[3]) <= 65535:
        return False
    host = match[1] if match[1] is not None else match[2]
    return _is_domain(host) or _is_ip(host)


def _is_domain(host: str) -> bool:
    if not 0 < len(host) <= 255:
        return False
    labels = host.split(".")
    numeric = re.fullmatch(r"[+-]?[0-9]+", labels[-1]) is not None
    named = labels[:-1] if labels[-1] == "" and len(labels) > 1 else labels
    return not numeric and all(_LABEL.fullmatch(label) for label in named)


def _is_ip(host: str) -> bool:
    try:
        return ip_address(host) is not None
    except ValueError:
        return False
