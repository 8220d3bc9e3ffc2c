"""Who sends the requests of tests that name no sender."""

from functools import cached_property

from meshcompile.explain.request import OUTSIDE
from meshcompile.mesh import Mesh
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.proxy import ProxyType

IN_MESH = "mesh"
"""The gateway that stands for the sidecars."""


class AssumedSenders:
    """The senders of requests: the given one, or else what the input says.

    A host that a VirtualService binds to a gateway is called from outside. Any other host is called by the first
    workload of the namespace of its VirtualService, or else of the mesh.
    """

    def __init__(self, mesh: Mesh, given: str = "") -> None:
        self.mesh, self.given = mesh, given

    def __call__(self, authority: str) -> str:
        """The sender of a request to a host."""
        if self.given:
            return self.given
        host = authority.rpartition(":")[0] if authority.rpartition(":")[2].isdecimal() else authority
        rules = [each for each in self._virtual_services if host in each.spec.hosts or _fits(host, each.spec.hosts)]
        if any(set(each.spec.gateways) - {IN_MESH} for each in rules) or not self._workloads:
            return OUTSIDE
        namespaces = [each.namespace for each in rules]
        return next((name for name, namespace in self._workloads if namespace in namespaces), self._workloads[0][0])

    @cached_property
    def _virtual_services(self) -> list[VirtualService]:
        return [each for each in self.mesh.objects if isinstance(each, VirtualService)]

    @cached_property
    def _workloads(self) -> list[tuple[str, str]]:
        """The names and namespaces of the proxies of workloads."""
        named = (each for each in self.mesh.named_proxies if each.proxy.type is ProxyType.SIDECAR)
        return [(next(iter(each.names)), each.proxy.namespace) for each in named]


def _fits(host: str, hosts: tuple[str, ...]) -> bool:
    return any(each.startswith("*") and host.endswith(each.removeprefix("*")) for each in hosts)
