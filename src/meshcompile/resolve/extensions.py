"""The extensions in the filter chains of one proxy, and the configurations that its filters discover (ECDS).

Follows istiod's `TrafficExtensionsByListenerInfo` and `InsertedTrafficExtensionConfigurations`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from meshcompile.documents import Origin
from meshcompile.models.extensions.common import PluginType, TrafficSelector, WorkloadMode
from meshcompile.models.extensions.traffic_extension import ExecutionPhase, LuaConfig
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.queries import Key, query
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.security.policy_attachment import attaches
from meshcompile.snapshot.extensions import Extension, WasmModule
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot

__all__ = ["ExecutionPhase", "Extension", "Extensions", "LuaConfig", "WasmModule", "extensions", "listener_extensions"]


class ListenerExtension(msgspec.Struct, frozen=True):
    """An extension on the listeners of a traffic class. `ports` are their ports; None means all of them."""

    name: str
    script: str | None  # Lua; a Wasm module is discovered
    ports: frozenset[int] | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class PhasedExtensions:
    """The extensions of one filter type, by phase and in order. `ports` are those that any of them names."""

    by_phase: Mapping[ExecutionPhase, tuple[ListenerExtension, ...]] = field(default_factory=dict, hash=False)
    ports: frozenset[int] = frozenset()

    def on(self, phase: ExecutionPhase, port: int) -> tuple[ListenerExtension, ...]:
        """The extensions of a phase on a port."""
        return tuple(e for e in self.by_phase.get(phase, ()) if e.ports is None or port in e.ports)

    def on_port(self, port: int) -> Iterable[ListenerExtension]:
        """The extensions of every phase on a port."""
        return (extension for phase in self.by_phase for extension in self.on(phase, port))


class ListenerExtensions(msgspec.Struct, frozen=True):
    """The extensions of one traffic class of a proxy: HTTP filters and network filters."""

    http: PhasedExtensions = PhasedExtensions()
    network: PhasedExtensions = PhasedExtensions()


NO_EXTENSIONS = ListenerExtensions()


class ExtensionsKey(Key, frozen=True):
    """Extensions by namespace and name, and the traffic class of their listeners."""

    extensions: tuple[tuple[str, str], ...]
    traffic_class: TrafficClass


def listener_extensions(
    snapshot: Snapshot, proxy: Proxy, traffic_class: TrafficClass, services: tuple[Service, ...] = ()
) -> ListenerExtensions:
    """The extensions of a proxy, and those of the `services` behind a waypoint."""
    names = tuple((extension.namespace, extension.name) for extension in _attached(snapshot, proxy, services))
    return listed_extensions(snapshot, ExtensionsKey(names, traffic_class)) if names else NO_EXTENSIONS


@query
def listed_extensions(snapshot: Snapshot, key: ExtensionsKey) -> ListenerExtensions:
    """The extensions for the listeners of a traffic class."""
    named = (snapshot.extensions.named(*name) for name in key.extensions)
    attached = tuple(extension for extension in named if extension is not None)
    matched = [
        (extension, ports) for extension in attached if (ports := _ports(extension, key.traffic_class)) != frozenset()
    ]
    return ListenerExtensions(
        http=_phased(((e, ports) for e, ports in matched if not is_network(e)), snapshot.extensions.prefix),
        network=_phased(((e, ports) for e, ports in matched if is_network(e)), snapshot.extensions.prefix),
    )


def _attached(snapshot: Snapshot, proxy: Proxy, services: tuple[Service, ...]) -> Iterable[Extension]:
    """The extensions of the proxy's namespace, then of the root namespace, then of the services' namespaces."""
    index, root = snapshot.extensions, snapshot.mesh.root_namespace
    for namespace in dict.fromkeys((proxy.namespace, root, *(service.namespace for service in services))):
        for extension in index.by_namespace.get(namespace, ()):
            if attaches(extension.spec, namespace, proxy, root, services):
                yield extension


def is_network(extension: Extension) -> bool:
    """True for a network filter.

    Lua scripts filter HTTP. Wasm modules filter HTTP unless their type says otherwise.
    """
    return not isinstance(extension.code, LuaConfig) and extension.code.type is PluginType.NETWORK


def _ports(extension: Extension, traffic_class: TrafficClass) -> frozenset[int] | None:
    """The listener ports of a traffic class that an extension matches; None for all, empty for none."""
    if not extension.spec.match:
        return None
    ports: set[int] = set()
    for selector in extension.spec.match:
        if _concerns(selector, traffic_class):
            if not selector.ports:
                return None
            ports |= {port.number for port in selector.ports}
    return frozenset(ports - {0})


def _concerns(selector: TrafficSelector, traffic_class: TrafficClass) -> bool:
    """True when a mode matches the traffic class.

    Inbound traffic of a sidecar is SERVER. All other traffic, gateways included, is CLIENT.
    """
    served = traffic_class is TrafficClass.SIDECAR_INBOUND
    return selector.mode is not (WorkloadMode.CLIENT if served else WorkloadMode.SERVER)


def _phased(matched: Iterable[tuple[Extension, frozenset[int] | None]], prefix: str) -> PhasedExtensions:
    """The extensions by phase, highest priority first. The names of their filters begin with `prefix`."""
    phases: dict[ExecutionPhase, list[ListenerExtension]] = {}
    for extension, ports in sorted(matched, key=lambda m: -m[0].priority):
        script = extension.code.inline_code if isinstance(extension.code, LuaConfig) else None
        listed = ListenerExtension(resource_name(extension, prefix), script, ports, extension.origin)
        phases.setdefault(extension.phase, []).append(listed)
    listed_ports = (listed.ports or () for group in phases.values() for listed in group)
    return PhasedExtensions(
        by_phase={phase: tuple(group) for phase, group in phases.items()},
        ports=frozenset(port for ports in listed_ports for port in ports),
    )


def resource_name(extension: Extension, prefix: str) -> str:
    return f"{prefix}{extension.namespace}.{extension.name}"


# ---- the configurations that filters discover


class Extensions(msgspec.Struct, frozen=True):
    """The Wasm modules whose configurations the filters of one proxy discover."""

    modules: tuple[tuple[str, Extension, WasmModule], ...] = ()  # name of the resource


def extensions(snapshot: Snapshot, proxy: Proxy, names: Iterable[str]) -> Extensions:
    """The extensions with the names that filters discover.

    Extensions of other namespaces are available only to waypoints.
    """
    named = ((name, _named(snapshot, proxy, name)) for name in names)
    return Extensions(
        tuple(
            (name, extension, extension.code)
            for name, extension in named
            if extension is not None and not isinstance(extension.code, LuaConfig)
        )
    )


def _named(snapshot: Snapshot, proxy: Proxy, name: str) -> Extension | None:
    prefix = snapshot.extensions.prefix
    namespace, dot, plain = name.removeprefix(prefix).partition(".")
    if not dot or not name.startswith(prefix):
        return None
    allowed = (proxy.type is ProxyType.WAYPOINT and snapshot.behaviour.traffic_extensions) or namespace in (
        proxy.namespace,
        snapshot.mesh.root_namespace,
    )
    return snapshot.extensions.named(namespace, plain) if allowed else None
