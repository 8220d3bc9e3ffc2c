"""Who sends the requests that a statement is about."""

import re
from collections.abc import Iterable

from msgspec import Struct

from meshcompile.errors import InvalidArgument
from meshcompile.explain.ambient import identity_of, is_ambient
from meshcompile.explain.request import OUTSIDE
from meshcompile.explain.world import World
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.spaces import EVERYTHING, NOTHING, Language, OptionalText, Space, exactly, matching, space
from meshcompile.syntax.re2 import quoted
from meshcompile.values.spiffe import PREFIX

ANYONE = ("anyone", "*", "")
MESH = "mesh"
NAMESPACE = re.compile(r"(?:ns|namespace)/([a-z0-9.-]+)")
UNPROVEN = OptionalText(exactly(""), absent=True)
"""Plain text, or TLS without a certificate: what anyone can send, whoever it is."""


class Clients(Struct, frozen=True):
    """The clients that are meant, and the names that they can have in a certificate.

    `connections` are the connections that they can open. `workloads` are those with proxies. `bypassing` says whether
    a client without a proxy counts.
    """

    name: str
    connections: Space
    workloads: tuple[Proxy, ...] = ()
    bypassing: bool = True
    outside: bool = False


def clients(world: World, name: str) -> Clients:
    """The clients with a name: `outside`, `anyone`, `mesh`, `ns/NAMESPACE`, a workload, or a principal.

    Any workload can also connect without proving who it is, past its own proxy.

    Raises:
        UnknownProxy: No workload has this name.
        InvalidArgument: A principal has a `*` in its middle.
    """
    sidecars = tuple(each for each in world.mesh.proxies() if each.type is ProxyType.SIDECAR)
    found = NAMESPACE.fullmatch(name)
    if name in ANYONE:
        return Clients("anyone", EVERYTHING, sidecars)
    if name == OUTSIDE:
        return Clients(name, EVERYTHING, outside=True)
    if name == MESH:
        return _named(world, name, matching(".+"), sidecars)
    if found is not None:
        inside = tuple(each for each in sidecars if each.namespace == found[1])
        return _named(world, name, of_namespace(found[1]), inside)
    if "/ns/" in name or name.startswith(PREFIX):
        names = principals(name)
        return Clients(name, space(principal=OptionalText(names)), identified(world, sidecars, names))
    return _workload(world, name)


def _workload(world: World, name: str) -> Clients:
    if (pod := world.pod(name)) is not None and pod.status.pod_ip not in world.proxies:
        return _without_proxy(world, name, pod)
    proxy = world.mesh.proxy(name)
    return _named(world, name, exactly(world.identity(proxy)), (proxy,))


def _without_proxy(world: World, name: str, pod: Pod) -> Clients:
    """A workload without a proxy: in the ambient mesh, its ztunnel proves who it is."""
    if is_ambient(world, pod):
        return _named(world, name, exactly(identity_of(world, pod)), ())
    return Clients(name, space(principal=UNPROVEN))


def _named(world: World, name: str, names: Language, workloads: tuple[Proxy, ...]) -> Clients:
    """Clients with some certificates, or without any."""
    able = OptionalText(names | UNPROVEN.texts, absent=True)
    return Clients(name, space(principal=able), workloads, bypassing=name == MESH)


def identified(world: World, proxies: Iterable[Proxy], names: Language) -> tuple[Proxy, ...]:
    """The proxies with one of these identities."""
    return tuple(each for each in proxies if names.accepts(world.identity(each)))


def of_namespace(namespace: str) -> Language:
    """The identities of the workloads of a namespace."""
    return matching(f"{PREFIX}[^/]+/ns/{quoted(namespace)}/sa/.+")


def principals(text: str) -> Language:
    """The identities that a principal means, with `*` at its start or end for any text; or those of `ns/NAMESPACE`.

    Raises:
        InvalidArgument: A `*` is elsewhere.
    """
    if (found := NAMESPACE.fullmatch(text)) is not None:
        return of_namespace(found[1])
    bare = text.removeprefix(PREFIX)
    if bare in ("", "*"):
        return matching(".+") if bare else NOTHING
    return globbed(bare, PREFIX)


def globbed(text: str, before: str = "") -> Language:
    """The texts that are meant by one with `*` at its start or end, each behind a prefix.

    Raises:
        InvalidArgument: A `*` is elsewhere.
    """
    inner = text.removeprefix("*").removesuffix("*")
    if "*" in inner:
        raise InvalidArgument(f"`{text}`: `*` stands at the start or at the end")
    start, end = (".*" if text.startswith("*") else ""), (".*" if text.endswith("*") and text != "*" else "")
    if not start and not end:
        return exactly(f"{before}{inner}")
    return matching(f"{quoted(before)}{start}{quoted(inner)}{end}")
