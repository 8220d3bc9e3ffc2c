"""Shows what the YAML of the coolstore becomes, what one change does, and how a real Envoy responds before and after.

Run by `make demo`. It uses only the public API, so you can copy parts of it.
"""

from __future__ import annotations

import difflib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import meshcompile
from examples.envoy import answer, envoy, server
from examples.laptop import HAS_LOOPBACK_NETWORK, laptop_mesh
from meshcompile import Config, Mesh, Origin

COOLSTORE = Path("examples/coolstore")
GATEWAY = "deployment/istio-ingressgateway.istio-system"
SERVERS = ("webapp", "catalog-v1", "catalog-v2")
CHANGED = COOLSTORE / "catalog.yaml"
SINGULAR = {"listeners": "listener", "routes": "route", "clusters": "cluster"}


class Visit(NamedTuple):
    """A request to the gateway, and the expected response before and after the change."""

    host: str
    headers: Mapping[str, str]
    before: str
    after: str


VISITS = (
    Visit("webapp.istioinaction.io", {}, "200 webapp", "200 webapp"),
    Visit("catalog.istioinaction.io", {}, "200 catalog-v1", "200 catalog-v2"),
    Visit("catalog.istioinaction.io", {"x-dark-launch": "v2"}, "200 catalog-v2", "200 catalog-v2"),
    Visit("unknown.istioinaction.io", {}, "404", "404"),
)


INTRODUCTION = """\
meshcompile reads the Kubernetes and Istio YAML in examples/coolstore and compiles it as istiod would.
It names the line that each part of Envoy's configuration comes from, and shows what a change does to every proxy.
No cluster takes part; real Envoys run the result at the end."""
SHOP, CALLED = "webapp.istioinaction.io", "catalog/items"


def main() -> int:
    print(INTRODUCTION)
    before = meshcompile.load(COOLSTORE)
    after = meshcompile.load([released(path) for path in sorted(COOLSTORE.glob("*.yaml"))])
    title(f"Your YAML, and what istiod makes of it for {GATEWAY}")
    print_lines(lineage(before.compile(GATEWAY)))
    title("One change: release version 2 of the catalog to everybody, and what it does to each proxy")
    print_lines(edited())
    print_lines(changes(before, after))
    title("The real Envoy runs the gateway and answers, before and after the change")
    answers = list(zip(VISITS, answered(before), answered(after), strict=True))
    print_lines(told(visit, old, new) for visit, old, new in answers)
    if HAS_LOOPBACK_NETWORK:
        title("The whole mesh runs on this machine: every proxy in an Envoy, mutual TLS, and an echo in each workload")
        print_lines(traced())
    return 0 if all((old, new) == (visit.before, visit.after) for visit, old, new in answers) else 1


def title(text: str) -> None:
    print(f"\n\N{BLACK RIGHT-POINTING POINTER} {text}")


def print_lines(lines: Iterator[str]) -> None:
    for line in lines:
        print(f"  {line}")


def released(path: Path) -> Path | str:
    """The file, or its text with a change: the last rule of the catalog's VirtualService routes to version 2."""
    return new_text() if path == CHANGED else path


def new_text() -> str:
    head, _, tail = CHANGED.read_text().rpartition("subset: v1")
    return f"{head}subset: v2{tail}"


def edited() -> Iterator[str]:
    """The lines of the file that the change removes and adds, each with its number."""
    lines = zip(CHANGED.read_text().splitlines(), new_text().splitlines(), strict=True)
    for number, (old, new) in enumerate(lines, 1):
        if old != new:
            yield f"{CHANGED.name}:{number}  - {old.strip()}"
            yield f"{CHANGED.name}:{number}  + {new.strip()}"


def lineage(config: Config) -> Iterator[str]:
    """Lines of the input, next to the names in Envoy that come from them."""
    resources = config.to_dict()
    for pointer, origins in config.source_map().items():
        kind, *steps = pointer.strip("/").split("/")
        if kind in SINGULAR and len(steps) == (5 if kind == "routes" else 1):
            origin = max(origins, key=lambda place: len(place.field))
            yield f"{written(origin)}  {SINGULAR[kind]:<8} {name(resources[kind], steps)}"


def written(origin: Origin) -> str:
    """The position, and the beginning of the text at that position on one line."""
    lines = Path(origin.file).read_text().splitlines()[origin.line - 1 :]
    indent = " " * (origin.column - 1)
    below = takewhile(lambda line: line.startswith(indent) and line[len(indent)] != "-", lines[1:])
    text = " ".join(" ".join([lines[0][len(indent) :], *below]).split())
    return f"{f'{Path(origin.file).name}:{origin.line}':<16} {text[:30]:<30}"


def name(resources: list[dict[str, Any]], steps: list[str]) -> str:
    """The name of a listener or a cluster, or the name of the cluster that a route leads to."""
    if len(steps) == 1:
        return str(resources[int(steps[0])]["name"])
    table, _, host, _, route = steps
    return f"-> {resources[int(table)]['virtualHosts'][int(host)]['routes'][int(route)]['route']['cluster']}"


def changes(before: Mesh, after: Mesh) -> Iterator[str]:
    """The lines of configuration that differ, once each, grouped by the proxies in which they differ."""
    proxies: dict[tuple[str, ...], list[str]] = {}
    for proxy in before.proxies():
        old, new = (json_lines(mesh.compile(proxy)) for mesh in (before, after))
        differing = dict.fromkeys(line for line in difflib.ndiff(old, new) if line[0] in "+-")
        proxies.setdefault(tuple(differing), []).append(proxy.id)
    for lines, names in proxies.items():
        yield ", ".join(names)
        yield from (f"    {line}" for line in lines)


def json_lines(config: Config) -> list[str]:
    return [line.strip() for line in config.to_json().splitlines()]


def answered(mesh: Mesh) -> list[str]:
    """The responses of a real Envoy that runs the gateway of this mesh."""
    with ExitStack() as running:
        endpoints = {address(mesh, name): running.enter_context(server(name)) for name in SERVERS}
        bootstrap = mesh.compile(GATEWAY).bootstrap(endpoints=endpoints)
        gateway = running.enter_context(envoy(bootstrap.to_dict()))
        return [answer(gateway, visit.host, visit.headers) for visit in VISITS]


def traced() -> Iterator[str]:
    """A request through gateway and sidecars with the proxies on its way, before and after the change."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(COOLSTORE, Path(folder, "mesh")))
        with laptop_mesh(copy) as mesh:
            yield f"curl -H 'Host: {SHOP}' 'http://{mesh.gateway}/?call={CALLED}'"
            yield from way(mesh.answer_of(CALLED, "catalog.istioinaction v1", SHOP))
            (copy / CHANGED.name).write_text(new_text())
            yield f"{CHANGED.name} changed: {mesh.said('changed: (.*)')}"
            yield from way(mesh.answer_of(CALLED, "catalog.istioinaction v2", SHOP))


def way(answer: dict[str, Any]) -> Iterator[str]:
    """The proxies that a request has passed, the workload that has answered, and the identity of its client."""
    yield f"    {' -> '.join((*answer['proxies'], answer['workload']))}"
    identity = answer["headers"]["x-forwarded-client-cert"].partition("URI=")[2]
    yield f"        called by {identity.partition(';')[0]}"


def address(mesh: Mesh, workload: str) -> str:
    return mesh.proxy(f"deployment/{workload}.istioinaction").ip_addresses[0]


def told(visit: Visit, before: str, after: str) -> str:
    headers = "".join(f" -H '{name}: {value}'" for name, value in visit.headers.items())
    wrong = "" if (before, after) == (visit.before, visit.after) else f"  WRONG: expected {visit.before}, {visit.after}"
    return f"{f'curl {visit.host}{headers}':<55} {before:<15} -> {after}{wrong}"


if __name__ == "__main__":
    sys.exit(main())
