"""The status of an object, as istiod writes it: its conditions, and the conditions of its parts."""

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.snapshot.gateway_api.conditions import StatusCondition
from meshcompile.snapshot.gateway_api.references import GroupKind

NEGATIVE = frozenset({"Conflicted", "istio.io/WaypointMissing"})
"""The types of conditions that are False if all is well."""
PENDING = frozenset({"AddressNotAssigned"})
"""The reasons that say that something is not there yet, such as the address of a load balancer."""


INCOMPLETE = frozenset({"UnsupportedValue", "PartiallyInvalid"})
"""The reasons that say that only a part of an object counts, whatever the status of the condition."""


def is_pending(condition: StatusCondition) -> bool:
    """True if the condition does not hold yet, through no fault of the configuration."""
    return condition.reason in PENDING


def is_problem(condition: StatusCondition) -> bool:
    """True if a condition says that something is wrong."""
    expected = "False" if condition.type in NEGATIVE else "True"
    is_wrong = condition.status != expected or condition.reason in INCOMPLETE
    return is_wrong and not is_pending(condition)


class GatewayAddress(Struct, frozen=True):
    """An address of a Gateway. The type is `IPAddress`, `Hostname`, or the type in the specification."""

    type: str
    value: str


class ListenerStatus(Struct, frozen=True):
    """The status of a listener of a Gateway or ListenerSet."""

    name: str
    supported_kinds: tuple[GroupKind, ...]
    attached_routes: int
    conditions: tuple[StatusCondition, ...]
    origin: Origin = NOWHERE


class Reference(Struct, frozen=True):
    """The object that a parent or an ancestor refers to. None means that the reference does not name it."""

    group: str
    kind: str
    name: str
    namespace: str | None = None
    section_name: str | None = None
    port: int | None = None


class ReferenceStatus(Struct, frozen=True):
    """What a controller says about an object at one of its parents or ancestors."""

    reference: Reference
    controller: str
    conditions: tuple[StatusCondition, ...]
    origin: Origin = NOWHERE


class OwnConditions(Struct, frozen=True):
    """The status of a GatewayClass, and in ambient meshes of Services, ServiceEntries and AuthorizationPolicies:
    conditions only.
    """

    conditions: tuple[StatusCondition, ...]


class GatewayStatus(Struct, frozen=True):
    """The status of a Gateway or ListenerSet. Only Gateways have addresses and attached ListenerSets."""

    conditions: tuple[StatusCondition, ...]
    listeners: tuple[ListenerStatus, ...] = ()
    addresses: tuple[GatewayAddress, ...] = ()
    attached_listener_sets: int = 0


class RouteStatus(Struct, frozen=True):
    """The status of a route: one entry per reference to a parent that Istio serves."""

    parents: tuple[ReferenceStatus, ...]


class PolicyStatus(Struct, frozen=True):
    """The status of a policy: one entry per target, and per Gateway whose routes lead to a target."""

    ancestors: tuple[ReferenceStatus, ...]


Status: TypeAlias = OwnConditions | GatewayStatus | RouteStatus | PolicyStatus


class ObjectStatus(Struct, frozen=True):
    """An object and the status that istiod writes on it. `namespace` is empty for objects of the whole cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str
    status: Status
    origin: Origin = NOWHERE

    @property
    def conditions(self) -> tuple[StatusCondition, ...]:
        """Every condition: those of the object, and those of its listeners, parents or ancestors."""
        return tuple(_conditions(self.status))

    @property
    def problems(self) -> tuple[StatusCondition, ...]:
        """The conditions that say that something is wrong."""
        return tuple(condition for condition in self.conditions if is_problem(condition))

    def to_dict(self) -> dict[str, object]:
        """The object with its status, in the form of `meshcompile status -o json`."""
        from meshcompile.status.data import status_data

        return status_data(self)


def _conditions(status: Status) -> Iterator[StatusCondition]:
    match status:
        case OwnConditions():
            yield from status.conditions
        case GatewayStatus():
            yield from status.conditions
            for listener in status.listeners:
                yield from listener.conditions
        case RouteStatus(parents=entries) | PolicyStatus(ancestors=entries):
            for entry in entries:
                yield from entry.conditions
