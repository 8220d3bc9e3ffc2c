"""What a proxy's ProxyConfig says about headers of routes: istiod's `GetProxyHeaders`."""

from meshcompile.models.mesh.proxy_config import ProxyHeaders
from meshcompile.resolve.view import View


def counts_attempts(view: View) -> bool:
    """True when `x-envoy-attempt-count` tells the server which attempt a request is."""
    attempt_count = _headers(view).attempt_count
    return attempt_count is None or not attempt_count.disabled


def appends_forwarded_host(view: View) -> bool:
    """True when `x-forwarded-host` keeps a host that a route rewrites."""
    forwarded_host = _headers(view).x_forwarded_host
    return forwarded_host is not None and bool(forwarded_host.enabled)


def _headers(view: View) -> ProxyHeaders:
    return view.proxy_config.proxy_headers or ProxyHeaders()
