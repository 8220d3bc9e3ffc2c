"""Which way the traffic of a listener goes."""

from enum import Enum, auto


class TrafficClass(Enum):
    """istiod's ListenerClass: many settings differ between the three."""

    SIDECAR_INBOUND = auto()
    SIDECAR_OUTBOUND = auto()
    GATEWAY = auto()
