"""The side of a request that a block of a Telemetry is about."""

from typing import Protocol

from meshcompile.models.telemetry.telemetry import ProviderRef, WorkloadMode
from meshcompile.resolve.traffic import TrafficClass


class Selector(Protocol):
    """The `match` of a block."""

    @property
    def mode(self) -> WorkloadMode: ...


def workload_mode(traffic_class: TrafficClass) -> WorkloadMode:
    """What sidecars receive is a server's; all else, gateways included, a client's."""
    return WorkloadMode.SERVER if traffic_class is TrafficClass.SIDECAR_INBOUND else WorkloadMode.CLIENT


def concerns(selector: Selector | None, mode: WorkloadMode) -> bool:
    """Whether a block is about the traffic of `mode`, one of CLIENT and SERVER."""
    return selector is None or selector.mode in (mode, WorkloadMode.CLIENT_AND_SERVER)


def provider_names(providers: tuple[ProviderRef, ...]) -> tuple[str, ...]:
    return tuple(provider.name for provider in providers)
