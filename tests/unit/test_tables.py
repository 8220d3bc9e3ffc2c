from __future__ import annotations

from typing import Any

import pytest

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.output.tables import (
    ClusterFilter,
    EndpointFilter,
    EndpointRow,
    ListenerFilter,
    endpoint_table,
    endpoints,
    listener_type_table,
    virtual_host_table,
)
from tests.resources import resources

TCP = {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"}


def tcp_proxy(cluster: str) -> dict[str, Any]:
    """A filter chain that forwards to a cluster."""
    return {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typedConfig": {**TCP, "cluster": cluster}}]}


LISTENERS = resources(
    listeners=[
        {
            "name": "0.0.0.0_80",
            "address": {"socketAddress": {"address": "0.0.0.0", "portValue": 80}},
            "additionalAddresses": [{"address": {"socketAddress": {"address": "::", "portValue": 80}}}],
            "filterChains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager"}]}],
            "defaultFilterChain": tcp_proxy("a"),
        },
        {
            "name": "hole",
            "address": {"socketAddress": {"address": "10.0.0.1", "portValue": 9}},
            "filterChains": [tcp_proxy("BlackHoleCluster")],
        },
    ]
).listeners
HTTP, BLACK_HOLE = LISTENERS


def test_listener_types() -> None:
    """A listener is HTTP, TCP or both by its filters. If it only drops traffic, it is UNKNOWN."""
    assert listener_type_table(LISTENERS) == (
        "ADDRESSES  PORT TYPE\n10.0.0.1   9    UNKNOWN\n0.0.0.0,:: 80   HTTP+TCP\n"
    )


def test_virtual_host_table() -> None:
    """Route configurations with numbers as names are sorted by number."""
    assert virtual_host_table(
        (RouteConfiguration(name="8080", virtual_hosts=(VirtualHost(), VirtualHost())), RouteConfiguration(name="80"))
    ) == ("NAME     VIRTUAL HOSTS\n80       0\n8080     2\n")


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (ListenerFilter(), True),
        (ListenerFilter(address="::"), True),
        (ListenerFilter(address="10.0.0.1"), False),
        (ListenerFilter(port=81), False),
        (ListenerFilter(type="http+tcp"), True),
        (ListenerFilter(type="HTTP"), False),
    ],
)
def test_listener_filter(wanted: ListenerFilter, shown: bool) -> None:
    """Address (including additional ones), port and type each filter the listeners."""
    assert wanted(HTTP) is shown


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (ClusterFilter(), True),
        (ClusterFilter(fqdn="web.shop"), True),
        (ClusterFilter(port=8), False),
        (ClusterFilter(port=80), True),
        (ClusterFilter(subset="v2"), False),
        (ClusterFilter(direction="inbound"), False),
    ],
)
def test_cluster_filter(wanted: ClusterFilter, shown: bool) -> None:
    """Host, subset and direction match a part of the name, and a port matches as a whole."""
    assert wanted(Cluster(name="outbound|80|v1|web.shop.svc.cluster.local")) is shown


ASSIGNMENT = {
    "clusterName": "outbound|80||web.shop.svc.cluster.local",
    "endpoints": [
        {
            "lbEndpoints": [
                {"endpoint": {"address": {"socketAddress": {"address": "10.1.0.2", "portValue": 8080}}}},
                {
                    "endpoint": {"address": {"socketAddress": {"address": "10.1.0.10", "portValue": 8080}}},
                    "healthStatus": "DRAINING",
                },
            ]
        }
    ],
}
STATIC = {
    "name": "agent",
    "loadAssignment": {
        "clusterName": "agent",
        "endpoints": [
            {
                "lbEndpoints": [
                    {"endpoint": {"address": {"pipe": {"path": "/run/agent"}}}},
                    {
                        "endpoint": {
                            "address": {"envoyInternalAddress": {"serverListenerName": "main", "endpointId": "a:1"}}
                        }
                    },
                ]
            }
        ],
    },
}


def test_endpoint_table() -> None:
    """Endpoints of load assignments and of clusters are in one table, sorted by address."""
    sent = resources(clusters=[STATIC], endpoints=[ASSIGNMENT])
    assert endpoint_table(endpoints(sent.clusters, sent.endpoints)) == (
        "ENDPOINT              STATUS       OUTLIER CHECK     CLUSTER\n"
        "10.1.0.10:8080        DRAINING     OK                outbound|80||web.shop.svc.cluster.local\n"
        "10.1.0.2:8080         HEALTHY      OK                outbound|80||web.shop.svc.cluster.local\n"
        "envoy://main/a:1      HEALTHY      OK                agent\n"
        "unix:///run/agent     HEALTHY      OK                agent\n"
    )


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (EndpointFilter(), True),
        (EndpointFilter(address="10.1.0.2", port=8080, cluster="c", status="healthy"), True),
        (EndpointFilter(address="10.1.0.3"), False),
        (EndpointFilter(port=80), False),
        (EndpointFilter(cluster="d"), False),
        (EndpointFilter(status="draining"), False),
    ],
)
def test_endpoint_filter(wanted: EndpointFilter, shown: bool) -> None:
    """Address, port, cluster and status each filter the endpoints."""
    assert wanted(EndpointRow("10.1.0.2", 8080, "c", "HEALTHY")) is shown
