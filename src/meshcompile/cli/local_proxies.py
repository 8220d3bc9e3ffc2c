"""The Envoys of `meshcompile run`: one proxy, or all of a mesh, each with its files and a process."""

from __future__ import annotations

import argparse
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from meshcompile.cli.bootstrap_options import bootstrap_of
from meshcompile.cli.inputs import compiled
from meshcompile.config import Config
from meshcompile.errors import InvalidArgument
from meshcompile.explain.names import destination
from meshcompile.explain.request import Given
from meshcompile.explain.world import World
from meshcompile.mesh import Mesh
from meshcompile.output.bootstrap import Bootstrap
from meshcompile.output.file_xds import xds_files
from meshcompile.proxy import Proxy
from meshcompile.running.echo import EchoApp, echo_server
from meshcompile.running.envoy_process import EnvoyProcess, running_envoy
from meshcompile.running.loopback import (
    OUTBOUND_PORT,
    LoopbackPlace,
    endpoint_map,
    inbound_ports,
    local_port,
    on_loopback,
)
from meshcompile.serve.xds_folder import FolderChange, FolderFile, replace_files

MOST_PROXIES = 100
"""More Envoys would need gigabytes of memory."""
NETWORKS = range(20, 120)
GUARDED_PORT = 15999
"""The port that a run of a mesh occupies at the first address of its network, so that another run takes another one."""
WORDS = {"cds": "clusters", "lds": "listeners", "rds": "routes", "eds": "endpoints", "sds": "secrets"}


@dataclass(frozen=True, slots=True)
class LocalBootstrap:
    """A proxy to run: its configuration, and its bootstrap for this machine."""

    config: Config
    static: Bootstrap


@dataclass(frozen=True, slots=True)
class OneProxy:
    """One proxy, at the ports of its Pod."""

    options: argparse.Namespace
    wanted: Proxy | str

    def bootstraps(self, mesh: Mesh) -> Iterable[LocalBootstrap]:
        config = compiled(mesh, self.wanted)
        own = [f"{wildcard}={self.options.address}" for wildcard in ("0.0.0.0", "::")]
        options = argparse.Namespace(**{**vars(self.options), "listen": [*own, *self.options.listen]})
        yield LocalBootstrap(config, bootstrap_of(config, options, mesh.settings.mesh.trust_domain))

    def serve(self, mesh: Mesh, stack: ExitStack) -> list[str]:
        return []


@dataclass(slots=True)
class WholeMesh:
    """All proxies of a mesh. `places` are those of the Pods by address, which stay when others come and go."""

    options: argparse.Namespace
    folder: Path
    network: int = 0
    places: dict[str, LoopbackPlace] = field(default_factory=dict)
    ports: dict[str, set[int]] = field(default_factory=dict)
    serving: set[tuple[str, int]] = field(default_factory=set)
    world: World | None = None

    def bootstraps(self, mesh: Mesh) -> Iterable[LocalBootstrap]:
        world = self.world = World(mesh)
        configs = tuple(mesh.compile_all())
        if len(configs) > MOST_PROXIES:
            raise InvalidArgument(f"the mesh has {len(configs)} proxies, and --mesh runs at most {MOST_PROXIES}")
        for address in (*world.proxies, *world.pods):
            self.places.setdefault(address, LoopbackPlace.of(self.network, len(self.places)))
        endpoints = tuple(_pod_ports(configs))
        moved = endpoint_map(self.places, frozenset(world.proxies), endpoints)
        self.ports = {address: {port for pod, port in endpoints if pod == address} for address, _ in endpoints}
        for config in configs:
            self.ports.setdefault(config.proxy.ip_addresses[0], set()).update(inbound_ports(config.listeners))
            yield self._local(config, mesh, moved)

    def _local(self, config: Config, mesh: Mesh, moved: Mapping[str, str]) -> LocalBootstrap:
        given = vars(self.options)
        certificates = given["dev_certs"] or (
            None if given["plaintext"] or given["workload_certs"] else str(self.folder / "certificates")
        )
        mapped = [*(f"{old}={new}" for old, new in moved.items()), *given["endpoints"]]
        place = self.places[config.proxy.ip_addresses[0]]
        own = {"dev_certs": certificates, "endpoints": mapped, "admin_address": place.proxy}
        options = argparse.Namespace(**{**given, **own})
        static = bootstrap_of(config, options, mesh.settings.mesh.trust_domain)
        return LocalBootstrap(config, on_loopback(static, config.proxy.id, place))

    def serve(self, mesh: Mesh, stack: ExitStack) -> list[str]:
        """Start echo servers for applications that are new. Returns a line for each."""
        world = self.world or World(mesh)
        lines = []
        for address, pod in world.pods.items():
            proxy = world.proxies.get(address)
            if proxy is not None and not proxy.is_sidecar:
                continue
            place = self.places[address]
            sidecar = None if proxy is None else (place.proxy, OUTBOUND_PORT)
            app = EchoApp(world.answering(pod), sidecar, partial(self._resolved, pod.namespace))
            for port in sorted(self.ports.get(address, ())):
                key = (place.application, local_port(port))
                if key not in self.serving:
                    stack.enter_context(echo_server(key, app))
                    self.serving.add(key)
                    lines.append(f"{app.name} answers at {key[0]}:{key[1]}, without its sidecar")
        return lines

    def _resolved(self, namespace: str, host: str) -> str:
        if self.world is None:
            return ""
        return destination(self.world.snapshot, host, namespace, Given()).address

    def gateways(self, configs: Iterable[LocalBootstrap]) -> Iterator[str]:
        """Where the gateways listen."""
        for each in configs:
            proxy = each.config.proxy
            resources = each.static.content.static_resources
            if not proxy.is_router or resources is None:
                continue
            for listener in resources.listeners:
                bound = None if listener.address is None else listener.address.socket_address
                if bound is not None and listener.bind_to_port is not False:
                    yield f"{proxy.id} listens at {bound.address}:{bound.port_value}"


def _pod_ports(configs: Iterable[Config]) -> Iterator[tuple[str, int]]:
    """The addresses and ports of all endpoints."""
    for config in configs:
        for assignment in config.endpoints:
            for locality in assignment.endpoints:
                for endpoint in locality.lb_endpoints:
                    address = None if endpoint.endpoint is None else endpoint.endpoint.address
                    if address is not None and address.socket_address is not None:
                        yield address.socket_address.address, address.socket_address.port_value or 0


def _free_network(stack: ExitStack) -> int:
    """A number N for which no other run uses 127.N.0.0/16."""
    for network in NETWORKS:
        guard = socket.socket()
        try:
            guard.bind((f"127.{network}.0.1", GUARDED_PORT))
        except OSError:
            guard.close()
            continue
        stack.enter_context(guard)
        return network
    raise InvalidArgument("no network in 127.0.0.0/8 is free; --mesh needs Linux, where all of these are addresses")


class LocalProxies:
    """The running Envoys by proxy, which end with the block."""

    def __init__(self, binary: Path, folder: Path, chosen: OneProxy | WholeMesh) -> None:
        self.binary, self.folder, self.chosen = binary, folder, chosen
        self.running: dict[str, tuple[EnvoyProcess, Callable[[], object]]] = {}
        self.refused: Counter[str] = Counter()
        self._stack = ExitStack()

    def __enter__(self) -> LocalProxies:
        if isinstance(self.chosen, WholeMesh):
            self.chosen.network = _free_network(self._stack)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def show(self, mesh: Mesh) -> list[str]:
        """Bring the Envoys up to date. Returns lines about what has changed."""
        local = tuple(self.chosen.bootstraps(mesh))
        lines = self.chosen.serve(mesh, self._stack)
        change = replace_files(self.folder / "xds", tuple(self._files(local)), complete=True)
        wanted = {each.config.proxy.id for each in local}
        started = [name for name in sorted(wanted) if name not in self.running]
        for name in [name for name in self.running if name not in wanted]:
            self.running.pop(name)[1]()
            lines.append(f"{name} ended")
        for name in started:
            self._start(name)
        for name in started:
            self.running[name][0].wait_until_live()
        if started and isinstance(self.chosen, WholeMesh):
            lines += self.chosen.gateways(each for each in local if each.config.proxy.id in started)
        return [*lines, *_described(change, started)]

    def _files(self, local: Iterable[LocalBootstrap]) -> Iterator[FolderFile]:
        for each in local:
            name = each.config.proxy.id
            seen = str(self.folder / "xds" / name)
            for file in xds_files(each.static, each.config.resources, each.config.credentials, seen):
                yield FolderFile(f"{name}/{file.path}", file.kind, file.content)

    def _start(self, name: str) -> None:
        stack = self._stack.enter_context(ExitStack())
        bootstrap = self.folder / "xds" / name / "bootstrap.json"
        envoy = stack.enter_context(running_envoy(self.binary, bootstrap, self.folder / "logs" / name))
        self.running[name] = envoy, stack.close

    @property
    def has_ended(self) -> bool:
        """True if an Envoy has ended by itself."""
        return any(envoy.has_ended for envoy, _ in self.running.values())

    def troubles(self) -> Iterator[str]:
        """A line for each Envoy that has ended, or that has refused files since the last look."""
        for name, (envoy, _) in self.running.items():
            if envoy.has_ended:
                yield f"{name} has ended: {envoy.last_words()}"
                continue
            try:
                refused = envoy.rejections()
            except OSError:  # it is busy; look again later
                continue
            if refused > self.refused[name]:
                self.refused[name] = refused
                yield f"{name} refuses the change and keeps its configuration: {envoy.last_words()}"


def _described(change: FolderChange, started: Iterable[str]) -> Iterator[str]:
    """`catalog-v1-0.shop: 2 routes, clusters`, for proxies that were running before."""
    new = set(started)
    for proxy in change.proxies:
        paths = [path.split("/")[1:] for path in (*change.written, *change.removed) if path.startswith(f"{proxy}/")]
        kinds = Counter(WORDS.get(path[0].removesuffix(".json"), "") for path in paths)
        parts = [f"{number} {kind}" if number > 1 else kind for kind, number in kinds.items() if kind]
        if proxy not in new and parts:
            yield f"{proxy}: {', '.join(parts)}"
