"""What changes in Istio 1.31: one row per field of Behaviour that it sets differently."""

from meshcompile.release_change import PULL, ReleaseChange

CHANGES_1_31: tuple[ReleaseChange, ...] = (
    ReleaseChange(
        "send_unhealthy_endpoints",
        "1.31",
        "Endpoints that are not ready are sent to proxies",
        "Load assignments contain endpoints that are not ready, marked as unhealthy, and clusters disable Envoy's "
        "panic mode (`healthyPanicThreshold: 0`). A DestinationRule with `outlierDetection.minHealthPercent` greater"
        " than 0 keeps its threshold, and its endpoints that are not ready are left out.",
        f"{PULL}60690",
        keep=("set `outlierDetection.minHealthPercent` in a DestinationRule, for one host",),
    ),
    ReleaseChange(
        "subsets_inherit_tls_mode",
        "1.31",
        "Endpoints of subsets inherit the TLS mode of the rule",
        "If a subset of a DestinationRule sets no `tls`, its endpoints are chosen by the `tls` of the whole rule. "
        "Until 1.30 they were chosen by the PeerAuthentication, so a rule with `mode: DISABLE` did not apply to "
        "them.",
        f"{PULL}60792",
        keep=("set `tls` in the `trafficPolicy` of the subset",),
    ),
    ReleaseChange(
        "slow_warmups",
        "1.31",
        "The aggression of a warmup may be less than 1",
        "A DestinationRule with `warmup.aggression` between 0 and 1 is accepted. Earlier releases refuse it.",
        f"{PULL}60611",
    ),
    ReleaseChange(
        "routes_must_retry",
        "1.31",
        "HTTPRoutes cannot retry zero times",
        "The Gateway API 1.6 that this release installs refuses `retry.attempts: 0`.",
        f"{PULL}60766",
        keep=("remove `retry` to have the retries of the mesh config",),
    ),
    ReleaseChange(
        "single_tcp_rule",
        "1.31",
        "TCPRoutes have at most one rule",
        "The Gateway API 1.6 that this release installs refuses a TCPRoute with several rules. Earlier releases use "
        "the first.",
        f"{PULL}60766",
        keep=("remove all rules but the first: only it had an effect",),
    ),
    ReleaseChange(
        "only_addressed",
        "1.31",
        "Waypoints leave out services without an address",
        "The matcher of a waypoint has no entry for a service that no address of the proxy's family reaches. Earlier"
        " releases write an entry without ranges, which Envoy 1.38 refuses.",
        f"{PULL}60314",
    ),
    ReleaseChange(
        "missing_backends_not_found",
        "1.31",
        "Rules without backends answer 500",
        "A rule of an HTTPRoute without backends answers 500 again, as before Istio 1.30.",
        f"{PULL}60787",
    ),
    ReleaseChange(
        "stable_tcp_routes",
        "1.31",
        "TCPRoutes need no feature flag",
        "TCPRoutes, also of version v1, and listeners of Gateways with the protocol TCP, are read. Earlier releases "
        "read version v1alpha2 alone, and with PILOT_ENABLE_ALPHA_GATEWAY_API only.",
        f"{PULL}60766",
    ),
    ReleaseChange(
        "filters_by_name",
        "1.31",
        "EnvoyFilters of one age apply by name",
        "EnvoyFilters with the same priority and creation time apply in the order of their names. Earlier releases "
        "compare names together with the namespace.",
        f"{PULL}59995",
    ),
    ReleaseChange(
        "network_preferred",
        "1.31",
        "The own network comes first in a failover priority",
        "If the first label of a failover priority is `topology.istio.io/network`, endpoints of the own network "
        "precede all others, and those of other networks are ordered by their other labels. Earlier releases do not "
        "order the endpoints of other networks.",
        f"{PULL}60829",
    ),
    ReleaseChange(
        "waypoint_hash",
        "1.31",
        "Waypoints hash requests",
        "The consistent hash of a DestinationRule applies to the routes of a waypoint for Services without rules.",
        f"{PULL}61085",
    ),
    ReleaseChange(
        "exact_hosts_by_name",
        "1.31",
        "Exact hosts of a Sidecar import one service each",
        "If all hosts of an egress listener are exact and name their namespace, each imports one service: the "
        "Kubernetes Service, or else the oldest ServiceEntry. Earlier releases import all ServiceEntries with the "
        "host, and all their addresses. The oldest services come first, without precedence for those that are "
        "exported to the namespace.",
        f"{PULL}60473",
        keep=("use a wildcard in one of the hosts, such as `./*`",),
    ),
    ReleaseChange(
        "strict_gateway_merging",
        "1.31",
        "Gateways of other namespaces do not join those of the Gateway API",
        "A proxy that istiod deploys for a Gateway of the Gateway API does not serve Istio's Gateways of other "
        "namespaces that select it.",
        f"{PULL}59825",
    ),
    ReleaseChange(
        "short_proxy_versions",
        "1.31",
        "Long patterns of proxy versions match nothing",
        "An EnvoyFilter whose `proxyVersion` has more than 1024 characters applies to no proxy.",
        f"{PULL}61301",
    ),
    ReleaseChange(
        "listener_conflicts",
        "1.31",
        "Listeners that conflict take no part",
        "Of the listeners of a Gateway and its ListenerSets on one port, the first wins: with the same host, or one "
        "of TCP and one of HTTP, HTTPS or TLS. Earlier releases serve what they can of all.",
        f"{PULL}60775",
        keep=("give each listener a host or a port of its own",),
    ),
    ReleaseChange(
        "tls_listeners_need_tls",
        "1.31",
        "Listeners for HTTPS and TLS need a tls section",
        "A listener with the protocol HTTPS or TLS and without `tls` takes no part. Earlier releases serve it without"
        " a certificate, in plain text.",
        f"{PULL}60562",
    ),
    ReleaseChange(
        "sds_authority",
        "1.31",
        "Requests to an external SDS server name its host",
        "The secrets of `sds://` credentials are requested with the host of the provider's service as authority. "
        "Earlier releases send the name of the cluster.",
        f"{PULL}61218",
    ),
)
"""The rows, without order."""
