"""Which sidecars get the same."""

from meshcompile.resolve.routes.proxy_headers import appends_forwarded_host, counts_attempts
from meshcompile.resolve.view import View


def proxy_traits(view: View) -> tuple[object, ...]:
    """What routes depend on besides the scope: sidecars of one scope that agree on it have the same routes."""
    proxy, snapshot = view.proxy, view.snapshot
    keys = snapshot.virtual_services.label_keys | snapshot.destination_rules.label_keys
    return (
        proxy.domain,
        proxy.cluster,
        proxy.supports_ipv4,
        proxy.supports_ipv6,
        proxy.flag("DNS_CAPTURE"),
        counts_attempts(view),
        appends_forwarded_host(view),
        frozenset((key, proxy.labels.get(key)) for key in keys),
    )
