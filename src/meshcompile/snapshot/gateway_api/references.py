"""References between objects, and the ReferenceGrants that allow them across namespaces.

Follows istiod's `gatewaycommon/references.go`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.gateway_api.reference_grant import ReferenceGrant
from meshcompile.models.registry import GATEWAY_API


class GroupKind(NamedTuple):
    """An API group and a kind."""

    group: str
    kind: str


GATEWAY = GroupKind(GATEWAY_API, "Gateway")
LISTENER_SET = GroupKind(GATEWAY_API, "ListenerSet")
HTTP_ROUTE = GroupKind(GATEWAY_API, "HTTPRoute")
GRPC_ROUTE = GroupKind(GATEWAY_API, "GRPCRoute")
TLS_ROUTE = GroupKind(GATEWAY_API, "TLSRoute")
TCP_ROUTE = GroupKind(GATEWAY_API, "TCPRoute")
SERVICE = GroupKind("", "Service")
SECRET = GroupKind("", "Secret")
CONFIG_MAP = GroupKind("", "ConfigMap")
SERVICE_ENTRY = GroupKind("networking.istio.io", "ServiceEntry")
HOSTNAME = GroupKind("networking.istio.io", "Hostname")
SERVICE_IMPORT = GroupKind("multicluster.x-k8s.io", "ServiceImport")
INFERENCE_POOL = GroupKind("inference.networking.k8s.io", "InferencePool")

GRANTED_FROM = frozenset({GATEWAY, LISTENER_SET, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE})
GRANTED_TO = frozenset({CONFIG_MAP, SECRET, SERVICE, INFERENCE_POOL})


class Grant(NamedTuple):
    """What a ReferenceGrant allows: references from a kind in a namespace to a kind in another."""

    from_kind: GroupKind
    from_namespace: str
    to_kind: GroupKind
    to_namespace: str


class ReferenceGrants(Struct, frozen=True):
    """The names that each grant allows; None among them allows every name."""

    names: Mapping[Grant, frozenset[str | None]]

    def allow(self, grant: Grant, name: str) -> bool:
        """True if an object of this name may be referred to."""
        allowed = self.names.get(grant, frozenset())
        return None in allowed or name in allowed


def reference_grants(resources: Iterable[ReferenceGrant], behaviour: Behaviour) -> ReferenceGrants:
    """The grants of all ReferenceGrants."""
    names: dict[Grant, set[str | None]] = {}
    for resource in resources:
        found = tuple(_grants(resource))
        # Without several targets, the last one of a kind counts.
        for grant, name in found if behaviour.grants_to_several else dict(found).items():
            names.setdefault(grant, set()).add(name)
    return ReferenceGrants({grant: frozenset(allowed) for grant, allowed in names.items()})


def _grants(resource: ReferenceGrant) -> Iterator[tuple[Grant, str | None]]:
    for source in resource.spec.from_:
        for target in resource.spec.to:
            from_kind, to_kind = GroupKind(source.group, source.kind), GroupKind(target.group, target.kind)
            if from_kind in GRANTED_FROM and to_kind in GRANTED_TO:
                yield Grant(from_kind, source.namespace, to_kind, resource.namespace), target.name
