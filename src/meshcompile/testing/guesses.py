"""Requests that may reach a host, a server, a subset or a rule of a policy, guessed from their fields."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from meshcompile.explain.request import OUTSIDE, Request
from meshcompile.explain.world import World
from meshcompile.models.kubernetes.service import Service
from meshcompile.proxy import ProxyType
from meshcompile.testing.coverage import CoverageTarget

MOST_SENDERS = 5


def guesses(world: World, target: CoverageTarget) -> Iterator[Request]:
    """Requests that may reach a part, the likelier ones first."""
    value = _value(target)
    match target.what:
        case "host":
            yield from _to_hosts(world, [str(value)])
        case "server":
            yield from _to_hosts(world, [str(each).rpartition("/")[2] for each in value.get("hosts") or ()])
        case "policy rule":
            yield from _of_policy(world, target, value)
        case _:
            return


def _value(target: CoverageTarget) -> Any:
    value = target.origin.document.value
    for key in target.origin.path:
        value = value[key]
    return value


def _to_hosts(world: World, hosts: list[str]) -> Iterator[Request]:
    for host in hosts:
        name = "any.example.com" if host == "*" else host.replace("*", "any")
        for scheme in ("http", "https"):
            yield Request(url=f"{scheme}://{name}/")
        for sender in _senders(world):
            yield Request(url=f"http://{name}/", sender=sender)


def _senders(world: World) -> list[str]:
    """Some workloads, at most one of each namespace first."""
    sidecars = [proxy for proxy in world.mesh.proxies() if proxy.type is ProxyType.SIDECAR]
    first = {proxy.namespace: proxy for proxy in reversed(sidecars)}
    chosen = {proxy.id: proxy for proxy in (*first.values(), *sidecars)}
    return [world.name(proxy) for proxy in chosen.values()][:MOST_SENDERS]


def _of_policy(world: World, target: CoverageTarget, rule: Mapping[str, Any]) -> Iterator[Request]:
    """Requests with the first values of a policy's rule, to the Services of its workloads."""
    document = target.origin.document
    selector = document.value.get("spec", {}).get("selector", {}).get("matchLabels", {})
    operations = [each.get("operation", {}) for each in rule.get("to") or ()] or [{}]
    headers, claims = _conditions(rule)
    for service, operation, sender in product(
        _services(world, document.namespace, selector), operations, (*_sources(world, rule), OUTSIDE)
    ):
        host = f"{service.metadata.name}.{service.namespace}"
        port = next((f":{each.port}" for each in service.spec.ports if each.port != 80), "")
        yield Request(
            url=f"http://{host}{port}{_path(operation)}",
            sender=sender,
            method=str(_first(operation, "methods", "GET")),
            headers=headers,
            claims=claims,
        )


def _services(world: World, namespace: str, selector: Mapping[str, str]) -> list[Service]:
    """The Services of the workloads that a policy selects."""
    root = world.mesh.settings.mesh.root_namespace
    services = (each for each in world.mesh.objects if isinstance(each, Service))
    return [
        each
        for each in services
        if each.spec.selector
        and namespace in (each.namespace, root)
        and all(each.spec.selector.get(key, value) == value for key, value in selector.items())
    ][:MOST_SENDERS]


def _sources(world: World, rule: Mapping[str, Any]) -> list[str]:
    """Workloads that the `from` of a rule names come first."""
    sources = [each.get("source", {}) for each in rule.get("from") or ()]
    wanted = [str(text) for source in sources for key in ("principals", "namespaces") for text in source.get(key) or ()]
    sidecars = [proxy for proxy in world.mesh.proxies() if proxy.type is ProxyType.SIDECAR]
    named = [proxy for proxy in sidecars if proxy.namespace in wanted or _principal(world, proxy) in wanted]
    return list(dict.fromkeys((*(world.name(proxy) for proxy in named[:MOST_SENDERS]), *_senders(world))))


def _principal(world: World, proxy: Any) -> str:
    return world.identity(proxy).removeprefix("spiffe://")


def _path(operation: Mapping[str, Any]) -> str:
    path = str(_first(operation, "paths", "/")).replace("{**}", "any").replace("{*}", "any")
    return f"/any{path.removeprefix('*')}" if path.startswith("*") else path.replace("*", "")


def _first(operation: Mapping[str, Any], key: str, default: str) -> Any:
    return next(iter(operation.get(key) or ()), default)


def _conditions(rule: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], Mapping[str, Any] | None]:
    """The headers and the claims that the conditions of a rule ask for."""
    headers, claims = [], dict[str, Any]()
    for each in rule.get("when") or ():
        key, value = str(each.get("key", "")), str(_first(each, "values", ""))
        if key.startswith("request.headers[") and value:
            headers.append((key.partition("[")[2].rstrip("]"), value.replace("*", "any")))
        elif key.startswith("request.auth.claims[") and value:
            claims[key.partition("[")[2].partition("]")[0]] = value
    return tuple(headers), claims or None
