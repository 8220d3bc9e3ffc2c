"""The backends of routes, as destinations of VirtualServices. Follows istiod's `buildDestination`."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.base import placed
from meshcompile.models.common import PortSelector
from meshcompile.models.gateway_api.references import BackendObjectReference, BackendRef
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.snapshot.gateway_api.conditions import (
    BACKEND_NOT_FOUND,
    INVALID_DESTINATION,
    INVALID_KIND,
    NOT_PERMITTED,
    Invalid,
)
from meshcompile.snapshot.gateway_api.references import (
    HOSTNAME,
    INFERENCE_POOL,
    SERVICE,
    SERVICE_IMPORT,
    Grant,
    GroupKind,
    ReferenceGrants,
)
from meshcompile.values.hosts import CLUSTER_DOMAIN

NO_DESTINATION = Destination(host="")


class RouteInvalid(Exception):
    """A problem for which istiod drops all rules of a route."""

    def __init__(self, invalid: Invalid) -> None:
        super().__init__(invalid.message)
        self.invalid = invalid


class Backends(Struct, frozen=True):
    """What backends refer to: Services, and hosts of services by namespace."""

    services: frozenset[tuple[str, str]]
    hosts: Mapping[str, Mapping[str, Any]]
    grants: ReferenceGrants
    behaviour: Behaviour

    def destination(
        self, ref: BackendObjectReference, kind: GroupKind, namespace: str, enforce_grants: bool
    ) -> tuple[Destination, Invalid | None]:
        """The destination of a backend, and what is wrong with it, for a route of a kind and namespace.

        Raises RouteInvalid if the whole route is invalid.
        """
        to_kind, to_namespace = GroupKind(ref.group, ref.kind), ref.namespace or namespace
        grant = Grant(kind, namespace, to_kind, to_namespace)
        if enforce_grants and to_namespace != namespace and not self.grants.allow(grant, ref.name):
            message = (
                f"backendRef {ref.name}/{to_namespace} not accessible to a {kind.kind} in namespace "
                f'"{namespace}" (missing a ReferenceGrant?)'
            )
            return NO_DESTINATION, Invalid(NOT_PERMITTED, message, ref.origin)
        host, exists = self._host(ref, to_kind, to_namespace)
        if host is None:
            return NO_DESTINATION, _unsupported(ref)
        if ref.port is None:
            raise RouteInvalid(Invalid(INVALID_DESTINATION, "port is required in backendRef", ref.origin))
        port = placed(PortSelector(number=ref.port), ref.origin)
        destination = placed(Destination(host=host, port=port), ref.origin)
        missing = Invalid(BACKEND_NOT_FOUND, f"backend({host}) not found", ref.at("name"))
        return destination, None if exists else missing

    def _host(self, ref: BackendObjectReference, kind: GroupKind, namespace: str) -> tuple[str | None, bool]:
        """The host of a backend, and whether it exists; None for kinds that istiod does not support."""
        if kind == SERVICE:
            if "." in ref.name:
                message = "service name invalid; the name of the Service must be used, not the hostname."
                raise RouteInvalid(Invalid(INVALID_DESTINATION, message, ref.at("name")))
            return f"{ref.name}.{namespace}.svc.{CLUSTER_DOMAIN}", (namespace, ref.name) in self.services
        if kind == HOSTNAME:
            if ref.namespace is not None:
                message = "namespace may not be set with Hostname type"
                raise RouteInvalid(Invalid(INVALID_DESTINATION, message, ref.at("namespace")))
            return ref.name, namespace in self.hosts.get(ref.name, {})
        if kind == SERVICE_IMPORT:
            return f"{ref.name}.{namespace}.svc.{CLUSTER_DOMAIN}", (namespace, ref.name) in self.services
        return None, False


def _unsupported(ref: BackendObjectReference) -> Invalid:
    if GroupKind(ref.group, ref.kind) == INFERENCE_POOL:
        message = (
            "InferencePool is not enabled. To enable, set ENABLE_GATEWAY_API_INFERENCE_EXTENSION to true in istiod"
        )
        return Invalid(INVALID_KIND, message, ref.at("kind"))
    message = f'referencing unsupported backendRef: group "{ref.group}" kind "{ref.kind}"'
    return Invalid(INVALID_KIND, message, ref.at("kind"))


B = TypeVar("B", bound=BackendRef)


def weighted(refs: Iterable[B]) -> tuple[tuple[B, int], ...]:
    """The backends that get requests, each with its weight; the only one has none."""
    counted = [(ref, ref.weight) for ref in refs if ref.weight]
    return tuple(counted) if len(counted) != 1 else ((counted[0][0], 0),)
