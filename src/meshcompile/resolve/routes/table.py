"""Resolved route configurations, from which `emit.routes` builds Envoy's messages."""

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.queries import Source
from meshcompile.resolve.routes.intent import RequestHash, Retry, RouteMatch, RouteRule
from meshcompile.values.names import ClusterName

Origins = tuple[Origin, ...]

# The domain of a virtual host for all hosts.
ANY_DOMAIN = "*"


class RuleRoute(Source, frozen=True):
    """One match of one rule, and what the rule does with the requests.

    `resource` is the path of the rule's object in the Kubernetes API. `operation` is the name of spans.
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
    """The route of a service without a rule. `retry` is None without retries."""

    cluster: ClusterName | str
    operation: str
    hash: RequestHash | None
    retry: Retry | None
    origins: Origins

    def __hash__(self) -> int:
        """Of what tells routes apart: where requests go."""
        return hash(self.cluster)


class LocalRoute(Struct, frozen=True):
    """The route of an inbound connection to the application. `operation` names its spans.

    `retries` is False for gRPC, whose streams they would break.
    """

    cluster: str
    operation: str
    retries: bool
    origins: Origins = ()


class PassthroughRoute(Struct, frozen=True):
    """Requests to unknown hosts go to their original destination, to an egress proxy, or to the host that they name."""

    cluster: str
    append_x_forwarded_host: bool
    name: str = "allow_any"


class BlackHoleRoute(Struct, frozen=True):
    """Requests to unknown hosts are refused."""


Route = RuleRoute | ServiceRoute | LocalRoute | PassthroughRoute | BlackHoleRoute
Routes = tuple[Route, ...]


class VirtualHost(Source, frozen=True):
    """Domains and their routes. Virtual hosts of one VirtualService share one tuple of routes."""

    name: str
    domains: tuple[str, ...]
    routes: Routes
    attempt_count: bool = False
    require_tls: bool = False
    origins: Origins = ()

    def __hash__(self) -> int:
        """The hash of the fields that distinguish virtual hosts."""
        return hash((self.name, self.domains))


class InlineRoutes(Struct, frozen=True):
    """The routes of a connection manager that has them in place, as one virtual host.

    `long_responses` allows direct responses as long as validation does. With `ignores_port`, the port in the host of a
    request does not count.
    """

    name: str
    virtual_host: VirtualHost
    long_responses: bool
    ignores_port: bool = False


class RouteTable(Source, frozen=True):
    """One route configuration. `virtual_hosts` is None for an unknown name.

    `findings` are about its rules and hosts.
    """

    name: str
    virtual_hosts: tuple[VirtualHost, ...] | None
    findings: tuple[Diagnostic, ...] = ()
