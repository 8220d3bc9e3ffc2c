"""What changes between releases of Istio: one row per field of Behaviour that they set differently."""

from collections.abc import Iterator
from dataclasses import dataclass

from meshcompile.behaviour import ADDED_FEATURES, FEATURES, RELEASES

ISTIO = "https://github.com/istio/istio"
PULL = f"{ISTIO}/pull/"


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """One observable difference between a release of Istio and the one before it."""

    field: str
    """The field of Behaviour with the difference."""
    release: str
    """The first release with the new behaviour."""
    title: str
    effect: str
    link: str
    """The change in Istio's repository."""
    keep: tuple[str, ...] = ()
    """What restores the earlier behaviour, apart from a feature flag. Empty if nothing does."""

    @property
    def anchor(self) -> str:
        """The anchor of the change on the page about releases."""
        return self.field.replace("_", "-")

    @property
    def flag(self) -> str | None:
        """The environment variable of istiod that restores the earlier behaviour."""
        flags = (name for name, field in FEATURES.items() if field == self.field and name in ADDED_FEATURES)
        return next(flags, None)

    @property
    def ways_back(self) -> tuple[str, ...]:
        """What restores the earlier behaviour. The first is the most precise."""
        return (*_flag_ways(self), *self.keep)


def _flag_ways(change: ReleaseChange) -> Iterator[str]:
    if change.flag is not None:
        value = str(getattr(RELEASES[_before(change.release)], change.field)).lower()
        yield f"set `{change.flag}={value}` in the environment of istiod"
        yield f"install with `compatibilityVersion: {_before(change.release)}`"


def _before(release: str) -> str:
    """The release before another."""
    releases = tuple(RELEASES)
    return releases[releases.index(release) - 1]


CHANGES: tuple[ReleaseChange, ...] = (
    ReleaseChange(
        "traffic_extensions",
        "1.30",
        "WasmPlugins become TrafficExtensions",
        "The kind TrafficExtension exists, with Lua and Wasm. A WasmPlugin is translated into one, so its filter and"
        " its extension config have another name.",
        f"{PULL}59052",
    ),
    ReleaseChange(
        "trust_domain_sources",
        "1.30",
        "AuthorizationPolicies match trust domains",
        "The fields `trustDomains` and `notTrustDomains` of a source, and the condition key `source.trustDomain`, "
        "exist.",
        f"{PULL}59358",
    ),
    ReleaseChange(
        "context_propagation",
        "1.30",
        "Telemetry can disable context propagation",
        "The field `tracing.disableContextPropagation` exists. Earlier releases refuse a Telemetry that has it.",
        f"{PULL}59047",
    ),
    ReleaseChange(
        "redirect_codes",
        "1.30",
        "HTTPRoutes redirect with 303, 307 and 308",
        "The Gateway API 1.5 that this release installs accepts more values of `requestRedirect.statusCode`.",
        f"{PULL}59299",
    ),
    ReleaseChange(
        "dynamic_sidecars",
        "1.30",
        "Sidecars resolve the hosts of wildcard ServiceEntries",
        "A ServiceEntry with `resolution: DYNAMIC_DNS` works for sidecars, not only for waypoints, also with "
        "`location: MESH_INTERNAL`, HTTP2 and GRPC: its clusters are dynamic forward proxies. Earlier releases "
        "refuse the latter, and sidecars have no clusters for such hosts.",
        f"{PULL}58688",
    ),
    ReleaseChange(
        "best_service_namespace",
        "1.30",
        "A host in several namespaces is the one of the oldest service",
        "If a route of a Sidecar's VirtualServices names a host that several namespaces define, the Kubernetes "
        "Service is used, or else the oldest ServiceEntry. Earlier releases use the first namespace by name.",
        f"{PULL}59486",
    ),
    ReleaseChange(
        "connect_strategy",
        "1.30",
        "The annotation istio.io/connect-strategy is read",
        "A ServiceEntry with `istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT` and `resolution: DNS` gets clusters"
        " of type LOGICAL_DNS that look up both families of addresses.",
        f"{PULL}59083",
        keep=("remove the annotation `istio.io/connect-strategy`",),
    ),
    ReleaseChange(
        "namespace_traffic_distribution",
        "1.30",
        "Services inherit the traffic distribution of their namespace",
        "The annotation `networking.istio.io/traffic-distribution` of a Namespace applies to its services and "
        "ServiceEntries that have none of their own.",
        f"{PULL}58701",
        keep=("remove the annotation `networking.istio.io/traffic-distribution` from the Namespace",),
    ),
    ReleaseChange(
        "default_export_lists",
        "1.30",
        "Default exports may be lists of namespaces",
        "All namespaces in `defaultServiceExportTo` and `defaultVirtualServiceExportTo` of the mesh config count. "
        "Earlier releases only look for `.` and `*` in them.",
        f"{PULL}60701",
        keep=("have only `.` or `*` in `defaultServiceExportTo` and `defaultVirtualServiceExportTo`",),
    ),
    ReleaseChange(
        "address_families",
        "1.30",
        "Addresses of another IP family are left out",
        "The virtual hosts of a service that only exists in another cluster have no address that the proxy cannot "
        "reach, such as an IPv6 address for a proxy with IPv4.",
        f"{PULL}59245",
    ),
    ReleaseChange(
        "sorted_addresses",
        "1.30",
        "The addresses of a service at a waypoint are sorted",
        "A waypoint matches the addresses of a service in the order of their text. Earlier releases keep the order "
        "of the Service.",
        f"{PULL}59330",
    ),
    ReleaseChange(
        "named_entry_endpoints",
        "1.30",
        "Endpoints that a ServiceEntry lists have the names of workloads",
        "An endpoint that a ServiceEntry lists has the name and the namespace of the entry in its telemetry, and the"
        " PeerAuthentications of that namespace apply to it. In earlier releases both are empty.",
        f"{PULL}58951",
    ),
    ReleaseChange(
        "custom_provider_names",
        "1.30",
        "A workload can have several CUSTOM providers",
        "Each provider of CUSTOM AuthorizationPolicies has filters of its own, and the names of its rules begin with"
        " the name of the provider. Earlier releases have one set of rules per workload, and deny its requests if "
        "there are several providers.",
        f"{PULL}58082",
    ),
    ReleaseChange(
        "stable_tls_routes",
        "1.30",
        "TLSRoutes need no feature flag",
        "TLSRoutes, and listeners of Gateways with the protocol TLS, are read. Earlier releases read them with "
        "PILOT_ENABLE_ALPHA_GATEWAY_API only.",
        f"{PULL}59693",
    ),
    ReleaseChange(
        "stable_listener_sets",
        "1.30",
        "ListenerSets add listeners",
        "The kind ListenerSet of the Gateway API is read.",
        f"{PULL}59221",
    ),
    ReleaseChange(
        "merged_route_kinds",
        "1.30",
        "HTTPRoutes and GRPCRoutes share a host",
        "The rules of HTTPRoutes and GRPCRoutes with one host are merged. In earlier releases the routes of one kind"
        " hide those of the other.",
        f"{PULL}59222",
    ),
    ReleaseChange(
        "grants_to_several",
        "1.30",
        "All targets of a ReferenceGrant count",
        "A ReferenceGrant with several targets of one kind allows each of them. In earlier releases only the last "
        "one counts.",
        f"{PULL}59069",
    ),
    ReleaseChange(
        "policy_conflicts",
        "1.30",
        "The oldest BackendTLSPolicy wins",
        "Of several BackendTLSPolicies for one Service, the oldest counts, and the annotation "
        "`istio.io/ignore-policy-attachment` is read. In earlier releases all of them count.",
        f"{PULL}60203",
    ),
    ReleaseChange(
        "tls_mode_option",
        "1.30",
        "Certificates of clients can be optional with a listener's validation",
        "A listener with authorities for clients and the option `gateway.istio.io/tls-terminate-mode` "
        "OPTIONAL_MUTUAL accepts clients without a certificate. Earlier releases require one.",
        f"{PULL}59098",
    ),
    ReleaseChange(
        "otel_conventions",
        "1.30",
        "OpenTelemetry can name services by its conventions",
        "The setting `serviceAttributeEnrichment` of an OpenTelemetry provider exists.",
        f"{PULL}59207",
    ),
    ReleaseChange(
        "waypoint_outbound_routes",
        "1.30",
        "Waypoints route as clients do",
        "The route of a waypoint to a Service has the mesh's retries. In earlier releases it retries requests that "
        "reached no server.",
        f"{PULL}60846",
    ),
    ReleaseChange(
        "missing_backends_not_found",
        "1.30",
        "Rules without backends answer 404",
        "A rule of an HTTPRoute without backends answers 404. Earlier releases answer 500.",
        f"{PULL}59445",
    ),
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
        "TCPRoutes, and listeners of Gateways with the protocol TCP, are read. Earlier releases read them with "
        "PILOT_ENABLE_ALPHA_GATEWAY_API only.",
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
)
"""All differences, oldest release first."""
