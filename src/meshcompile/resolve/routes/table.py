"""The pieces of a route configuration: what `emit.routes` makes Envoy messages of."""

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.queries import Source
from meshcompile.resolve.routes.intent import RequestHash, Retry, RouteMatch, RouteRule
from meshcompile.values.names import ClusterName

Origins = tuple[Origin, ...]

# The domain of a virtual host that takes every host.
ANY_DOMAIN = "*"


class RuleRoute(Source, frozen=True):
    """One match of one rule, and what the rule does with what it takes.

    `resource` is the path in the Kubernetes API of what has the rule, `operation` names the spans.
    """

    name: str
    match: RouteMatch
    rule: RouteRule
    resource: str
    operation: str
    stat_prefix: str
    origins: Origins

    def __hash__(self) -> int:
        """Of what tells routes apart: the match that they come from."""
        return hash((self.resource, self.origins))


class ServiceRoute(Struct, frozen=True):
    """The route of a service that no rule routes; `retry` is None where nothing is tried again."""

    cluster: ClusterName
    operation: str
    hash: RequestHash | None
    retry: Retry | None
    origins: Origins

    def __hash__(self) -> int:
        """Of what tells routes apart: where requests go."""
        return hash(self.cluster)


class PassthroughRoute(Struct, frozen=True):
    """Requests to unknown hosts go where the client sent them, or to the egress proxy: `cluster`."""

    cluster: str
    append_x_forwarded_host: bool


class BlackHoleRoute(Struct, frozen=True):
    """Requests to unknown hosts are refused."""


Route = RuleRoute | ServiceRoute | PassthroughRoute | BlackHoleRoute
Routes = tuple[Route, ...]


class VirtualHost(Struct, frozen=True):
    """Domains and their routes. Virtual hosts that share one VirtualService's routes share one tuple of them."""

    name: str
    domains: tuple[str, ...]
    routes: Routes
    attempt_count: bool = False
    require_tls: bool = False
    origins: Origins = ()

    def __hash__(self) -> int:
        """Of what tells virtual hosts apart."""
        return hash((self.name, self.domains))


class RouteTable(Source, frozen=True):
    """One route configuration; `virtual_hosts` is None when nothing answers to the name.

    `findings` is what there is to say about it.
    """

    name: str
    virtual_hosts: tuple[VirtualHost, ...] | None
    findings: tuple[Diagnostic, ...] = ()
