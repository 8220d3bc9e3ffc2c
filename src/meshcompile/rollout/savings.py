"""What narrower scopes would save: a `Sidecar` for all namespaces, and `exportTo` on the Services of one.

The first sidecar of each namespace stands for all of its sidecars.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from meshcompile.accept import Admission, checked
from meshcompile.compare.compilation import compilation
from meshcompile.config import Config
from meshcompile.documents import Document
from meshcompile.envoy.fingerprint import sizes
from meshcompile.envoy.message import Message
from meshcompile.mesh import Mesh
from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.rollout.edits import ObjectEdit
from meshcompile.rollout.footprint import Size, size
from meshcompile.rollout.stages import with_edits
from meshcompile.values.names import parse_cluster_name

MOST_NAMESPACES = 5
"""The number of namespaces whose `exportTo` is shown."""
SERVICE_DOMAIN = ".svc."


class ExportSaving(Struct, frozen=True):
    """What `exportTo: [.]` on the Services of a namespace would take out of the sidecars of other namespaces."""

    namespace: str
    bytes: int


class Savings(Struct, frozen=True):
    """What narrower scopes would save, over all sidecars.

    `sidecars` is their size now, and `with_sidecar` their size if a `Sidecar` in the root namespace imported only the
    own namespace and the root namespace; None if there already is one, or no sidecar.
    """

    sidecars: Size
    with_sidecar: Size | None
    exports: tuple[ExportSaving, ...]


def savings(mesh: Mesh) -> Savings:
    """What narrower scopes would save in a mesh."""
    groups = _by_namespace(mesh)
    configs = {name: compilation(mesh, proxies[0]).config for name, proxies in groups.items()}
    now = _total((size(config), len(groups[name])) for name, config in configs.items())
    return Savings(now, _with_sidecar(mesh, groups), tuple(_exports(configs, groups)))


def _by_namespace(mesh: Mesh) -> Mapping[str, Sequence[Proxy]]:
    found: dict[str, list[Proxy]] = {}
    for proxy in mesh.proxies():
        if proxy.type is ProxyType.SIDECAR:
            found.setdefault(proxy.namespace, []).append(proxy)
    return found


def _total(parts: Iterator[tuple[Size, int]]) -> Size:
    return sum((Size(each.bytes * count, each.resources * count) for each, count in parts), Size())


def _with_sidecar(mesh: Mesh, groups: Mapping[str, Sequence[Proxy]]) -> Size | None:
    root = mesh.settings.mesh.root_namespace
    if not groups or any(isinstance(each, Sidecar) and each.namespace == root for each in mesh.objects):
        return None
    narrow = with_edits(mesh, [_default_sidecar(Admission(root, mesh.behaviour))])
    return _total((size(compilation(narrow, proxies[0]).config), len(proxies)) for proxies in groups.values())


def _default_sidecar(admission: Admission) -> ObjectEdit:
    root = admission.namespace
    data = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": root},
        "spec": {"egress": [{"hosts": ["./*", f"{root}/*"]}]},
    }
    document = Document("<sidecar>", data)
    made = checked(document, admission).resource
    assert made is not None
    return ObjectEdit(("", made.api_version, made.kind, root, made.name), None, made, made.origin)


def _exports(configs: Mapping[str, Config], groups: Mapping[str, Sequence[Proxy]]) -> Iterator[ExportSaving]:
    """The namespaces whose Services take the most in the sidecars of others, the largest first."""
    found: Counter[str] = Counter()
    owners = _Owners()
    for namespace, config in configs.items():
        for owner, taken in _taken_by_owner(config, owners):
            if owner not in ("", namespace):
                found[owner] += taken * len(groups[namespace])
    largest = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return (ExportSaving(owner, taken) for owner, taken in largest[:MOST_NAMESPACES])


def _taken_by_owner(config: Config, owners: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The bytes of each cluster, load assignment and virtual host, with the namespace of its Service."""
    yield from _owned(config.clusters, attrgetter("name"), owners)
    yield from _owned(config.endpoints, attrgetter("cluster_name"), owners)
    for table in config.routes:
        yield from _owned(table.virtual_hosts, attrgetter("name"), owners)


def _owned(
    messages: Sequence[Message], name: Callable[[Message], str], owners: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    return ((owners[name(each)], taken) for each, taken in zip(messages, sizes(messages), strict=True))


class _Owners(dict[str, str]):
    """The namespaces of the Services that clusters and virtual hosts are named for, by the names."""

    def __missing__(self, name: str) -> str:
        owner = self[name] = _owner(name)
        return owner


def _owner(name: str) -> str:
    """The namespace of the Service that a cluster or a virtual host is named for; "" if there is none."""
    parsed = parse_cluster_name(name)
    host, _, rest = (parsed.host if parsed is not None else name).partition(SERVICE_DOMAIN)
    return host.rpartition(".")[2] if rest and not name.startswith("inbound|") else ""
