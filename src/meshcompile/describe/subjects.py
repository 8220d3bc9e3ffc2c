"""What a name stands for: a proxy, or an object by kind and name."""

from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct

from meshcompile.describe.world import DescribableMesh
from meshcompile.errors import UnknownObject, UnknownProxy
from meshcompile.models.base import Resource
from meshcompile.models.registry import KINDS
from meshcompile.proxy import Proxy

SHORT = {
    "svc": "service",
    "vs": "virtualservice",
    "dr": "destinationrule",
    "gw": "gateway",
    "gtw": "gateway",
    "se": "serviceentry",
    "we": "workloadentry",
    "wg": "workloadgroup",
    "pa": "peerauthentication",
    "ra": "requestauthentication",
    "ap": "authorizationpolicy",
    "ef": "envoyfilter",
    "ing": "ingress",
    "ns": "namespace",
}
"""Short names of kinds, as kubectl has them."""
NOT_DESCRIBED = frozenset({"Pod", "EndpointSlice", "Endpoints", "Secret", "ConfigMap", "Node"})
"""Kinds of many objects that nobody describes, so they are no candidates."""


class Subject(Struct, frozen=True, eq=False):
    """What is described: a proxy, or an object."""

    proxy: Proxy | None = None
    resource: Resource | None = None


def subject(mesh: DescribableMesh, name: str) -> Subject:
    """What a name stands for. `gateway/NAME` is a Gateway, if there is one with the name, and its proxy if not.

    Raises UnknownObject, with similar names.
    """
    resource = _resource(mesh, name)
    if resource is not None and resource.kind == "Gateway":
        return Subject(resource=resource)
    try:
        return Subject(proxy=mesh.proxy(name))
    except UnknownProxy:
        if resource is not None:
            return Subject(resource=resource)
        raise UnknownObject(name, _similar(mesh, name)) from None


def _resource(mesh: DescribableMesh, name: str) -> Resource | None:
    kind, _, rest = name.rpartition("/")
    wanted = _singular(kind.lower())
    for resource in mesh.objects if kind else ():
        if resource.kind.lower() == wanted and rest in _spellings(resource, mesh.namespace):
            return resource
    return None


def _singular(kind: str) -> str:
    kinds = {each.name.lower() for each in KINDS}
    full = SHORT.get(kind, kind)
    plural = (full.removesuffix("s"), full.removesuffix("es"), f"{full.removesuffix('ies')}y")
    return full if full in kinds else next((each for each in plural if each in kinds), full)


def _spellings(resource: Resource, namespace: str) -> Iterator[str]:
    yield f"{resource.name}.{resource.namespace}" if resource.namespace else resource.name
    if resource.namespace == namespace:
        yield resource.name


def described_names(mesh: DescribableMesh) -> tuple[str, ...]:
    """The names of what can be described: workloads with a proxy, and `KIND/NAME.NAMESPACE` of objects; sorted."""
    workloads = (each.workload for each in mesh.named_proxies)
    objects = (each for each in mesh.objects if each.kind not in NOT_DESCRIBED)
    named = (f"{each.kind.lower()}/{next(_spellings(each, ''))}" for each in objects)
    return tuple(sorted({*workloads, *named}))


def _similar(mesh: DescribableMesh, name: str) -> tuple[str, ...]:
    """Similar names, the most similar first. Of a name without a kind, those with exactly this name come first."""
    known = described_names(mesh)
    same = [each for each in known if name in (each.partition("/")[2], each.partition("/")[2].partition(".")[0])]
    return (*same, *get_close_matches(name.lower(), known, n=3, cutoff=0.5))[:3]
