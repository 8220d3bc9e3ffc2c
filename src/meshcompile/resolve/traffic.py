"""Which way the traffic of a listener goes, and what it looks like."""

from enum import Enum, auto


class TrafficClass(Enum):
    """istiod's ListenerClass: many settings differ between the three."""

    SIDECAR_INBOUND = auto()
    SIDECAR_OUTBOUND = auto()
    GATEWAY = auto()


class Traffic(Enum):
    """What the first bytes of a connection show: how the client encrypts it, and what is in it."""

    ANY = auto()
    PLAIN = auto()  # no TLS
    PLAIN_HTTP = auto()  # no TLS, recognized as HTTP/1.1 or HTTP/2; HTTP/1.0 passes as bytes
    TLS = auto()  # TLS of any kind, the application's own too
    MESH = auto()  # mutual TLS of the mesh
    MESH_HTTP = auto()  # mutual TLS of a sidecar that has recognized HTTP
    MESH_TCP = auto()  # mutual TLS of a sidecar that has not
    MESH_PASSED_ON = auto()  # mutual TLS of the mesh that is not ended here: its SNI says where it goes

    @property
    def is_tls(self) -> bool:
        """True when TLS has to be told from plain text."""
        return self in _TLS


_TLS = frozenset({Traffic.TLS, Traffic.MESH, Traffic.MESH_HTTP, Traffic.MESH_TCP})
