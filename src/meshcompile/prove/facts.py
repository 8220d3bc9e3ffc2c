"""The compiled facts of a mesh, for rules in CEL. schemas/facts.json describes them, and they are stable.

| facts | one for each |
|---|---|
| `hosts` | host of a Service or a ServiceEntry |
| `routes` | route of a VirtualService, an HTTPRoute, a GRPCRoute or an Ingress, at the first proxy that has it |
| `exposures` | port of a Gateway |
| `policies` | AuthorizationPolicy |
| `workloads` | workload with a proxy |
| `objects` | accepted object, as it is written |
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.route import RouteMatch
from meshcompile.envoy.traversal import forwarded_to, mirrored_to
from meshcompile.explain.world import World
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.models.networking.gateway import Gateway
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.prove.routes import RouteOfProxy, retries_of, routes_of, timeout_of
from meshcompile.symbolic.gates import gates


class CompiledFact(Struct, frozen=True):
    """A fact as plain data, and the place that it comes from."""

    data: Mapping[str, Any]
    origin: Origin


class KnownFacts:
    """The facts of a mesh, which are found when they are asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def by_name(self) -> Mapping[str, tuple[CompiledFact, ...]]:
        """All facts by name."""
        world = self._world
        configs = [world.evaluated(each.proxy)[0] for each in world.mesh.named_proxies]
        policies = {each.proxy.id: _policies_of(each) for each in configs}
        return {
            "hosts": tuple(_hosts(world)),
            "routes": tuple(_routes(world, configs)),
            "exposures": tuple(_exposures(world)),
            "policies": tuple(_policies(world, policies)),
            "workloads": tuple(_workloads(world, policies)),
            "objects": tuple(_objects(world)),
        }

    @cached_property
    def data(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """The facts as plain data."""
        return {name: [each.data for each in several] for name, several in self.by_name.items()}


def _fact(origin: Origin, **data: Any) -> CompiledFact:
    return CompiledFact({**data, "file": origin.file, "line": origin.line}, origin)


def _hosts(world: World) -> Iterator[CompiledFact]:
    for service in world.snapshot.services.all:
        ports = [{"number": each.number, "name": each.name, "protocol": str(each.protocol)} for each in service.ports]
        yield _fact(
            service.origin,
            host=service.hostname,
            namespace=service.namespace,
            registry=service.registry.name.lower(),
            external=service.mesh_external,
            ports=ports,
        )


def _routes(world: World, configs: list[Config]) -> Iterator[CompiledFact]:
    seen: set[Origin] = set()
    for each in routes_of(configs):
        if each.is_written and each.places[0] not in seen:
            seen.add(each.places[0])
            yield _route(world, each)


def _route(world: World, each: RouteOfProxy) -> CompiledFact:
    action, document = each.route.route, each.places[0].document
    assert action is not None  # routes that forward requests
    return _fact(
        each.places[0],
        kind=document.kind,
        namespace=document.namespace,
        name=document.name,
        route=each.route.name,
        proxy=world.name(each.config.proxy),
        domains=list(each.host.domains),
        path=_path(each.route.match or RouteMatch()),
        clusters=list(forwarded_to(action)),
        mirrors=list(mirrored_to(action)),
        timeout=timeout_of(action),
        retries=retries_of(action, each.host),
    )


def _path(match: RouteMatch) -> str:
    """The condition on the path: `exact:/a`, `prefix:/a`, `regex:/a.*`; "" for another one."""
    match match:
        case RouteMatch(path=str(path)):
            return f"exact:{path}"
        case RouteMatch(prefix=str(path)) | RouteMatch(path_separated_prefix=str(path)):
            return f"prefix:{path}"
        case RouteMatch(safe_regex=expression) if expression is not None:
            return f"regex:{expression.regex}"
        case _:
            return ""


def _exposures(world: World) -> Iterator[CompiledFact]:
    for each in world.mesh.objects:
        match each:
            case Gateway():
                for server in each.spec.servers:
                    yield _fact(
                        server.origin,
                        kind=each.kind,
                        namespace=each.namespace,
                        name=each.name,
                        port=server.port.number,
                        protocol=server.port.protocol.upper(),
                        hosts=[host.rpartition("/")[2] for host in server.hosts],
                        tls=str(server.tls.mode) if server.tls is not None else None,
                    )
            case KubernetesGateway():
                for listener in each.spec.listeners:
                    yield _fact(
                        listener.origin,
                        kind="Gateway",
                        namespace=each.namespace,
                        name=each.name,
                        port=listener.port,
                        protocol=str(listener.protocol).upper(),
                        hosts=[str(listener.hostname or "*")],
                        tls=str(listener.tls.mode) if listener.tls is not None else None,
                    )
            case _:
                pass


Attached = Mapping[str, tuple[str, ...]]
"""The policies of a workload, as `NAMESPACE/NAME`, by the id of its proxy."""


def _policies_of(config: Config) -> tuple[str, ...]:
    """The AuthorizationPolicies whose rules a proxy enforces, as `NAMESPACE/NAME`."""
    extensions, tables = {each.name: each for each in config.extensions}, {each.name: each for each in config.routes}
    names = (
        name
        for listener in config.listeners
        for _, gate in gates(listener, extensions, tables)
        for rules in gate.rules
        for name in rules.policies
    )
    return tuple(sorted({_policy(name) for name in names} - {""}))


def _policy(rule: str) -> str:
    """The policy of a rule: `shop/readers` of `ns[shop]-policy[readers]-rule[0]`."""
    namespace, _, rest = rule.removeprefix("ns[").partition("]-policy[")
    name, found, _ = rest.partition("]-rule[")
    return f"{namespace}/{name}" if found else ""


def _policies(world: World, attached: Attached) -> Iterator[CompiledFact]:
    for each in world.mesh.objects:
        if isinstance(each, AuthorizationPolicy):
            name = f"{each.namespace}/{each.name}"
            proxies = (one.proxy for one in world.mesh.named_proxies if name in attached[one.proxy.id])
            yield _fact(
                each.origin,
                namespace=each.namespace,
                name=each.name,
                action=str(each.spec.action),
                rules=len(each.spec.rules),
                workloads=sorted({world.name(proxy) for proxy in proxies}),
            )


def _workloads(world: World, attached: Attached) -> Iterator[CompiledFact]:
    seen: set[str] = set()
    for each in world.mesh.named_proxies:
        proxy = each.proxy
        if (name := world.name(proxy)) not in seen:
            seen.add(name)
            yield _fact(
                each.pod.origin,
                name=name,
                namespace=proxy.namespace,
                type=str(proxy.type),
                labels=dict(proxy.labels),
                identity=world.identity(proxy),
                policies=list(attached[proxy.id]),
            )


def _objects(world: World) -> Iterator[CompiledFact]:
    for each in world.mesh.objects:
        value = each.origin.document.value
        written = dict(value) if isinstance(value, Mapping) and value.get("kind") == each.kind else {}
        metadata = {**written.get("metadata", {}), "namespace": each.namespace, "name": each.name}
        data = {"spec": {}, **written, "kind": each.kind, "apiVersion": each.api_version, "metadata": metadata}
        yield _fact(each.origin, **data)
