"""Emission of clusters: a resolved cluster becomes one message."""

from __future__ import annotations

from meshcompile.documents import Document, Origin
from meshcompile.emit.clusters.balancing import circuit_breakers, common_lb_config, outlier_detection
from meshcompile.emit.clusters.cluster import cluster
from meshcompile.emit.clusters.http import http_options
from meshcompile.emit.clusters.security import transport_socket, transport_socket_matches
from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.message import to_builtins
from meshcompile.models.networking.destination_rule import (
    OutlierDetection,
    ProxyProtocol,
    ProxyProtocolVersion,
    RetryBudget,
)
from meshcompile.resolve.clusters.ir import (
    NO_LIMITS,
    Algorithm,
    Balancing,
    Cluster,
    ClusterMetadata,
    Discovery,
    HttpOptions,
    Security,
    ServiceName,
    Thresholds,
    UpstreamProtocol,
    UpstreamTls,
)
from meshcompile.resolve.endpoints.locality_groups import LbEndpoint, LocalityGroup
from meshcompile.resolve.security.downstream_tls import Secret
from meshcompile.snapshot.service import Health
from meshcompile.values.durations import Duration
from meshcompile.values.localities import Locality

TLS = UpstreamTls(sni="api", subject_alt_names=("a", "b"), certificate=Secret("default"), roots=Secret("ROOTCA"))


def test_bare_cluster() -> None:
    """A cluster without a service has only a name, a type and a timeout."""
    piece = Cluster("BlackHoleCluster", "BlackHoleCluster", Discovery.STATIC, Duration.of_seconds(10))
    assert to_builtins(cluster(piece, EndpointEmitter())) == {
        "name": "BlackHoleCluster",
        "altStatName": "BlackHoleCluster;",
        "type": "STATIC",
        "connectTimeout": "10s",
    }


def test_metadata() -> None:
    """The metadata for Istio's filters has the rule, the services and further details."""
    known = ClusterMetadata(
        services=(ServiceName("api.shop", "api", "shop"),), rule=("shop", "r"), subset="v1", is_external=True
    )
    piece = Cluster("c", "c", Discovery.EDS, None, metadata=known)
    assert to_builtins(cluster(piece, EndpointEmitter()))["metadata"]["filterMetadata"]["istio"] == {
        "config": "/apis/networking.istio.io/v1/namespaces/shop/destination-rule/r",
        "services": [{"host": "api.shop", "name": "api", "namespace": "shop"}],
        "subset": "v1",
        "external": True,
    }


def test_origins_are_kept() -> None:
    """A cluster has the origins that it comes from."""
    place = Origin(Document("a.yaml", {}), ("spec",))
    piece = Cluster("c", "c", Discovery.EDS, None, origins=(place,))
    assert cluster(piece, EndpointEmitter()).origins == (place,)


def test_limits() -> None:
    """Unset limits are effectively unlimited, and an empty budget has Istio's values."""
    assert to_builtins(circuit_breakers(NO_LIMITS))["thresholds"][0]["maxRetries"] == 4294967295
    limited = to_builtins(circuit_breakers(Thresholds(max_requests=3, retry_budget=RetryBudget())))["thresholds"][0]
    assert limited["maxRequests"] == 3
    assert limited["retryBudget"] == {"budgetPercent": {"value": 20}, "minRetryConcurrency": 3}


def test_common_balancing() -> None:
    """A threshold of zero is printed, because Envoy's default differs."""
    assert to_builtins(common_lb_config(Balancing(Algorithm.RANDOM))) == {}
    assert to_builtins(common_lb_config(Balancing(Algorithm.RANDOM, panic_threshold=0, locality_weighted=True))) == {
        "healthyPanicThreshold": {},
        "localityWeightedLbConfig": {},
    }


def test_outliers() -> None:
    """A count of zero disables a detector, and local failures count only if they are split."""
    settings = OutlierDetection(consecutive_5xx_errors=0, consecutive_gateway_errors=4, max_ejection_percent=50)
    assert to_builtins(outlier_detection(settings)) == {
        "enforcingSuccessRate": 0,
        "consecutive5xx": 0,
        "enforcingConsecutive5xx": 0,
        "consecutiveGatewayFailure": 4,
        "enforcingConsecutiveGatewayFailure": 100,
        "maxEjectionPercent": 50,
    }
    split = OutlierDetection(split_external_local_origin_errors=True, consecutive_local_origin_failures=2)
    assert to_builtins(outlier_detection(split))["enforcingConsecutiveLocalOriginFailure"] == 100


def test_http_options() -> None:
    """Common options appear if they are set, for every protocol."""
    options = HttpOptions(UpstreamProtocol.HTTP2, max_concurrent_streams=9, has_common=True)
    assert to_builtins(http_options(options)) == {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "commonHttpProtocolOptions": {},
        "explicitHttpConfig": {"http2ProtocolOptions": {"maxConcurrentStreams": 9}},
    }


def test_sockets() -> None:
    """A cluster has one socket for all endpoints, one per kind of endpoint, or Envoy's own."""
    assert transport_socket(Security()) is None
    assert transport_socket_matches(Security(TLS)) == ()
    partial = Security(TLS, only_where_possible=True)
    assert transport_socket(partial) is None
    assert [match.match for match in transport_socket_matches(partial)] == [{"tlsMode": "istio"}, {}]


def test_proxy_protocol() -> None:
    """The PROXY header comes before plaintext, too."""
    socket = transport_socket(Security(proxy_protocol=ProxyProtocol(version=ProxyProtocolVersion.V2)))
    assert socket is not None
    inner = to_builtins(socket)["typedConfig"]
    assert (inner["config"], inner["transportSocket"]["name"]) == ({"version": "V2"}, "raw_buffer")


def test_endpoints() -> None:
    """An endpoint has its health, its weight, and its metadata for telemetry and TLS."""
    endpoint = LbEndpoint("10.0.0.1", 80, 2, "w;ns;c;;k", tls_mode="istio", health=Health.HEALTHY)
    socket = LbEndpoint("/var/run/s", 0, 1, ";;;;")
    group = LocalityGroup(Locality("r", "z"), (endpoint, socket), 3, priority=1)
    found = to_builtins(EndpointEmitter().groups((group,))[0])
    assert found["locality"] == {"region": "r", "zone": "z"}
    assert (found["loadBalancingWeight"], found["priority"]) == (3, 1)
    assert found["lbEndpoints"][0] == {
        "endpoint": {"address": {"socketAddress": {"address": "10.0.0.1", "portValue": 80}}},
        "healthStatus": "HEALTHY",
        "loadBalancingWeight": 2,
        "metadata": {
            "filterMetadata": {
                "envoy.transport_socket_match": {"tlsMode": "istio"},
                "istio": {"workload": "w;ns;c;;k"},
            }
        },
    }
    assert found["lbEndpoints"][1]["endpoint"]["address"] == {"pipe": {"path": "/var/run/s"}}


def test_endpoints_are_made_once() -> None:
    """An endpoint of several clusters is a single message."""
    endpoint = LbEndpoint("10.0.0.1", 80, 1, ";;;;")
    emitter = EndpointEmitter()
    one, two = (emitter.groups((LocalityGroup(Locality(), (endpoint,), 1),))[0] for _ in range(2))
    assert one.lb_endpoints[0] is two.lb_endpoints[0]
