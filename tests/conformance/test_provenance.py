"""Every part of a proxy's configuration has an origin, or is one of the few parts that istiod always sends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

import meshcompile
from meshcompile.envoy.message import Message
from tests.conformance import corpus
from tests.conformance.compare import load_mesh
from tests.conformance.ratchet import floors

ALWAYS_MADE = re.compile(
    r"""
      (listener)\ (virtualOutbound|virtualInbound|127\.0\.0\.1_\d+)     # the last: the HTTP proxy of the mesh config
    | (listener|cluster)\ (connect_terminate|main_internal|encap|(inner_|outer_)?connect_originate)  # HBONE
    | filter_chain\ (connect_terminate\ default|(inner_|outer_)?connect_originate\ )
    | filter_chain\ main_internal\ direct-(tcp|http)                  # a waypoint without an address
    | filter_chain\ 127\.0\.0\.1_\d+\s
    | filter_chain\ .*\ (
          virtualInbound|virtualInbound-(catchall-http|blackhole)       # ports that nobody declared
        | virtualOutbound-(blackhole|catchall-tcp)                      # addresses that nobody declared
        | PassthroughFilterChain                                        # what no other chain of the listener takes
      )
    | (virtual_host|route)\ (allow_any|block_all|blackhole:\d+)(\ .*)?  # hosts that nobody declared
    | cluster\ (BlackHoleCluster|InboundPassthroughCluster|PassthroughCluster)
    """,
    re.VERBOSE,
)

Part = tuple[str, Message]


def parts(config: meshcompile.Config) -> Iterator[Part]:
    """Every part that must have an origin, with its kind and name."""
    for listener in config.listeners:
        yield f"listener {listener.name}", listener
        if not patched(listener):
            default = (listener.default_filter_chain,) if listener.default_filter_chain else ()
            chains = (*listener.filter_chains, *default)
            yield from ((f"filter_chain {listener.name} {chain.name}", chain) for chain in chains)
    for routes in config.routes:
        for host in routes.virtual_hosts:
            yield f"virtual_host {host.name}", host
            if not patched(host):
                yield from ((f"route {host.name} {route.name}", route) for route in host.routes)
    yield from ((f"cluster {cluster.name}", cluster) for cluster in config.clusters)
    for assignment in config.endpoints:
        yield f"load_assignment {assignment.cluster_name}", assignment
        for group in assignment.endpoints:
            yield from ((f"endpoint of {assignment.cluster_name}", endpoint) for endpoint in group.lb_endpoints)
    yield from ((f"extension {extension.name}", extension) for extension in config.extensions)


def patched(message: Message) -> bool:
    """Whether an EnvoyFilter has created or changed it: then the origin of its content is the EnvoyFilter."""
    return any(origin.document.kind == "EnvoyFilter" for origin in message.origins)


def compiled_case(case: Path) -> tuple[meshcompile.Mesh, tuple[meshcompile.Config, ...]]:
    """The mesh of a case, and the configurations of its proxies."""
    spec = yaml.load((case / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    mesh, _ = load_mesh(case, spec)
    nodes = [json.loads((case / "istiod" / proxy["name"] / "node.json").read_text()) for proxy in spec["proxies"]]
    return mesh, tuple(mesh.compile(meshcompile.Proxy.from_node(node)) for node in nodes)


def bare_parts(configs: Iterable[meshcompile.Config]) -> Iterator[str]:
    """The parts that lack an origin."""
    for config in configs:
        for name, message in parts(config):
            if not message.origins and not ALWAYS_MADE.fullmatch(name):
                yield name


def unplaced(mesh: meshcompile.Mesh, configs: Iterable[meshcompile.Config]) -> Iterator[str]:
    """The findings that lack a place, or are related to one."""
    for found in (*mesh.diagnostics, *mesh.analyze(), *(each for config in configs for each in config.diagnostics)):
        if not all((found.origin, *(each.origin for each in found.related))):
            yield f"{found.code} {found.message}"


@pytest.mark.slow
@pytest.mark.parametrize("area", floors())
def test_everything_has_an_origin(area: str) -> None:
    """Every part of a configuration, from listeners to endpoints, has an origin, and every finding has a place."""
    bare = set()
    for case in sorted((corpus.cases_dir() / area).iterdir()):
        mesh, configs = compiled_case(case)
        bare |= {f"{case.name}: {each}" for each in (*bare_parts(configs), *unplaced(mesh, configs))}
    assert bare == set()


def test_what_is_always_made_is_recognized_as_such() -> None:
    """The list covers its own entries, and no resource of a user."""
    assert ALWAYS_MADE.fullmatch("filter_chain 0.0.0.0_80 PassthroughFilterChain")
    assert not ALWAYS_MADE.fullmatch("cluster outbound|80||web.shop.svc.cluster.local")
    assert not ALWAYS_MADE.fullmatch("route web.shop.svc.cluster.local:80 allow_any")
