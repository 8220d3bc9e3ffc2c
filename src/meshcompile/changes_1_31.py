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
        keep=("delete the DestinationRule, which the earlier release refuses",),
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
        keep=("delete the TCPRoutes and the listeners for TCP, which the earlier release does not read",),
    ),
    ReleaseChange(
        "filters_by_name",
        "1.31",
        "EnvoyFilters of one age apply by name",
        "EnvoyFilters with the same priority and creation time apply in the order of their names. Earlier releases "
        "compare names together with the namespace.",
        f"{PULL}59995",
        keep=("set the `priority` of the EnvoyFilters",),
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
        keep=("remove `consistentHash` from the DestinationRule",),
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
        keep=("shorten the pattern",),
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
        keep=("give the listener the protocol HTTP, to serve plain text as before",),
    ),
    ReleaseChange(
        "sds_authority",
        "1.31",
        "Requests to an external SDS server name its host",
        "The secrets of `sds://` credentials are requested with the host of the provider's service as authority. "
        "Earlier releases send the name of the cluster.",
        f"{PULL}61218",
    ),
    ReleaseChange(
        "zone_aware_balancing",
        "1.31",
        "DestinationRules balance by zone",
        "The field `zoneAwareLbSetting` of load balancers and of the mesh config exists: Envoy prefers endpoints "
        "in its zone, as far as their share of the clients lasts, and other regions come last. It needs "
        "`ISTIO_META_ENABLE_SELF_DISCOVERY` in the metadata of the proxies. Earlier releases refuse a "
        "DestinationRule that has it, and skip it in the mesh config.",
        f"{PULL}60765",
    ),
    ReleaseChange(
        "http2_keepalive",
        "1.31",
        "HTTP/2 connections can be kept alive",
        "The field `http2KeepAlive` of connection pools exists: Envoy sends PING frames, and closes a connection "
        "that does not answer. Earlier releases refuse a DestinationRule or a Sidecar that has it.",
        f"{PULL}60436",
    ),
    ReleaseChange(
        "retry_budget_interval",
        "1.31",
        "Retry budgets have an interval",
        "The field `budgetInterval` of retry budgets exists, and the `interval` of the budget in an "
        "XBackendTrafficPolicy is read. Earlier releases refuse a DestinationRule that has it, and ignore the "
        "interval of the policy.",
        f"{PULL}60435",
    ),
    ReleaseChange(
        "redirect_prefixes",
        "1.31",
        "Redirects replace a prefix",
        "The field `prefixRewrite` of redirects exists. Earlier releases refuse a VirtualService that has it. A "
        "redirect of an HTTPRoute whose `replacePrefixMatch` is empty leaves the path as it is; earlier releases "
        "remove the matched prefix.",
        f"{PULL}60385",
    ),
    ReleaseChange(
        "merge_replacing_lists",
        "1.31",
        "EnvoyFilters can replace lists",
        "The operation `MERGE_AND_REPLACE_LIST` exists. It merges like `MERGE`, but the lists of the patch "
        "replace those of the object. Earlier releases refuse an EnvoyFilter that has it.",
        f"{PULL}60553",
    ),
    ReleaseChange(
        "excluded_hosts",
        "1.31",
        "Sidecars can exclude hosts",
        "An egress host whose namespace begins with `~` excludes hosts: `~shop/*` those of a namespace, "
        "`~/api.example` one host of all namespaces. Earlier releases refuse such a Sidecar, apart from the "
        "namespace `~` alone, which does not exist there.",
        f"{PULL}60581",
    ),
    ReleaseChange(
        "default_traffic_policy",
        "1.31",
        "The mesh config has a default traffic policy",
        "The setting `defaultTrafficPolicy` exists: connection pools and outlier detection for all clusters to "
        "which no DestinationRule gives its own. The pool holds for inbound clusters and `PassthroughCluster` "
        "too.",
        f"{PULL}60664",
    ),
    ReleaseChange(
        "any_client_certificate",
        "1.31",
        "Gateways can accept any client certificate",
        "The field `insecureSkipVerify` of the TLS settings of servers exists, and `AllowInsecureFallback` of a "
        "Gateway of the Gateway API is read: clients with an invalid certificate, or with none, are accepted. "
        "Earlier releases refuse an Istio Gateway or a Sidecar with the field, and require a valid certificate "
        "for the Gateway API.",
        f"{PULL}60824",
    ),
    ReleaseChange(
        "rules_over_policies",
        "1.31",
        "DestinationRules take precedence over policies of the Gateway API",
        "If a DestinationRule and a BackendTLSPolicy or XBackendTrafficPolicy are for one host, the policy only "
        "sets what the rule leaves out. In earlier releases the policy comes first, and the settings of the "
        "DestinationRule have no effect, apart from its subsets.",
        f"{PULL}60432",
    ),
    ReleaseChange(
        "own_waypoints_only",
        "1.31",
        "Routes of services with another controller's waypoint have no effect",
        "A route of the Gateway API whose parent is a Service or ServiceEntry is left alone if the waypoint of "
        "the service is a Gateway of another controller. Earlier releases apply it, and write its status.",
        f"{PULL}60914",
    ),
    ReleaseChange(
        "dynamic_outbound",
        "1.31",
        "Sidecars resolve unknown hosts",
        "The mode `ALLOW_ANY_DYNAMIC_DNS` works for sidecars: a request to a host that no service has goes to the"
        " address that DNS gives for it, and TLS and other connections go to their original destination. Earlier "
        "releases treat the mode like `REGISTRY_ONLY`.",
        f"{PULL}59802",
    ),
    ReleaseChange(
        "looked_up_families",
        "1.31",
        "Wildcard hosts are looked up in the families of the proxy",
        "A proxy with IPv6 alone looks up IPv6 addresses of the hosts of ServiceEntries with `resolution: "
        "DYNAMIC_DNS`. Earlier releases look up IPv4 addresses.",
        f"{PULL}59802",
    ),
    ReleaseChange(
        "connection_settings",
        "1.31",
        "Proxies can limit the connections that they accept",
        "The setting `connectionSettings` of a proxy config exists: timeouts, buffers, windows of HTTP/2, and "
        "what happens to slashes in paths and underscores in headers. The profile `EDGE` gives gateways what "
        "Envoy recommends at the edge of a network. Earlier releases skip it.",
        f"{PULL}60576",
    ),
    ReleaseChange(
        "entry_visibility",
        "1.31",
        "The mesh config says who sees ServiceEntries",
        "The setting `serviceEntryVisibility` exists: by the labels of its namespace, a ServiceEntry is for all, "
        "for its namespace or for nobody in the ambient mesh, and with `applyToSidecars` for sidecars and "
        "gateways too. Earlier releases skip it.",
        f"{PULL}60870",
    ),
    ReleaseChange(
        "canary_waypoints",
        "1.31",
        "Services can have a second waypoint",
        "The labels `istio.io/use-waypoint-canary` and `istio.io/use-waypoint-canary-namespace` name a second "
        "waypoint, and the annotation `istio.io/use-waypoint-canary-weight` its share of the connections of "
        "ztunnel and of gateways. Earlier releases ignore them.",
        f"{PULL}60805",
    ),
    ReleaseChange(
        "secure_metrics_ports",
        "1.31",
        "Ports of metrics with mutual TLS are reserved",
        "No listener uses the ports in `ENVOY_SECURE_METRICS_PORT` and `ENVOY_SECURE_MERGED_METRICS_PORT` of the "
        "metadata of a proxy. Earlier releases ignore them.",
        f"{PULL}60391",
        keep=("remove the ports from the metadata of the proxies",),
    ),
    ReleaseChange(
        "protocols_of_entries",
        "1.31",
        "analyze compares the protocols of ServiceEntries",
        "`meshcompile analyze` reports ServiceEntries that give one port of a host different protocols (`IST0177`), as "
        "istioctl does from this release on.",
        f"{PULL}60477",
    ),
)
"""The rows, without order."""
