"""A summary of a fleet: for each proxy, the number of resources, their size, and their fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.encoded import RESOURCE_TYPES, Measure
from meshcompile.envoy.fingerprint import digest_of_all
from meshcompile.fleet.catalogue import Catalogue
from meshcompile.fleet.compilable import CompilableMesh


class ProxySummary(Struct, frozen=True):
    """A proxy, and the measure of its resources by type."""

    name: str
    type: str
    namespace: str
    cluster: str
    types: Mapping[str, Measure]

    @property
    def resources(self) -> int:
        """The number of resources of all types."""
        return sum(measure.count for measure in self.types.values())

    @property
    def size(self) -> int:
        """The size of the resources of all types as compact JSON, in bytes."""
        return sum(measure.size for measure in self.types.values())

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the configuration, in hexadecimal digits."""
        return digest_of_all(measure.fingerprint for measure in self.types.values()).hex()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile fleet -o json` prints it."""
        return {
            "name": self.name,
            "type": self.type,
            "namespace": self.namespace,
            "cluster": self.cluster,
            "resources": self.resources,
            "bytes": self.size,
            "fingerprint": self.fingerprint,
            "types": {
                name: {"resources": each.count, "bytes": each.size, "fingerprint": each.fingerprint.hex()}
                for name, each in self.types.items()
            },
        }


class Summaries:
    """Summarizes successive configurations."""

    def __init__(self) -> None:
        self._catalogues = {kind: Catalogue() for kind in RESOURCE_TYPES}

    def of(self, config: Config) -> ProxySummary:
        """The summary of another configuration."""
        measures = {
            kind: catalogue.listed(getattr(config.resources, kind)).measure
            for kind, catalogue in self._catalogues.items()
        }
        proxy = config.proxy
        return ProxySummary(proxy.id, str(proxy.type), proxy.namespace, proxy.cluster, measures)


def summaries(mesh: CompilableMesh, configs: Iterable[Config]) -> tuple[ProxySummary, ...]:
    """The summaries of the configurations of a part."""
    return tuple(map(Summaries().of, configs))
