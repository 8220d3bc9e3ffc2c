"""VirtualServices, and what becomes one: its hosts, who wins them, and which of its rules are used."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.usage import full_name, names
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.documents import Document, Origin
from meshcompile.models.base import Resource
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.snapshot.virtual_services import MergedVirtualService

RULES = ("http", "tls", "tcp", "rules")
"""The lists of rules: those of VirtualServices, and those of the routes of the Gateway API."""


def merged_of(world: DescribedWorld, document: Document) -> tuple[MergedVirtualService, ...]:
    """The VirtualServices that an object is, or becomes."""
    return tuple(each for each in world.snapshot.virtual_services.all if each.origin.document is document)


def hosts(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """For each host and gateway, who else wants the host and who wins."""
    for merged in merged_of(world, resource.origin.document):
        for gateway in merged.gateways:
            for host in merged.hosts:
                yield _host(world, merged, gateway, host)


def _host(world: DescribedWorld, merged: MergedVirtualService, gateway: str, host: str) -> DescribedFact:
    on = "in the mesh" if gateway == MESH_GATEWAY else f"at gateway {gateway}"
    contenders = tuple(_contenders(world, merged, gateway, host))
    if gateway != MESH_GATEWAY and not any(each.full_name == gateway for each in world.snapshot.gateways.all):
        return DescribedFact(f"{host} {on}: there is no such gateway", merged.origin, problem=True)
    if len({each.origin.document for each in contenders} - {merged.origin.document}) == 0:
        return DescribedFact(f"{host} {on}: no other object wants it", _host_place(merged, host))
    details = tuple(_winners(world, merged, gateway, host))
    loses = any(each.problem for each in details)
    return DescribedFact(f"{host} {on}: wanted by {len(contenders)} objects", _host_place(merged, host), loses, details)


def _host_place(merged: MergedVirtualService, host: str) -> Origin:
    written = (
        merged.origin.document.value.get("spec", {}).get(
            "hosts" if merged.origin.document.kind != "HTTPRoute" else "hostnames"
        )
        or ()
    )
    index = next((i for i, each in enumerate(written) if each == host or host.startswith(f"{each}.")), None)
    return merged.origin if index is None else merged.origin.at("spec", "hosts", index)


def _contenders(
    world: DescribedWorld, merged: MergedVirtualService, gateway: str, host: str
) -> Iterator[MergedVirtualService]:
    for each in world.snapshot.virtual_services.all:
        if gateway in each.gateways and host in each.hosts:
            yield each


def _winners(world: DescribedWorld, merged: MergedVirtualService, gateway: str, host: str) -> Iterator[DescribedFact]:
    """The order in which the objects hold, by the namespaces of the proxies that see the same order."""
    for namespaces, order in _orders(world, gateway, host):
        first, *others = order
        where = ", ".join(namespaces)
        if gateway != MESH_GATEWAY:
            listed = ", then ".join(map(full_name, order))
            yield DescribedFact(f"proxies in {where}: {listed}; the first rule that matches holds", first.origin)
            continue
        lost = merged in others
        yield DescribedFact(
            f"clients in {where}: {full_name(first)} holds" + ("; this one has no effect there" if lost else ""),
            first.origin,
            lost,
        )


def _orders(
    world: DescribedWorld, gateway: str, host: str
) -> Iterable[tuple[list[str], tuple[MergedVirtualService, ...]]]:
    found: dict[tuple[str, ...], tuple[list[str], tuple[MergedVirtualService, ...]]] = {}
    for namespace in sorted({each.proxy.namespace for each in _readers(world, gateway)}):
        every = world.snapshot.virtual_services.for_gateway(namespace, gateway)
        order = tuple(each for each in every if host in each.hosts)
        if order:
            key = tuple(str(id(each)) for each in order)
            found.setdefault(key, ([], order))[0].append(namespace)
    return found.values()


def _readers(world: DescribedWorld, gateway: str) -> Iterator[RunningProxy]:
    for each in world.proxies:
        if each.proxy.is_sidecar if gateway == MESH_GATEWAY else gateway in each.facts.gateway.gateways:
            yield each


def rules(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """Each rule: what it matches, where it leads, and which proxies use it."""
    document = resource.origin.document
    covered = {each.places[0]: each.covered_by for each in world.unreachable if each.places}
    for key in RULES:
        for index, rule in enumerate(document.value.get("spec", {}).get(key) or ()):
            yield _rule(world, Origin(document, ("spec", key, index)), rule, covered)


def _rule(
    world: DescribedWorld,
    origin: Origin,
    rule: Mapping[str, Any],
    covered: Mapping[Origin, tuple[tuple[Origin, ...], ...]],
) -> DescribedFact:
    using = [each for each in world.proxies if _uses(world, each, origin)]
    text = f"{origin.field.removeprefix('spec.')}: {matches(rule)} -> {action(rule)}"
    by = next((by for place, by in covered.items() if _within(place, origin)), None)
    if by is not None:
        earlier = next((each[0] for each in by if each), None)
        return DescribedFact(f"{text}; no request reaches it, earlier rules take all", origin, True, _earlier(earlier))
    if not using and world.proxies:
        return DescribedFact(f"{text}; no proxy uses it", origin, problem=True)
    return DescribedFact(f"{text}; used by {names(using)}" if using else text, origin)


def _uses(world: DescribedWorld, running: RunningProxy, rule: Origin) -> bool:
    return any(_within(place, rule) for place in world.places_in(running.proxy, rule.document))


def _earlier(origin: Origin | None) -> tuple[DescribedFact, ...]:
    return () if origin is None else (DescribedFact("the rule that takes them", origin),)


def _within(place: Origin, outer: Origin) -> bool:
    return place.document is outer.document and place.path[: len(outer.path)] == outer.path


def matches(rule: Mapping[str, Any]) -> str:
    """The conditions of a rule in words; `all` without any."""
    listed = rule.get("match") or rule.get("matches") or ()
    return " or ".join(_match(each) for each in listed[:2]) + (" or ..." if len(listed) > 2 else "") or "all"


def _match(match: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_value(value)}" for key, value in match.items() if key != "name") or "all"


def _value(value: Any) -> str:
    match value:
        case {"type": kind, "value": text}:
            return f"{kind} {text}"
        case dict():
            return " ".join(f"{key} {_value(each)}" for key, each in value.items())
        case list():
            return ", ".join(map(_value, value))
        case _:
            return str(value)


def action(rule: Mapping[str, Any]) -> str:
    """What a rule does in words."""
    for key in ("redirect", "directResponse", "delegate"):
        if key in rule:
            return f"{key} {_value(rule[key])}"
    routes = [each for each in (rule.get("route") or rule.get("backendRefs") or ()) if isinstance(each, dict)]
    return ", ".join(map(_destination, routes)) or "nothing"


def _destination(route: Mapping[str, Any]) -> str:
    to = route.get("destination", route)
    name = to.get("host") or to.get("name") or "?"
    subset = f" {to['subset']}" if "subset" in to else ""
    weight = f" ({route['weight']})" if "weight" in route else ""
    return f"{name}{subset}{weight}"
