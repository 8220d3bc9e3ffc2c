"""The side of a request, client or server, that a block of a Telemetry applies to."""

from typing import Protocol

from meshcompile.models.telemetry.telemetry import ProviderRef, WorkloadMode
from meshcompile.resolve.listeners.traffic import TrafficClass


class Selector(Protocol):
    """The `match` of a block."""

    @property
    def mode(self) -> WorkloadMode: ...


def workload_mode(traffic_class: TrafficClass) -> WorkloadMode:
    """The mode of a traffic class.

    Inbound traffic of a sidecar is SERVER. All other traffic, gateways included, is CLIENT.
    """
    return WorkloadMode.SERVER if traffic_class is TrafficClass.SIDECAR_INBOUND else WorkloadMode.CLIENT


def concerns(selector: Selector | None, mode: WorkloadMode) -> bool:
    """True when a block applies to a `mode`, CLIENT or SERVER."""
    return selector is None or selector.mode in (mode, WorkloadMode.CLIENT_AND_SERVER)


def provider_names(providers: tuple[ProviderRef, ...]) -> tuple[str, ...]:
    return tuple(provider.name for provider in providers)
