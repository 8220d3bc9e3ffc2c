"""The header settings of a ProxyConfig that affect routes. Follows istiod's `GetProxyHeaders`."""

from meshcompile.models.mesh.proxy_config import ProxyConfig, ProxyHeaders


def counts_attempts(config: ProxyConfig) -> bool:
    """True when requests get `x-envoy-attempt-count`."""
    attempt_count = _headers(config).attempt_count
    return attempt_count is None or not attempt_count.disabled


def appends_forwarded_host(config: ProxyConfig) -> bool:
    """True when `x-forwarded-host` keeps a host that a route rewrites."""
    forwarded_host = _headers(config).x_forwarded_host
    return forwarded_host is not None and bool(forwarded_host.enabled)


def _headers(config: ProxyConfig) -> ProxyHeaders:
    return config.proxy_headers or ProxyHeaders()
