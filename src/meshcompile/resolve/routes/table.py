"""The pieces of a route configuration: what `emit.routes` makes Envoy messages of."""

from dataclasses import dataclass, field

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.destination_rule import ConsistentHashLB
from meshcompile.models.networking.virtual_service import (
    HTTPDirectResponse,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRetry,
    HTTPRoute,
    HTTPRouteDestination,
    Percent,
)
from meshcompile.names import ClusterName
from meshcompile.queries import Source
from meshcompile.source import Origin

Origins = tuple[Origin, ...]

# The domain of a virtual host that takes every host.
ANY_DOMAIN = "*"


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster that requests go to; `destination` says its weight and what happens to headers on the way."""

    cluster: ClusterName
    destination: HTTPRouteDestination


@dataclass(frozen=True, slots=True)
class Mirror:
    """A cluster that gets a copy of requests: all of them, a percentage, or the old integer percentage."""

    cluster: ClusterName
    percentage: Percent | int


@dataclass(frozen=True, slots=True)
class Forward:
    """Requests go on: to one target, or to several by weight.

    `hash_policies` choose the endpoint. `retry` is None for the default policy. `keeps_host`: retries stay with the
    endpoint that the hash chose.
    """

    targets: tuple[Target, ...]
    mirrors: tuple[Mirror, ...]
    hash_policies: tuple[ConsistentHashLB, ...]
    retry: HTTPRetry | None
    keeps_host: bool
    append_x_forwarded_host: bool
    weighted: bool


@dataclass(frozen=True, slots=True)
class Redirect:
    """Requests are answered with a redirect; `port` is 0 when the URL needs none."""

    redirect: HTTPRedirect
    port: int


Action = Forward | Redirect | HTTPDirectResponse


@dataclass(frozen=True, slots=True)
class RuleRoute:
    """One match of one HTTP rule of a VirtualService.

    `resource` is the path of the VirtualService in the Kubernetes API, `operation` names the spans.
    `whole_segments`: a prefix ends at a `/`, as in an Ingress.
    """

    rule: HTTPRoute
    match: HTTPMatchRequest | None
    action: Action
    resource: str
    operation: str
    whole_segments: bool
    origins: Origins = field(repr=False)

    def __hash__(self) -> int:
        """Of what tells routes apart: the match that they come from."""
        return hash((self.resource, self.origins))


@dataclass(frozen=True, slots=True)
class ServiceRoute:
    """The route of a service that no VirtualService routes."""

    cluster: ClusterName
    operation: str
    hash_policy: ConsistentHashLB | None
    retry: HTTPRetry | None
    origins: Origins = field(repr=False)

    def __hash__(self) -> int:
        """Of what tells routes apart: where requests go."""
        return hash(self.cluster)


@dataclass(frozen=True, slots=True)
class PassthroughRoute:
    """Requests to unknown hosts go where the client sent them, or to the egress proxy: `cluster`."""

    cluster: str
    append_x_forwarded_host: bool


@dataclass(frozen=True, slots=True)
class BlackHoleRoute:
    """Requests to unknown hosts are refused."""


Route = RuleRoute | ServiceRoute | PassthroughRoute | BlackHoleRoute
Routes = tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """Domains and their routes. Virtual hosts that share one VirtualService's routes share one tuple of them."""

    name: str
    domains: tuple[str, ...]
    routes: Routes
    attempt_count: bool = False
    require_tls: bool = False
    origins: Origins = field(default=(), repr=False)

    def __hash__(self) -> int:
        """Of what tells virtual hosts apart."""
        return hash((self.name, self.domains))


@dataclass(frozen=True)
class RouteTable(Source):
    """One route configuration; `virtual_hosts` is None when nothing answers to the name.

    `findings` is what there is to say about it.
    """

    name: str
    virtual_hosts: tuple[VirtualHost, ...] | None
    findings: tuple[Diagnostic, ...] = field(default=(), repr=False)
