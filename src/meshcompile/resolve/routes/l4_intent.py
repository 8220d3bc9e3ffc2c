"""The intent of rules for TCP and TLS connections, in one vocabulary for all kinds of objects that have such rules.

The package of each kind translates its rules into these values. The listeners of sidecars and gateways read them, and
know no kind.
"""

from collections.abc import Mapping

from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.resolve.routes.intent import Intent


class L4Match(Intent, frozen=True):
    """The conditions of a rule on connections, all of which must hold.

    Empty values and port 0 match everything. `sni_hosts` are the server names of TLS that passes through.
    """

    origin: Origin
    sni_hosts: tuple[str, ...] = ()
    destination_subnets: tuple[str, ...] = ()
    port: int = 0
    source_labels: Mapping[str, str] = {}
    source_namespace: str = ""
    gateways: tuple[str, ...] = ()


class L4Backend(Intent, frozen=True):
    """A service that gets connections, and its weight."""

    destination: Destination
    weight: int
    origin: Origin


class L4Route(Intent, frozen=True):
    """A rule: where connections go for which one of its matches holds."""

    matches: tuple[L4Match, ...]
    backends: tuple[L4Backend, ...]
    origin: Origin


class L4Routes(Intent, frozen=True):
    """The rules of one object, each group in order.

    `tls` rules are for TLS that passes through, `terminated_tls` for connections whose TLS a gateway terminates.
    `resource` is the path of the object in the Kubernetes API. `stat_prefix` names connections to weighted backends in
    statistics.
    """

    tls: tuple[L4Route, ...]
    terminated_tls: tuple[L4Route, ...]
    tcp: tuple[L4Route, ...]
    resource: str
    stat_prefix: str
