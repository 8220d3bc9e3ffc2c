"""The statuses that istiod writes on objects of the Gateway API."""

from __future__ import annotations

import pytest

import meshcompile
from meshcompile import ObjectStatus, StatusCondition
from meshcompile.status.objects import GatewayStatus, PolicyStatus, RouteStatus

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: ingress}]
  listeners:
    - {name: web, port: 80, protocol: HTTP, hostname: '*.shop.test'}
"""
INGRESS = """---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: shop}
spec: {clusterIP: 10.96.0.7, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ingress-1, namespace: shop, labels: {kubernetes.io/service-name: ingress}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.7]}]
"""
BACKEND = """---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
"""
ROUTE = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [www.shop.test]
  rules: [{backendRefs: [{name: web, port: 80}]}]
"""


def statuses(*documents: str, ambient: bool = False, **features: bool) -> dict[str, ObjectStatus]:
    """The statuses by kind and name."""
    mesh = meshcompile.load("".join(documents), ambient=ambient, features=features)
    return {f"{each.kind}/{each.name}": each for each in mesh.status()}


def gateway(*documents: str, ambient: bool = False) -> GatewayStatus:
    status = statuses(*documents, ambient=ambient)["Gateway/edge"].status
    assert isinstance(status, GatewayStatus)
    return status


def route(*documents: str, ambient: bool = False) -> RouteStatus:
    status = statuses(*documents, ambient=ambient)["HTTPRoute/web"].status
    assert isinstance(status, RouteStatus)
    return status


def of_type(conditions: tuple[StatusCondition, ...], wanted: str) -> StatusCondition:
    (found,) = [each for each in conditions if each.type == wanted]
    return found


def reasons(conditions: tuple[StatusCondition, ...]) -> dict[str, str]:
    return {each.type: each.reason for each in conditions}


def test_a_gateway_that_is_served_is_programmed() -> None:
    """The message names the Service and port, and the address is the host of the Service."""
    status = gateway(GATEWAY, INGRESS)
    programmed = of_type(status.conditions, "Programmed")
    assert (programmed.status, programmed.reason) == ("True", "Programmed")
    assert programmed.message == "Resource programmed, assigned to service(s) ingress.shop.svc.cluster.local:80"
    assert [(each.type, each.value) for each in status.addresses] == [("Hostname", "ingress.shop.svc.cluster.local")]
    assert reasons(status.listeners[0].conditions) == {
        "Accepted": "Accepted",
        "Conflicted": "NoConflicts",
        "Programmed": "Programmed",
        "ResolvedRefs": "ResolvedRefs",
    }


@pytest.mark.parametrize(
    ("balancer", "reason", "addresses"),
    [
        ("", "AddressNotAssigned", []),
        ("status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}\n", "Programmed", ["192.0.2.1"]),
        ("status: {loadBalancer: {ingress: [{hostname: lb.test}]}}\n", "Programmed", ["lb.test"]),
    ],
)
def test_a_load_balancer_without_an_address_is_pending(balancer: str, reason: str, addresses: list[str]) -> None:
    """A pending address is not a problem of the configuration."""
    service, endpoints = INGRESS.replace("{clusterIP", "{type: LoadBalancer, clusterIP").split("---\napiVersion: disc")
    found = statuses(GATEWAY, service, balancer, f"---\napiVersion: disc{endpoints}")["Gateway/edge"]
    assert isinstance(found.status, GatewayStatus)
    assert reasons(found.status.conditions)["Programmed"] == reason
    assert [each.value for each in found.status.addresses] == addresses
    assert found.problems == ()


@pytest.mark.parametrize(
    ("change", "message", "field"),
    [
        (("value: ingress", "value: missing"), '"missing.shop.svc.cluster.local" not found', "spec.addresses[0]"),
        (("port: 80,", "port: 81,"), "port 81 not found", "spec.listeners[0].port"),
        (("port: 80,", "port: 8080,"), "Did you mean one of these ports: [80]?", "spec.listeners[0].port"),
        (("value: ingress", "value: ingress.shop.svc.other"), "not found", "spec.addresses[0]"),
    ],
)
def test_an_address_that_serves_no_port_is_a_problem(change: tuple[str, str], message: str, field: str) -> None:
    """The condition has the place of the address or of the port."""
    problem = of_type(gateway(GATEWAY.replace(*change), INGRESS).conditions, "Programmed")
    assert problem.reason == "AddressNotUsable"
    assert message in problem.message
    assert problem.origin.field == field


def test_listeners_count_routes_and_name_their_kinds() -> None:
    """A listener has the number of routes that it accepts, and the kinds that it supports."""
    (listener,) = gateway(GATEWAY, INGRESS, BACKEND, ROUTE, ROUTE.replace("name: web,", "name: other,")).listeners
    assert listener.attached_routes == 2
    assert [each.kind for each in listener.supported_kinds] == ["HTTPRoute", "GRPCRoute"]


def test_kinds_that_do_not_suit_the_protocol_are_invalid() -> None:
    """A kind of routes that a listener asks for but cannot have is a problem at its place."""
    kinds = "allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: HTTPRoute}]}"
    (listener,) = gateway(GATEWAY.replace("protocol: HTTP", f"protocol: HTTP, {kinds}"), INGRESS).listeners
    problem = of_type(listener.conditions, "ResolvedRefs")
    assert (problem.status, problem.reason) == ("False", "InvalidRouteKinds")
    assert problem.origin.field == "spec.listeners[0].allowedRoutes.kinds"
    assert [each.kind for each in listener.supported_kinds] == ["HTTPRoute"]


def test_a_certificate_that_is_not_there_stops_the_listener() -> None:
    """The listener is not programmed; the Gateway is."""
    tls = "protocol: HTTPS, tls: {certificateRefs: [{name: web-tls}]}"
    status = gateway(GATEWAY.replace("protocol: HTTP", tls), INGRESS)
    (listener,) = status.listeners
    assert reasons(listener.conditions)["Programmed"] == "Invalid"
    assert reasons(status.conditions)["Programmed"] == "Programmed"
    problem = of_type(listener.conditions, "ResolvedRefs")
    assert "invalid certificate reference /Secret/web-tls., secret shop/web-tls not found" in problem.message
    assert problem.origin.field == "spec.listeners[0].tls.certificateRefs[0]"


def test_a_remote_gateway_is_taken_as_it_is() -> None:
    """istiod does not program the Gateway of another cluster."""
    remote = GATEWAY.replace("gatewayClassName: istio", "gatewayClassName: istio-remote")
    status = gateway(remote)
    assert of_type(status.conditions, "Programmed").message == "This Gateway is remote; Istio will not program it"
    assert [each.value for each in status.addresses] == ["ingress"]
    assert status.listeners == ()


def test_gateways_of_other_controllers_have_no_status() -> None:
    """istiod writes nothing on what it does not serve, and routes have no entry for it."""
    found = statuses(GATEWAY.replace("gatewayClassName: istio", "gatewayClassName: nginx"), BACKEND, ROUTE)
    assert list(found) == ["HTTPRoute/web"]
    assert found["HTTPRoute/web"].status == RouteStatus(())


def test_a_route_that_is_accepted() -> None:
    """A route has one entry per parent, with the number of listeners if there are several."""
    two = GATEWAY + "    - {name: more, port: 81, protocol: HTTP}\n"
    (parent,) = route(two, INGRESS, BACKEND, ROUTE).parents
    assert of_type(parent.conditions, "Accepted").message == "Route was valid, bound to 2 parents"
    assert parent.origin.field == "spec.parentRefs[0]"


def test_the_listener_that_comes_closest_says_why_a_route_is_refused() -> None:
    """A wrong host is closer than a wrong section, and reasons of one kind are joined."""
    more = "".join(f"    - {{name: l{n}, port: 9{n}, protocol: HTTP, hostname: l{n}.test}}\n" for n in range(2))
    (parent,) = route(GATEWAY + more, ROUTE.replace("www.shop.test", "www.other.test")).parents
    refused = of_type(parent.conditions, "Accepted")
    assert (refused.status, refused.reason) == ("False", "NoMatchingListenerHostname")
    assert refused.message.count("no hostnames matched parent hostname") == 3


def test_parents_are_in_the_order_of_istiod() -> None:
    """The entries of a route are sorted, the last by name first."""
    other = GATEWAY.replace("name: edge", "name: inner")
    parents = route(GATEWAY, "---", other, ROUTE.replace("[{name: edge}]", "[{name: edge}, {name: inner}]")).parents
    assert [each.reference.name for each in parents] == ["inner", "edge"]


def test_the_problem_of_the_last_rule_counts() -> None:
    """The condition is about all rules, and has the place of one backend."""
    rules = "rules: [{backendRefs: [{name: a, port: 80}]}, {backendRefs: [{name: b, port: 80}]}]"
    (parent,) = route(GATEWAY, ROUTE.replace("rules: [{backendRefs: [{name: web, port: 80}]}]", rules)).parents
    problem = of_type(parent.conditions, "ResolvedRefs")
    assert (problem.reason, problem.message) == ("BackendNotFound", "backend(b.shop.svc.cluster.local) not found")
    assert problem.origin.field == "spec.rules[1].backendRefs[0].name"


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("{}", "istio.io/use-waypoint label missing from parent and parent namespace"),
        ("{istio.io/use-waypoint: waypoint}", "All waypoints resolved"),
        ("{istio.io/use-waypoint: none}", "istio.io/use-waypoint label missing"),
    ],
)
def test_routes_of_services_need_a_waypoint_in_ambient_meshes(labels: str, message: str) -> None:
    """A route in the mesh says if no waypoint serves its parent."""
    mesh = ROUTE.replace("{name: edge}", "{group: '', kind: Service, name: web}").replace("hostnames", "# hostnames")
    service = BACKEND.replace("namespace: shop}", f"namespace: shop, labels: {labels}}}")
    namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    (parent,) = route(namespace, service, mesh, ambient=True).parents
    assert message in of_type(parent.conditions, "ResolvedWaypoints").message
    (parent,) = route(namespace, service, mesh).parents
    assert "ResolvedWaypoints" not in reasons(parent.conditions)


POLICY = """---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{group: '', kind: Service, name: missing}, {group: '', kind: Service, name: web}]
  validation: {hostname: web.test, caCertificateRefs: [{group: '', kind: ConfigMap, name: authorities}]}
"""


def policy(*documents: str) -> PolicyStatus:
    status = statuses(*documents)["BackendTLSPolicy/web"].status
    assert isinstance(status, PolicyStatus)
    return status


def test_a_policy_has_an_entry_per_target_and_gateway() -> None:
    """The problem of one target is also said of those after it, as istiod does."""
    ancestors = policy(GATEWAY, BACKEND, ROUTE, POLICY).ancestors
    assert [(each.reference.kind, each.reference.name) for each in ancestors] == [
        ("Service", "missing"),
        ("Service", "web"),
        ("Gateway", "edge"),
    ]
    assert [of_type(each.conditions, "Accepted").reason for each in ancestors] == ["TargetNotFound"] * 3
    assert [of_type(each.conditions, "ResolvedRefs").reason for each in ancestors] == ["InvalidCACertificateRef"] * 3
    assert {each.controller for each in ancestors[:2]} == {"istio.io/mesh-controller"}


def test_an_ignored_policy_says_so() -> None:
    """The annotation that excludes a policy is the place of the condition."""
    ignored = POLICY.replace(
        "namespace: shop}", "namespace: shop, annotations: {istio.io/ignore-policy-attachment: 'true'}}"
    )
    (first, *_) = policy(BACKEND, ignored).ancestors
    (condition,) = first.conditions
    assert condition.reason == "IgnoredByIstio"
    assert condition.origin.field == 'metadata.annotations["istio.io/ignore-policy-attachment"]'


def test_alpha_kinds_have_a_status_with_their_feature_flag() -> None:
    """A TCPRoute has a status only if istiod reads it."""
    tcp = (
        ROUTE.replace("/v1\n", "/v1alpha2\n")
        .replace("HTTPRoute", "TCPRoute")
        .replace("  hostnames: [www.shop.test]\n", "")
    )
    assert "TCPRoute/web" not in statuses(GATEWAY, tcp)
    found = statuses(GATEWAY, tcp, PILOT_ENABLE_ALPHA_GATEWAY_API=True)["TCPRoute/web"]
    (problem,) = [each for each in found.problems if each.type == "Accepted"]
    assert problem.message == "kind gateway.networking.k8s.io/v1alpha2/TCPRoute is not allowed"


LISTENER_SET = """---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: bank}
spec:
  parentRef: {name: edge, namespace: shop}
  listeners: [{name: web, port: 80, protocol: HTTP, hostname: bank.test}]
"""


def test_a_listener_set_is_part_of_its_gateway() -> None:
    """An allowed ListenerSet is programmed with its Gateway, which counts it; another one is not accepted."""
    allowing = GATEWAY.replace("  listeners:", "  allowedListeners: {namespaces: {from: All}}\n  listeners:")
    assert gateway(allowing, INGRESS, LISTENER_SET).attached_listener_sets == 1
    assert statuses(allowing, INGRESS, LISTENER_SET)["ListenerSet/more"].problems == ()
    refused = statuses(GATEWAY, INGRESS, LISTENER_SET)["ListenerSet/more"]
    assert [each.reason for each in refused.problems] == ["NotAllowed", "NotAllowed"]
    assert {each.origin.field for each in refused.problems} == {"spec.parentRef"}


WAYPOINT = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: infra}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE, allowedRoutes: {namespaces: {from: All}}}]
"""
USING = BACKEND.replace(
    "namespace: shop}",
    "namespace: shop, labels: {istio.io/use-waypoint: waypoint, istio.io/use-waypoint-namespace: infra}}",
)


def bound(*documents: str) -> StatusCondition:
    (condition,) = statuses(*documents, ambient=True)["Service/web"].conditions
    assert condition.type == "istio.io/WaypointBound"
    return condition


@pytest.mark.parametrize(
    ("waypoint", "reason", "message"),
    [
        (WAYPOINT, "WaypointAccepted", "Successfully attached to waypoint infra/waypoint"),
        (WAYPOINT.replace("from: All", "from: Same"), "AttachmentDenied", "(missing allowedRoutes?)"),
        (WAYPOINT.replace("name: waypoint", "name: other"), "WaypointIsNotReady", '"infra/waypoint" is not ready'),
        (
            WAYPOINT.replace("namespace: infra}", "namespace: infra, labels: {istio.io/waypoint-for: workload}}"),
            "UnsupportedTrafficType",
            'attempting to bind to traffic type "service" which the waypoint "infra/waypoint" does not support',
        ),
    ],
)
def test_a_service_says_whether_its_waypoint_serves_it(waypoint: str, reason: str, message: str) -> None:
    """The condition has the place of the label that asks for the waypoint."""
    condition = bound(waypoint, USING)
    assert (condition.status == "True", condition.reason) == (reason == "WaypointAccepted", reason)
    assert message in condition.message
    assert condition.origin.field == 'metadata.labels["istio.io/use-waypoint"]'


def test_ingress_past_a_waypoint_is_said() -> None:
    """The label for ingress traffic changes the message."""
    label = "istio.io/ingress-use-waypoint"
    passing = USING.replace("labels: {", f'labels: {{{label}: "false", ')
    assert f"set the {label} label to true" in bound(WAYPOINT, passing).message
    assert "Ingress traffic will traverse" in bound(WAYPOINT, passing.replace('"false"', '"true"')).message


def test_services_without_a_waypoint_have_no_status() -> None:
    """Only Services that ask for a waypoint have a condition, and only in ambient meshes."""
    assert "Service/web" not in statuses(WAYPOINT, BACKEND, ambient=True)
    assert "Service/web" not in statuses(WAYPOINT, USING)


def test_a_wildcard_service_entry_needs_a_waypoint() -> None:
    """A ServiceEntry with a wildcard host has no effect without a waypoint."""
    entry = """---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: shop}
spec: {hosts: ['*.outside.test'], ports: [{number: 443, name: tls, protocol: TLS}], resolution: NONE}
"""
    (problem,) = statuses(WAYPOINT, entry, ambient=True)["ServiceEntry/outside"].problems
    assert (problem.type, problem.reason) == ("istio.io/WaypointMissing", "NoWaypointForWildcardService")


ALLOW = """---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  rules:
    - to: [{operation: {ports: ["80"]}}]
      from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]
"""


def attached(*documents: str) -> StatusCondition:
    (condition,) = statuses(*documents, ambient=True)["AuthorizationPolicy/web"].conditions
    return condition


@pytest.mark.parametrize(
    ("change", "status", "reason", "message", "field"),
    [
        (("", ""), "True", "Accepted", "attached to ztunnel", ""),
        (
            ('{ports: ["80"]}', "{paths: [/a], methods: [GET]}"),
            "True",
            "UnsupportedValue",
            "ztunnel does not support HTTP attributes (found: methods, paths). In ambient mode you must use a waypoint "
            "proxy to enforce HTTP rules. Within an ALLOW policy, rules matching HTTP attributes are omitted. "
            "This will be more restrictive than requested.",
            "spec.rules[0].to[0].operation.paths",
        ),
        (
            ("  selector:", "  action: AUDIT\n  selector:"),
            "False",
            "UnsupportedValue",
            "ztunnel does not support the AUDIT action",
            "spec.action",
        ),
        (
            ("namespace: shop}", 'namespace: shop, annotations: {istio.io/dry-run: "true"}}'),
            "False",
            "UnsupportedValue",
            "support for ambient dry-run authorizationPolicies isn't enabled",
            'metadata.annotations["istio.io/dry-run"]',
        ),
    ],
)
def test_ztunnel_says_what_it_enforces(
    change: tuple[str, str], status: str, reason: str, message: str, field: str
) -> None:
    """ztunnel enforces L4 rules. HTTP attributes, other actions and dry runs are problems at their places."""
    text = ALLOW.replace(*change) if change[0] else ALLOW
    condition = attached(text)
    assert (condition.type, condition.status, condition.reason) == ("ZtunnelAccepted", status, reason)
    assert message in condition.message
    assert condition.origin.field == field
    problems = statuses(text, ambient=True)["AuthorizationPolicy/web"].problems
    assert bool(problems) == (reason != "Accepted")


@pytest.mark.parametrize(
    ("refs", "status", "reason", "message"),
    [
        ("[{kind: Service, name: web}]", "True", "Accepted", "bound to infra/waypoint"),
        ("[{kind: Service, name: missing}]", "False", "TargetNotFound", "Service shop/missing was not found"),
        (
            "[{kind: Service, name: plain}]",
            "False",
            "AncestorNotBound",
            "Service shop/plain is not bound to a waypoint",
        ),
        (
            "[{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]",
            "False",
            "TargetNotFound",
            "not bound",
        ),
        (
            "[{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}]",
            "False",
            "Invalid",
            "must be in the root namespace `istio-system`",
        ),
        (
            "[{kind: Service, name: web}, {kind: Service, name: plain}]",
            "True",
            "PartiallyInvalid",
            "Invalid targetRefs: Service.core:shop/plain",
        ),
        (
            "[{kind: Service, name: missing}, {kind: Service, name: plain}]",
            "False",
            "Invalid",
            "Invalid targetRefs: Service.core:shop/missing, Service.core:shop/plain",
        ),
    ],
)
def test_waypoints_say_whether_a_policy_is_attached(refs: str, status: str, reason: str, message: str) -> None:
    """A policy with targets is for waypoints, and has one condition for all of them."""
    targeted = ALLOW.replace("selector: {matchLabels: {app: web}}", f"targetRefs: {refs}")
    plain = BACKEND.replace("name: web", "name: plain")
    condition = attached(WAYPOINT, USING, plain, targeted)
    assert (condition.type, condition.status, condition.reason) == ("WaypointAccepted", status, reason)
    assert message in condition.message
