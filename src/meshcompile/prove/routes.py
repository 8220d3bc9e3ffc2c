"""Routes without the timeout or the retries that a statement asks for."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.route import RetryPolicy, Route, RouteAction, RouteConfiguration, VirtualHost
from meshcompile.envoy.message import source_map
from meshcompile.envoy.traversal import forwarded_to
from meshcompile.errors import InvalidArgument
from meshcompile.explain.explanation import explanation
from meshcompile.explain.request import Request as ExplainedRequest
from meshcompile.explain.world import World
from meshcompile.models.statements import AlwaysStatement, RoutePolicy
from meshcompile.prove.arrivals import Doubt
from meshcompile.prove.results import Violation
from meshcompile.prove.servers import CalledService
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.spaces import Proved, Refuted, Unknown
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.requests import http_request
from meshcompile.values.durations import Duration

WRITTEN = ("VirtualService", "HTTPRoute", "GRPCRoute", "Ingress")
"""The kinds of objects that say what a route does."""
REQUIRED = "required"
DEFAULT_TIMEOUT = 15.0
Broken: TypeAlias = Callable[[RouteAction, VirtualHost], str]
"""What a route lacks, in words; "" for nothing."""


class RouteOfProxy(Struct, frozen=True):
    """A route of a proxy."""

    config: Config
    table: RouteConfiguration
    host: VirtualHost
    index: int

    @property
    def route(self) -> Route:
        return self.host.routes[self.index]

    @property
    def places(self) -> tuple[Origin, ...]:
        """The places that the route comes from, the innermost first."""
        return tuple(sorted(source_map(self.route).get("", ()), key=lambda origin: -len(origin.path)))

    @property
    def is_written(self) -> bool:
        """Whether an object asks for the route."""
        return any(place.document.kind in WRITTEN for place in self.places)


def routes_of(configs: Iterable[Config]) -> Iterator[RouteOfProxy]:
    """The routes of some proxies that forward requests, each virtual host once."""
    seen: set[VirtualHost] = set()
    for config in configs:
        for table in config.routes:
            for host in table.virtual_hosts:
                if host not in seen:
                    seen.add(host)
                    yield from (RouteOfProxy(config, table, host, i) for i, r in enumerate(host.routes) if r.route)


def broken(
    world: World, proxies: Iterable[Proxy], wanted: CalledService | None, lacks: Broken
) -> Iterator[Violation | Doubt]:
    """The routes that lack something: all that objects ask for, or those to a service."""
    configs = (world.evaluated(proxy)[0] for proxy in proxies)
    found: dict[Origin | str, Violation | Doubt] = {}
    for each in routes_of(configs):
        if (each.is_written if wanted is None else _leads_to(each.route.route, wanted)) and (
            missing := lacks(each.route.route or RouteAction(), each.host)
        ):
            violation = _violation(world, each, missing)
            if violation is not None:
                found.setdefault(each.places[0] if each.places else each.host.name, violation)
    yield from found.values()


def _leads_to(action: RouteAction | None, wanted: CalledService) -> bool:
    if action is None:
        return False
    parts = [name.split("|", 3) for name in forwarded_to(action)]
    named = [each for each in parts if len(each) == 4 and each[3] == wanted.service.hostname]
    return any(wanted.port in (None, int(each[1] or 0)) for each in named)


def _violation(world: World, each: RouteOfProxy, missing: str) -> Violation | Doubt | None:
    """The violation of a route, with a request that takes it; None if no request does."""
    name = world.name(each.config.proxy)
    text = f"a route of {name} to {each.host.domains[0]} {missing}"
    match HostTable(each.host, each.table).unreachable(each.index):
        case Proved():
            return None
        case Refuted(witness):
            return Violation(text, _request(world, each, name, dict(witness)), each.places)
        case Unknown(reason):
            return Doubt(f"{text}, and {reason}")


def _request(world: World, each: RouteOfProxy, name: str, witness: dict[str, Any]) -> dict[str, Any] | None:
    """A request that takes the route, as plain data; None if its explanation does not take it."""
    sent = http_request(witness, _domain(each.host))
    headers = {"headers": dict(sent.headers)} if sent.headers else {}
    sender = "outside" if each.config.proxy.type is ProxyType.ROUTER else name
    data = {"from": sender, "method": sent.method, "url": f"http://{sent.authority}{sent.path}", **headers}
    trace = explanation(world, ExplainedRequest.from_dict(data))
    taken = {place for hop in trace.hops for step in hop.steps if step.what == "route" for place in step.places}
    return data if not each.places or not taken.isdisjoint(each.places) else None


def _domain(host: VirtualHost) -> str:
    named = (domain for domain in host.domains if "*" not in domain)
    return next(named, host.domains[0].replace("*", "any") if host.domains[0] != "*" else "any.example")


def lacking(policy: RoutePolicy) -> Broken:
    """What a route lacks that has no timeout, or no retries."""
    return _without_timeout if policy is RoutePolicy.TIMEOUT else _without_retries


def limits(statement: AlwaysStatement) -> Iterator[Broken]:
    """What a route lacks of the timeout and the retries that a statement asks for.

    Raises:
        InvalidArgument: A limit is neither `required` nor a duration, or a number.
    """
    if statement.timeout == REQUIRED:
        yield _without_timeout
    elif statement.timeout:
        yield _longer_than(_seconds(statement.timeout))
    if statement.retries == REQUIRED:
        yield _without_retries
    elif statement.retries != "":
        yield _more_than(_number(statement.retries))


def _seconds(text: str) -> float:
    try:
        return Duration.parse(text).seconds
    except ValueError:
        raise InvalidArgument(f"`timeout: {text}`: expected `required` or a duration such as `10s`") from None


def _number(value: str | int) -> int:
    if isinstance(value, int) or value.isdecimal():
        return int(value)
    raise InvalidArgument(f"`retries: {value}`: expected `required` or a number")


def timeout_of(action: RouteAction) -> float | None:
    """The timeout of a route in seconds; None if it has none."""
    if action.timeout is None:
        return DEFAULT_TIMEOUT
    return float(action.timeout.removesuffix("s")) or None


def retries_of(action: RouteAction, host: VirtualHost) -> int:
    """The number of tries of a route after the first one."""
    policy: RetryPolicy | None = action.retry_policy or host.retry_policy
    if policy is None or not policy.retry_on:
        return 0
    return 1 if policy.num_retries is None else policy.num_retries


def _without_timeout(action: RouteAction, _: VirtualHost) -> str:
    return "has no timeout" if timeout_of(action) is None else ""


def _without_retries(action: RouteAction, host: VirtualHost) -> str:
    return "" if retries_of(action, host) else "has no retries"


def _longer_than(limit: float) -> Broken:
    def lacks(action: RouteAction, _: VirtualHost) -> str:
        found = timeout_of(action)
        return "has no timeout" if found is None else f"has a timeout of {found:g}s" if found > limit else ""

    return lacks


def _more_than(limit: int) -> Broken:
    def lacks(action: RouteAction, host: VirtualHost) -> str:
        found = retries_of(action, host)
        return f"is tried again {found} times" if found > limit else ""

    return lacks
