"""The part of a mesh that a fleet needs. The module of the mesh is in a higher layer, because it compiles fleets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from meshcompile.accept import Accepted
from meshcompile.config import Config
from meshcompile.proxy import Proxy

if TYPE_CHECKING:
    from meshcompile.assumed_proxy import AssumedProxy


class CompilableMesh(Protocol):
    """A mesh: it compiles its proxies, and can be pickled."""

    @property
    def config_cluster(self) -> Accepted: ...

    @property
    def remote_clusters(self) -> Mapping[str, Accepted]: ...

    def compile(self, proxy: Proxy | AssumedProxy | str) -> Config: ...

    def proxies(self) -> tuple[Proxy, ...]: ...

    def proxy(self, name: str) -> Proxy: ...
