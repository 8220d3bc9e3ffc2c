"""Who a client is: the SPIFFE identity of its certificate, and the proxies that it may ask for.

Follows istiod's `checkConnectionIdentity` (`pilot/pkg/xds/auth.go`).
"""

from __future__ import annotations

from collections.abc import Iterable

from meshcompile.proxy import Proxy
from meshcompile.values.spiffe import PREFIX


def verified_identity(identities: Iterable[str], proxy: Proxy) -> str | None:
    """The first identity with the namespace of the proxy, and with its service account if the proxy reports one."""
    for identity in identities:
        parts = identity.removeprefix(PREFIX).split("/")
        if not identity.startswith(PREFIX) or len(parts) != 5 or parts[1] != "ns" or parts[3] != "sa":
            continue
        if parts[2] == proxy.namespace and proxy.service_account in ("", parts[4]):
            return identity
    return None
