"""Traffic policies of DestinationRules, and of their ports and subsets: istiod's `validateTrafficPolicy`.

Like istiod, this drops the warnings of port settings and of subsets.
"""

from math import isqrt

from meshcompile.codes import validation as codes
from meshcompile.models.networking.destination_rule import (
    ConnectionKeepalive,
    ConnectionPoolSettings,
    ConsistentHashLB,
    H2UpgradePolicy,
    HTTPCookie,
    HTTPSettings,
    LoadBalancerSettings,
    OutlierDetection,
    PortTrafficPolicy,
    TCPSettings,
    TrafficPolicy,
    TunnelSettings,
    WarmupConfiguration,
)
from meshcompile.validate import tls
from meshcompile.validate.checks import MILLISECOND, Found, bounds, duration, errors, not_negative, port
from meshcompile.validate.locality import locality_settings, zone_settings
from meshcompile.validate.names import fqdn_problem, is_address

LARGEST_TABLE = 5_000_011


def traffic_policy(policy: TrafficPolicy | None, namespace: str) -> Found:
    """Findings about a policy in a rule of `namespace`."""
    if policy is None:
        return
    if not _sets_something(policy):
        yield codes.TRAFFIC_POLICY(policy, problem="a traffic policy must set at least one field")
        return
    if policy.tunnel is not None and policy.proxy_protocol is not None:
        yield codes.TRAFFIC_POLICY(policy, problem="`tunnel` and `proxyProtocol` exclude each other")
        return
    yield from _settings(policy, namespace)
    for settings in policy.port_level_settings:
        yield from errors(_port_settings(settings, namespace))
    if policy.tunnel is not None:
        yield from _tunnel(policy.tunnel)


def _sets_something(policy: TrafficPolicy) -> bool:
    return bool(policy.port_level_settings) or any(
        getattr(policy, field) is not None
        for field in (
            "load_balancer",
            "connection_pool",
            "outlier_detection",
            "tls",
            "tunnel",
            "proxy_protocol",
            "retry_budget",
        )
    )


def _settings(policy: TrafficPolicy | PortTrafficPolicy, namespace: str) -> Found:
    """Findings about the settings that a policy and its ports share."""
    if policy.outlier_detection is not None:
        yield from _outlier_detection(policy.outlier_detection)
    if policy.connection_pool is not None:
        yield from connection_pool(policy.connection_pool)
    if policy.load_balancer is not None:
        yield from _load_balancer(policy.load_balancer, policy.outlier_detection)
    if policy.tls is not None:
        yield from tls.client(policy.tls, namespace)


def _port_settings(policy: PortTrafficPolicy, namespace: str) -> Found:
    if policy.port is None:
        yield codes.TRAFFIC_POLICY(policy, problem="settings of a port must name the `port`")
    settings = (policy.outlier_detection, policy.connection_pool, policy.load_balancer, policy.tls)
    if all(part is None for part in settings):
        yield codes.TRAFFIC_POLICY(policy, problem="settings of a port must set at least one field")
    yield from _settings(policy, namespace)


def _tunnel(tunnel: TunnelSettings) -> Found:
    if tunnel.protocol not in ("", "CONNECT", "POST"):
        problem = f"a tunnel uses `CONNECT` or `POST`, not `{tunnel.protocol}`"
        yield codes.TUNNEL(tunnel.at("protocol"), problem=problem)
    if fqdn_problem(tunnel.target_host) and not is_address(tunnel.target_host):
        problem = f"`{tunnel.target_host}` is neither a domain name nor an IP address"
        yield codes.TUNNEL(tunnel.at("target_host"), problem=problem)
    yield from port(tunnel, "target_port")


def _outlier_detection(outlier: OutlierDetection) -> Found:
    yield from duration(outlier, "base_ejection_time", "interval")
    if outlier.consecutive_errors:
        instead = "`consecutiveGatewayErrors` or `consecutive5xxErrors`"
        yield codes.DEPRECATED_FIELD(outlier.at("consecutive_errors"), field="consecutiveErrors", instead=instead)
    if outlier.consecutive_local_origin_failures and not outlier.split_external_local_origin_errors:
        yield codes.OUTLIER_DETECTION(outlier.at("consecutive_local_origin_failures"))
    for field in ("max_ejection_percent", "min_health_percent"):
        if not 0 <= (value := getattr(outlier, field)) <= 100:
            yield codes.PERCENTAGE(outlier.at(field), value=value, expected="0 to 100")


def connection_pool(pool: ConnectionPoolSettings) -> Found:
    """Findings about a connection pool of a DestinationRule or a Sidecar."""
    if pool.http is None and pool.tcp is None:
        yield codes.CONNECTION_POOL(pool, problem="a connection pool needs `tcp` or `http`")
    if pool.http is not None:
        yield from _http_pool(pool.http)
    if pool.tcp is not None:
        yield from _tcp_pool(pool.tcp)


def _http_pool(http: HTTPSettings) -> Found:
    yield from not_negative(
        http,
        "http1_max_pending_requests",
        "http2_max_requests",
        "max_requests_per_connection",
        "max_retries",
        "max_concurrent_streams",
    )
    yield from duration(http, "idle_timeout")
    if http.http2_keep_alive is not None:
        yield from _keepalive(http.http2_keep_alive)
    if http.h2_upgrade_policy is H2UpgradePolicy.UPGRADE and http.use_client_protocol:
        problem = "`h2UpgradePolicy: UPGRADE` and `useClientProtocol` exclude each other"
        yield codes.CONNECTION_POOL(http.at("use_client_protocol"), problem=problem)


def _keepalive(pings: ConnectionKeepalive) -> Found:
    for field in ("interval", "timeout"):
        if getattr(pings, field) is None:
            yield codes.MISSING(pings.at(field), field=field, reason=": PING frames need `interval` and `timeout`")
    yield from duration(pings, "interval", "timeout")


def _tcp_pool(tcp: TCPSettings) -> Found:
    yield from not_negative(tcp, "max_connections")
    yield from duration(tcp, "connect_timeout", "max_connection_duration")
    # Less than a millisecond disables the timeout.
    if tcp.idle_timeout is not None and abs(tcp.idle_timeout.nanoseconds) >= MILLISECOND:
        yield from duration(tcp, "idle_timeout")
    if tcp.tcp_keepalive is not None:
        yield from duration(tcp.tcp_keepalive, "time", "interval")


def _deprecated_warmup(balancer: LoadBalancerSettings) -> Found:
    """The rule about warm-up that only the schema has."""
    deprecated = balancer.warmup_duration_secs
    if deprecated is not None and deprecated.nanoseconds < MILLISECOND:
        origin = balancer.at("warmup_duration_secs")
        yield codes.DURATION(origin, duration=deprecated.json, problem="is shorter than 1ms")


def _load_balancer(balancer: LoadBalancerSettings, outlier: OutlierDetection | None) -> Found:
    yield from _deprecated_warmup(balancer)
    if balancer.consistent_hash is not None:
        yield from _consistent_hash(balancer.consistent_hash)
    if balancer.locality_lb_setting is not None and balancer.zone_aware_lb_setting is not None:
        problem = "`localityLbSetting` and `zoneAwareLbSetting` exclude each other"
        yield codes.LOCALITY(balancer.at("zone_aware_lb_setting"), problem=problem)
    yield from locality_settings(balancer, outlier is not None)
    if balancer.zone_aware_lb_setting is not None:
        yield from zone_settings(balancer.zone_aware_lb_setting, outlier is not None)
    if balancer.warmup is not None:
        yield from _warmup(balancer.warmup)


def _consistent_hash(hash: ConsistentHashLB) -> Found:
    if hash.http_cookie is not None:
        yield from _cookie(hash.http_cookie)
    if hash.minimum_ring_size:
        origin = hash.at("minimum_ring_size")
        yield codes.DEPRECATED_FIELD(origin, field="minimumRingSize", instead="`ringHash.minimumRingSize`")
        if hash.ring_hash is not None or hash.maglev is not None:
            problem = "`minimumRingSize` cannot be combined with `ringHash` or `maglev`"
            yield codes.LOAD_BALANCER(origin, problem=problem)
    if hash.maglev is not None and not _is_table_size(hash.maglev.table_size):
        problem = f"the size of a Maglev table must be a prime below {LARGEST_TABLE}, not {hash.maglev.table_size}"
        yield codes.LOAD_BALANCER(hash.maglev.at("table_size"), problem=problem)


def _cookie(cookie: HTTPCookie) -> Found:
    if not cookie.name:
        yield codes.EMPTY_VALUE(cookie.at("name"), what="the name of the cookie")
    seen: set[str] = set()
    for attribute in cookie.attributes:
        if not attribute.name:
            yield codes.EMPTY_VALUE(attribute.at("name"), what="the name of the attribute")
        elif attribute.name in seen:
            yield codes.DUPLICATE(attribute.at("name"), what="cookie attribute", value=attribute.name)
        seen.add(attribute.name)


def _is_table_size(size: int) -> bool:
    """Whether Envoy accepts a Maglev table of this size. Envoy counts 1 as a prime."""
    if not 0 < size < LARGEST_TABLE:
        return False
    return size < 4 or (size % 2 == 1 and all(size % factor for factor in range(3, isqrt(size) + 1, 2)))


def _warmup(warmup: WarmupConfiguration) -> Found:
    yield from duration(warmup, "duration")
    if warmup.aggression is not None and warmup.aggression <= 0:
        yield bounds(warmup, "aggression", warmup.aggression, "greater than 0")
