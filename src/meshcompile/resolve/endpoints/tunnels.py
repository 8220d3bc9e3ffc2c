"""The endpoints that accept HBONE tunnels. Follows istiod's `supportTunnel` and `AllInstancesSupportHBONE`."""

from meshcompile.snapshot.service import Endpoint
from meshcompile.values.labels import Labels

TUNNEL_LABEL = "networking.istio.io/tunnel"
MANAGED_BY = "gateway.istio.io/managed"
WAYPOINT_CONTROLLER = "istio.io-mesh-controller"


def takes_tunnels(endpoint: Endpoint) -> bool:
    """True for a workload that says that it accepts tunnels, and for one in ambient mode."""
    return "http" in endpoint.labels.get(TUNNEL_LABEL, "").split(",")


def is_waypoint(labels: Labels) -> bool:
    """True for the Pods of a waypoint that istiod manages. They always accept tunnels."""
    return labels.get(MANAGED_BY) == WAYPOINT_CONTROLLER
