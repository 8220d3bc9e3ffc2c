"""Connection pools: circuit breakers, connect timeout and keepalive. Follows istiod's `applyConnectionPool`."""

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import ConnectionPoolSettings, RetryBudget
from meshcompile.resolve.clusters.ir import NO_LIMITS, Keepalive, Thresholds
from meshcompile.values.durations import Duration

NANOSECONDS = 1_000_000_000


def thresholds(pool: ConnectionPoolSettings | None, retry_budget: RetryBudget | None) -> Thresholds:
    """The circuit breakers of a cluster."""
    tcp, http = (None, None) if pool is None else (pool.tcp, pool.http)
    if tcp is None and http is None and retry_budget is None:
        return NO_LIMITS
    return Thresholds(
        max_connections=0 if tcp is None else max(tcp.max_connections, 0),
        max_pending_requests=0 if http is None else max(http.http1_max_pending_requests, 0),
        max_requests=0 if http is None else max(http.http2_max_requests, 0),
        max_retries=0 if http is None else max(http.max_retries, 0),
        retry_budget=retry_budget,
        origins=tuple(node.origin for node in (tcp, http) if node is not None),
    )


def connect_timeout(pool: ConnectionPoolSettings | None, mesh: MeshConfig) -> Duration | None:
    """The connect timeout of the rule, or that of the mesh."""
    own = pool.tcp.connect_timeout if pool is not None and pool.tcp is not None else None
    return mesh.connect_timeout if own is None else own


def keepalive(pool: ConnectionPoolSettings | None, mesh: MeshConfig) -> Keepalive | None:
    """TCP keepalive: each value from the rule, or from the mesh; None when neither sets any."""
    own = pool.tcp.tcp_keepalive if pool is not None and pool.tcp is not None else None
    settings = [keepalive for keepalive in (own, mesh.tcp_keepalive) if keepalive is not None]
    if not settings:
        return None
    return Keepalive(
        probes=next((s.probes for s in settings if s.probes > 0), 0),
        time=next((_seconds(s.time) for s in settings if s.time is not None), None),
        interval=next((_seconds(s.interval) for s in settings if s.interval is not None), None),
        origins=tuple(s.origin for s in settings),
    )


def _seconds(duration: Duration) -> int:
    return duration.nanoseconds // NANOSECONDS
