"""The direction of a listener's traffic, and what the traffic looks like."""

from enum import Enum, auto


class TrafficClass(Enum):
    """The class of a listener, istiod's ListenerClass. Many settings differ between the three."""

    SIDECAR_INBOUND = auto()
    SIDECAR_OUTBOUND = auto()
    GATEWAY = auto()


class Traffic(Enum):
    """What the first bytes of a connection reveal: its encryption and its protocol."""

    ANY = auto()
    PLAIN = auto()  # no TLS
    PLAIN_HTTP = auto()  # no TLS, recognized as HTTP/1.1 or HTTP/2; HTTP/1.0 counts as TCP
    TUNNELLED_HTTP = auto()  # out of an HBONE tunnel, recognized as HTTP/1.1 or HTTP/2
    RECOGNIZED_HTTP = auto()  # recognized as HTTP, whatever else is known
    TLS = auto()  # TLS of any kind, including the application's own
    MESH = auto()  # mutual TLS of the mesh
    MESH_HTTP = auto()  # mutual TLS of a sidecar that has recognized HTTP
    MESH_TCP = auto()  # mutual TLS of a sidecar that has not
    MESH_PASSED_ON = auto()  # mutual TLS of the mesh that is not terminated here: its SNI selects the destination

    @property
    def is_tls(self) -> bool:
        """True for traffic that Envoy has to distinguish from plain text."""
        return self in _TLS


_TLS = frozenset({Traffic.TLS, Traffic.MESH, Traffic.MESH_HTTP, Traffic.MESH_TCP})
