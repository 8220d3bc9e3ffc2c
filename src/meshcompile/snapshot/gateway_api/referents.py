"""The objects that policies of the Gateway API refer to. Follows istiod's `ReferenceSet`."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.gateway_api.references import CONFIG_MAP, SECRET, SERVICE, SERVICE_ENTRY, GroupKind
from meshcompile.snapshot.resources import ConfigStore

REFERABLE = frozenset({SERVICE, SERVICE_ENTRY, CONFIG_MAP, SECRET})


class Referents(Struct, frozen=True):
    """The objects that policies refer to, by kind, namespace and name."""

    services: Mapping[tuple[str, str], Service]
    entries: Mapping[tuple[str, str], ServiceEntry]
    config_maps: Mapping[tuple[str, str], ConfigMap]
    secrets: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, resources: ConfigStore) -> "Referents":
        return cls(
            services={(each.namespace, each.name): each for each in resources.all(Service)},
            entries={(each.namespace, each.name): each for each in resources.all(ServiceEntry)},
            config_maps={(each.namespace, each.name): each for each in resources.all(ConfigMap)},
            secrets=frozenset((each.namespace, each.name) for each in resources.all(Secret)),
        )

    def problem(self, kind: GroupKind, namespace: str, name: str) -> str:
        """Why a reference leads nowhere; "" if it leads to an object."""
        known: Mapping[GroupKind, Iterable[tuple[str, str]]] = {
            SERVICE: self.services,
            SERVICE_ENTRY: self.entries,
            CONFIG_MAP: self.config_maps,
            SECRET: self.secrets,
        }
        if kind not in known:
            return f"unsupported kind {kind.kind}"
        found = (namespace, name) in known[kind]
        return "" if found else f"reference {namespace}/{name} (of kind {kind.kind}) not found"
