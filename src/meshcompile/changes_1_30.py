"""What changes in Istio 1.30: one row per field of Behaviour that it sets differently."""

from meshcompile.release_change import PULL, ReleaseChange

CHANGES_1_30: tuple[ReleaseChange, ...] = (
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
        keep=("delete the AuthorizationPolicies with these fields, which the earlier release refuses",),
    ),
    ReleaseChange(
        "context_propagation",
        "1.30",
        "Telemetry can disable context propagation",
        "The field `tracing.disableContextPropagation` exists. Earlier releases refuse a Telemetry that has it.",
        f"{PULL}59047",
        keep=("delete the Telemetries with this field, which the earlier release refuses",),
    ),
    ReleaseChange(
        "redirect_codes",
        "1.30",
        "HTTPRoutes redirect with 303, 307 and 308",
        "The Gateway API 1.5 that this release installs accepts more values of `requestRedirect.statusCode`.",
        f"{PULL}59299",
        keep=("delete the HTTPRoutes with these codes, which the earlier release refuses",),
    ),
    ReleaseChange(
        "dynamic_sidecars",
        "1.30",
        "Sidecars resolve the hosts of wildcard ServiceEntries",
        "A ServiceEntry with `resolution: DYNAMIC_DNS` works for sidecars, not only for waypoints, also with "
        "`location: MESH_INTERNAL`, HTTP2 and GRPC: its clusters are dynamic forward proxies. Earlier releases "
        "refuse the latter, and sidecars have no clusters for such hosts.",
        f"{PULL}58688",
        keep=("hide the ServiceEntry from sidecars: leave its hosts out of the `egress` of their Sidecar",),
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
        "CUSTOM rules have the names of their providers",
        "The names of the rules of CUSTOM AuthorizationPolicies begin with the name of the provider. A provider whose"
        " name has other characters than lower case letters, digits and hyphens denies all requests. A workload can"
        " have several providers only with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS, which is off by default, and"
        " which meshcompile does not follow.",
        f"{PULL}58082",
    ),
    ReleaseChange(
        "stable_tls_routes",
        "1.30",
        "TLSRoutes need no feature flag",
        "TLSRoutes, and listeners of Gateways with the protocol TLS, are read. Earlier releases read them with "
        "PILOT_ENABLE_ALPHA_GATEWAY_API only.",
        f"{PULL}59693",
        keep=("delete the TLSRoutes and the listeners for TLS, which the earlier release does not read",),
    ),
    ReleaseChange(
        "stable_listener_sets",
        "1.30",
        "ListenerSets add listeners",
        "The kind ListenerSet of the Gateway API is read.",
        f"{PULL}59221",
        keep=("delete the ListenerSets, which the earlier release does not read",),
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
        keep=("remove all targets of a kind from the ReferenceGrant but the last",),
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
        keep=("remove the option `gateway.istio.io/tls-terminate-mode`",),
    ),
    ReleaseChange(
        "otel_conventions",
        "1.30",
        "OpenTelemetry can name services by its conventions",
        "The setting `serviceAttributeEnrichment` of an OpenTelemetry provider exists.",
        f"{PULL}59207",
        keep=("remove `serviceAttributeEnrichment`",),
    ),
    ReleaseChange(
        "waypoint_outbound_routes",
        "1.30",
        "Waypoints route as clients do",
        "The route of a waypoint to a Service has the mesh's retries. In earlier releases it retries requests that "
        "reached no server.",
        f"{PULL}60846",
        keep=("set the retries of the route, in an HTTPRoute or a VirtualService",),
    ),
    ReleaseChange(
        "missing_backends_not_found",
        "1.30",
        "Rules without backends answer 404",
        "A rule of an HTTPRoute without backends answers 404. Earlier releases answer 500.",
        f"{PULL}59445",
    ),
    ReleaseChange(
        "gateways_of_families",
        "1.30",
        "Network gateways of another IP family are left out",
        "A proxy with one IP family reaches another network only through gateways with an address of this family. "
        "Earlier releases use all gateways.",
        f"{PULL}59767",
    ),
    ReleaseChange(
        "unset_network_gateways",
        "1.30",
        "Proxies without a network use network gateways",
        "A proxy whose network is not set reaches endpoints of a network with gateways through these. Earlier "
        "releases send the requests to the endpoints directly.",
        f"{PULL}58613",
    ),
    ReleaseChange(
        "waypoint_client_identity",
        "1.30",
        "Waypoints can tell servers the identity of clients",
        "The annotation `ambient.istio.io/xfcc-include-client-identity` of a Gateway makes its waypoint write the "
        "header `x-forwarded-client-cert`. Earlier releases ignore it.",
        f"{PULL}59986",
        keep=("remove the annotation `ambient.istio.io/xfcc-include-client-identity`",),
    ),
    ReleaseChange(
        "telemetry_of_services",
        "1.30",
        "Telemetries of a service's namespace apply at a waypoint",
        "If a service and its waypoint are in different namespaces, the Telemetries of both apply to the service. In "
        "earlier releases only those of the waypoint's namespace do.",
        f"{PULL}60845",
    ),
    ReleaseChange(
        "spans_name_proxies",
        "1.30",
        "The spans of a waypoint have the waypoint's name",
        "The traces of a waypoint for Datadog and OpenTelemetry name the waypoint. In earlier releases they name the "
        "service that is called.",
        f"{PULL}58688",
    ),
    ReleaseChange(
        "dns_failover_priority",
        "1.30",
        "Clusters that DNS resolves follow failover priorities",
        "The endpoints of a ServiceEntry with `resolution: DNS` have priorities by the labels of `failoverPriority`. "
        "Earlier releases ignore them.",
        f"{PULL}58674",
        keep=("remove `failoverPriority` for this host",),
    ),
    ReleaseChange(
        "unnamed_dynamic_hosts",
        "1.30",
        "Wildcard hosts can have a fixed SNI",
        "The cluster of a ServiceEntry with `resolution: DYNAMIC_DNS` and a DestinationRule with `tls.sni` has the "
        "consent that Envoy needs. Envoy refuses it in earlier releases.",
        f"{PULL}58688",
    ),
    ReleaseChange(
        "waypoint_ranges",
        "1.30",
        "ServiceEntries with address ranges use waypoints",
        "A ServiceEntry with a CIDR range as an address can have a waypoint. Earlier releases do not know such hosts "
        "in the ambient mesh.",
        f"{PULL}59797",
        keep=("remove the label `istio.io/use-waypoint` from the ServiceEntry",),
    ),
    ReleaseChange(
        "sds_credential_names",
        "1.30",
        "A credential of an SDS server has a name of its own",
        "The secret of a Gateway with `credentialName: sds://NAME` is `NAME`, from the SDS provider of the mesh "
        "config. Earlier releases look for a provider with this name, and ask it for `sds://NAME`.",
        f"{PULL}60308",
    ),
    ReleaseChange(
        "unverified_own_certificates",
        "1.30",
        "Proxies with certificates of their own can skip verification",
        "If a proxy has client certificates in its metadata (`TLS_CLIENT_CERT_CHAIN`), the `insecureSkipVerify` of a "
        "DestinationRule with the mode MUTUAL or ISTIO_MUTUAL is read. Earlier releases verify the server.",
        f"{PULL}58688",
        keep=("remove `insecureSkipVerify` from the DestinationRule",),
    ),
    ReleaseChange(
        "tls_routes_terminate",
        "1.30",
        "TLSRoutes attach to listeners that terminate TLS",
        "A TLSRoute applies to a listener with the protocol TLS and the mode Terminate, beside TCPRoutes. Earlier "
        "releases take TLSRoutes for the mode Passthrough only, and TCPRoutes for all other modes, also for none.",
        f"{PULL}58638",
        keep=("delete the TLSRoutes for these listeners",),
    ),
)
"""The rows, without order."""
