"""The authorization of a filter chain as the set of requests that it lets pass.

    for chain, gate in gates(listener, extensions, tables):
        gate.admitted(gate.requests())

A request is assumed to have a valid token or none, since the proxy answers 401 to any other.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import TypeAlias

from msgspec import Struct

from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.config.rbac import RBAC
from meshcompile.envoy.config.route import Route, RouteConfiguration
from meshcompile.envoy.extensions.filters.http import rbac as http_rbac
from meshcompile.envoy.extensions.filters.http.ext_authz import ExtAuthz
from meshcompile.envoy.extensions.filters.http.header_mutation import HeaderMutation
from meshcompile.envoy.extensions.filters.http.jwt_authn import JwtAuthentication
from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.extensions.filters.network import rbac as network_rbac
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.message import Packed
from meshcompile.envoy.traversal import filter_chains
from meshcompile.simulate.http_filters import EVALUATORS, PASSING_TYPES, filter_configs
from meshcompile.simulate.http_rbac import FILTER as RBAC_FILTER
from meshcompile.simulate.jwt_authn import FILTER as TOKENS
from meshcompile.simulate.network_filters import PASSING
from meshcompile.simulate.network_filters import PASSING_TYPES as PASSING_NETWORK_TYPES
from meshcompile.simulate.string_match import is_typed_struct_of, type_name
from meshcompile.spaces import (
    ABSENT,
    EVERYTHING,
    Cube,
    OptionalText,
    Several,
    Space,
    Undecided,
    any_of,
    exactly,
    space,
)
from meshcompile.symbolic.header_lines import LINES
from meshcompile.symbolic.metadata import LIST, TEXT, place
from meshcompile.symbolic.rbac import admitted, policy_space, refused
from meshcompile.symbolic.rows import METHOD_NAMES
from meshcompile.symbolic.subjects import dimensions, universe

HTTP_ONLY = ("path", "method", "authority", "scheme", LINES, TEXT, LIST)
"""The first letters of dimensions that connections without HTTP do not have."""


NO_CONNECT = space(method=METHOD_NAMES)
NO_TABLE = RouteConfiguration()
Extensions: TypeAlias = Mapping[str, TypedExtensionConfig]
Tables: TypeAlias = Mapping[str, RouteConfiguration]


class Gate(Struct, frozen=True):
    """What a filter chain asks before it lets a request or a connection pass.

    `rules` are enforced in their order. `authorizers` are the configurations of external authorizers. `connects` says
    whether a route takes CONNECT requests. `problem` says why the chain cannot be expressed; "" if it can.
    """

    http: bool
    rules: tuple[RBAC, ...] = ()
    tokens: JwtAuthentication | None = None
    authorizers: tuple[ExtAuthz, ...] = ()
    connects: bool = False
    problem: str = ""

    def dimensions(self) -> set[str]:
        """The dimensions in which the rules have conditions."""
        return dimensions(policy_space(policy) for each in self.rules for policy in each.policies.values())

    def requests(self, others: Iterable[str] = ()) -> Space:
        """Everything that can come to the chain, as far as its rules and some other dimensions go.

        Raises:
            Undecided: The chain cannot be expressed.
        """
        if self.problem:
            raise Undecided(self.problem)
        used = self.dimensions() | set(others)
        if self.http:
            return universe(used) & _with_tokens(self.tokens, used) & (EVERYTHING if self.connects else NO_CONNECT)
        if asked := sorted(name for name in used if name.startswith(HTTP_ONLY)):
            raise Undecided(f"rules for connections ask for `{asked[0]}`")
        return universe(used)

    def admitted(self, requests: Space) -> Space:
        """The requests of a space that pass all rules. External authorizers are assumed to agree."""
        return reduce(lambda passing, each: admitted(each, passing), self.rules, requests)

    def refused(self, requests: Space) -> Space:
        """The requests of a space that some rules refuse, as cubes that can overlap."""
        return any_of(refused(each, requests) for each in self.rules)


def gates(listener: Listener, extensions: Extensions, tables: Tables) -> Iterator[tuple[FilterChain, Gate]]:
    """The filter chains of a listener with what they ask. `extensions` and `tables` are those that are discovered."""
    for chain in filter_chains(listener):
        yield chain, gate(chain, extensions, tables)


def gate(chain: FilterChain, extensions: Extensions, tables: Tables) -> Gate:
    """What a filter chain asks."""
    rules: list[RBAC] = []
    for each in chain.filters:
        match each.typed_config:
            case HttpConnectionManager() as manager:
                return _http_gate(manager, _table(manager, tables), extensions, tuple(rules))
            case TcpProxy():
                return Gate(False, tuple(rules))
            case network_rbac.RBAC(matcher=None, rules=found):
                rules += filter(None, [found])
            case config if isinstance(config, PASSING) or is_typed_struct_of(config, PASSING_NETWORK_TYPES):
                pass
            case config:
                return Gate(False, problem=f"the network filter {each.name} ({type_name(config)}) is not evaluated")
    return Gate(False, tuple(rules), problem="the filter chain has no filter that answers")


def _http_gate(
    manager: HttpConnectionManager, table: RouteConfiguration, extensions: Extensions, before: tuple[RBAC, ...]
) -> Gate:
    rules, tokens, authorizers, problem = list(before), None, [], _own_rules_of_routes(table)
    for each in filter_configs(manager.http_filters, extensions, ""):
        match each.config:
            case http_rbac.RBAC(matcher=None, rules=found):
                rules += filter(None, [found])
            case JwtAuthentication() as found if not rules and tokens is None:
                tokens, problem = found, problem or _problem_of_tokens(found)
            case ExtAuthz() as found:
                authorizers.append(found)
            case config if not _is_harmless(config):
                problem = problem or f"the HTTP filter {each.name} ({type_name(config)}) is not expressed"
            case _:
                pass
    return Gate(True, tuple(rules), tokens, tuple(authorizers), _connects(table), problem)


def table_of(chain: FilterChain, tables: Tables) -> RouteConfiguration:
    """The route table of a filter chain; an empty one for a chain without HTTP."""
    managers = (each.typed_config for each in chain.filters)
    manager = next((each for each in managers if isinstance(each, HttpConnectionManager)), None)
    return NO_TABLE if manager is None else _table(manager, tables)


def _table(manager: HttpConnectionManager, tables: Tables) -> RouteConfiguration:
    name = manager.rds.route_config_name if manager.rds is not None else ""
    return manager.route_config or tables.get(name, NO_TABLE)


def _connects(table: RouteConfiguration) -> bool:
    routes = (route for host in table.virtual_hosts for route in host.routes)
    return any(route.match is not None and route.match.connect_matcher is not None for route in routes)


def _is_harmless(config: Packed | None) -> bool:
    """Whether a filter neither changes requests nor lets requests pass that others refuse."""
    if isinstance(config, HeaderMutation | http_rbac.RBAC | JwtAuthentication):
        return False
    return config is None or isinstance(config, (Router, *EVALUATORS)) or is_typed_struct_of(config, PASSING_TYPES)


def _own_rules_of_routes(table: RouteConfiguration) -> str:
    """The problem of routes with rules of their own; "" if there are none."""
    configs = (
        level for host in table.virtual_hosts for level in (host.typed_per_filter_config, *map(_of_route, host.routes))
    )
    own = any(RBAC_FILTER in each for each in configs)
    return "a route has rules of its own" if own else ""


def _of_route(route: Route) -> Mapping[str, Packed]:
    return route.typed_per_filter_config


def _problem_of_tokens(config: JwtAuthentication) -> str:
    """The problem of claims that become headers, which rules could ask for; "" if there are none."""
    providers = config.providers.values()
    copied = any(each.forward_payload_header or each.claim_to_headers for each in providers)
    return "claims of tokens become headers" if copied else ""


def _with_tokens(config: JwtAuthentication | None, used: Iterable[str]) -> Space:
    """The requests whose token, if there is one, comes from an issuer that the proxy knows."""
    asked = sorted(name for name in used if name.startswith((f"{TEXT}{TOKENS}/", f"{LIST}{TOKENS}/")))
    if not asked:
        return EVERYTHING
    without = space({name: _nothing(name) for name in asked})
    if config is None:
        return without
    issuers = frozenset(each.issuer for each in config.providers.values())
    names = (place(TOKENS, (each.payload_in_metadata, "iss")) for each in config.providers.values())
    known = {f"{TEXT}{name}": OptionalText(exactly(*issuers)) for name in names}
    some = {name: values for name, values in known.items() if name in asked}
    return any_of((without, space(some))) if some and "" not in issuers else EVERYTHING


def _nothing(name: str) -> OptionalText | Several:
    return ABSENT if name.startswith(TEXT) else Several((), absent=True)


def without_tokens(requests: Space) -> Space:
    """The requests of a space that have no token, without any condition on tokens."""
    made = []
    for cube in requests.cubes:
        kept = tuple((name, values) for name, values in cube.conditions if not name.startswith((TEXT, LIST)))
        claims = (values for name, values in cube.conditions if name.startswith((TEXT, LIST)))
        if all(values.accepts(None) for values in claims):
            made.append(Cube(kept))
    return Space(tuple(made))
