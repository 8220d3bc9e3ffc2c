"""More rules of `blame`: tokens, origins of browsers, hosts that nearly match, and services without endpoints."""

from collections.abc import Iterator
from difflib import get_close_matches

from meshcompile.documents import Origin
from meshcompile.explain.evidence import Evidence, closest, narrowed, value_at
from meshcompile.explain.trace import BlamedLine
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction
from meshcompile.models.security.request_authentication import RequestAuthentication
from meshcompile.proxy import Proxy
from meshcompile.resolve.security.policy_attachment import attaches
from meshcompile.values.labels import selects

BLOCKED = "BlackHoleCluster"


def refused_tokens(evidence: Evidence) -> Iterator[BlamedLine]:
    """401: the issuer that the RequestAuthentication wants, if the token has another one."""
    decided, claims = evidence.decided, evidence.request.claims
    if decided is None or evidence.journey.status != 401 or not claims:
        return
    issuer = claims.get("iss")
    for policy in _token_policies(evidence, decided.proxy):
        rules = policy.spec.jwt_rules
        if rules and all(rule.issuer != issuer for rule in rules):
            wanted = " or ".join(rule.issuer for rule in rules)
            why = f"the issuer of the token is {issuer}, {wanted} is wanted"
            yield BlamedLine(policy.origin.at("spec", "jwtRules", 0, "issuer"), why)


def _token_policies(evidence: Evidence, proxy: Proxy) -> Iterator[RequestAuthentication]:
    """The RequestAuthentications that select a proxy by labels."""
    for policy in evidence.world.snapshot.authentication.request_in(proxy.namespace):
        selector = policy.spec.selector
        if selector is None or selects(selector.match_labels, proxy.labels):
            yield policy


def refused_origins(evidence: Evidence) -> Iterator[BlamedLine]:
    """An origin that the CORS policy of the route does not allow: the browser keeps the answer from its page."""
    origin = next((value for name, value in evidence.request.headers if name.lower() == "origin"), "")
    for passage in evidence.journey.passages if origin else ():
        steps = passage.outcome.steps
        if not any(step.what == "CORS" and step.decision.startswith("does not allow") for step in steps):
            continue
        for step in steps:
            for place in evidence.places(passage, step.pointer) if step.what == "route" else ():
                rule = Origin(place.document, place.path[:3])
                if value_at(rule, "corsPolicy"):
                    why = f"the policy does not allow the origin {origin}, so a browser refuses the answer"
                    yield BlamedLine(narrowed(rule, "corsPolicy", "allowOrigins"), why)


def nothing_allowed(evidence: Evidence) -> Iterator[BlamedLine]:
    """403: a policy that allows by rules and has none."""
    decided = evidence.decided
    if decided is None or evidence.journey.status != 403 or not evidence.steps("RBAC"):
        return
    snapshot, proxy = evidence.world.snapshot, decided.proxy
    root = snapshot.mesh.root_namespace
    for namespace in dict.fromkeys((proxy.namespace, root)):
        for policy in snapshot.authorization.by_namespace.get(namespace, ()):
            allows = policy.spec.action is AuthorizationPolicyAction.ALLOW and not policy.spec.rules
            if allows and attaches(policy.spec, policy.namespace, proxy, root):
                yield BlamedLine(policy.origin, f"policy {policy.full_name} has no rules, so it allows nothing")


def injected_faults(evidence: Evidence) -> Iterator[BlamedLine]:
    """An answer that a rule injects."""
    decided = evidence.decided
    if decided is None or "FI" not in (evidence.journey.flags or ""):
        return
    for step in evidence.steps("route"):
        for place in evidence.places(decided, step.pointer):
            rule = Origin(place.document, place.path[:3])
            if value_at(rule, "fault", "abort"):
                yield BlamedLine(rule.at("fault", "abort"), "the rule injects this answer")


def refused_routes(evidence: Evidence) -> Iterator[BlamedLine]:
    """404 or 500: the condition of a route of the Gateway API that says why it does not hold."""
    if evidence.journey.flags not in ("NR", "NC"):
        return
    for status in evidence.world.mesh.status() if evidence.decided is not None else ():
        hosts = value_at(Origin(status.origin.document), "spec", "hostnames")
        if status.kind.endswith("Route") and (not hosts or evidence.request.host in hosts):
            for condition in status.problems:
                yield BlamedLine(condition.origin or status.origin, condition.message)


def blocked_hosts(evidence: Evidence) -> Iterator[BlamedLine]:
    """A closed connection under REGISTRY_ONLY: the ServiceEntry whose host is most like the one that is called."""
    if evidence.journey.cluster != BLOCKED:
        return
    hosts = {
        str(host): origin.at("spec", "hosts", index)
        for origin in evidence.objects("ServiceEntry")
        for index, host in enumerate(value_at(origin, "spec", "hosts") or ())
    }
    for host in get_close_matches(evidence.request.host, list(hosts), n=1):
        why = f"only registered hosts may be called: {evidence.request.host} is none, this is {host}"
        yield BlamedLine(hosts[host], why)


def near_hosts(evidence: Evidence) -> Iterator[BlamedLine]:
    """404: the host that comes closest to the one that is called."""
    decided = evidence.decided
    if decided is None or evidence.journey.status != 404 or evidence.journey.flags != "NR":
        return
    for step in evidence.steps("virtual host"):
        for miss in closest(step.near_misses):
            for check in miss.failed[:1]:
                for origin in evidence.places(decided, check.pointer)[:1]:
                    yield BlamedLine(narrowed(origin, "hosts", 0), str(check))


def empty_services(evidence: Evidence) -> Iterator[BlamedLine]:
    """503 UH: the Service that has no endpoint, and why."""
    decided = evidence.decided
    if decided is None or evidence.journey.flags != "UH" or not evidence.journey.cluster:
        return
    subset, host = (evidence.journey.cluster + "|||").split("|")[2:4]
    for service in evidence.world.snapshot.services.by_hostname.get(host, {}).values():
        if not subset and service.origin.document.kind == "Service":
            place = narrowed(Origin(service.origin.document), "spec", "selector")
            yield BlamedLine(
                place, f"the Service has no ready endpoint: {_without_endpoints(evidence, service.selector)}"
            )


def _without_endpoints(evidence: Evidence, selector: object) -> str:
    wanted = dict(selector) if isinstance(selector, dict) else {}
    labels = [dict(pod.metadata.labels) for pod in evidence.world.pods.values()]
    if not wanted:
        return "it has no selector, and no EndpointSlice names its endpoints"
    if any(wanted.items() <= each.items() for each in labels):
        return "no EndpointSlice of the input names the Pods that it selects"
    return f"no ready Pod has {', '.join(f'{key}={value}' for key, value in wanted.items())}"


def endless_redirects(evidence: Evidence) -> Iterator[BlamedLine]:
    """301: the server that redirects to HTTPS."""
    decided = evidence.decided
    if decided is None or evidence.journey.status != 301:
        return
    for step in evidence.steps("route"):
        for origin in evidence.places(decided, step.pointer):
            if value_at(origin, "tls", "httpsRedirect"):
                yield BlamedLine(origin.at("tls", "httpsRedirect"), "this server redirects every request to HTTPS")


REFUSALS = (refused_tokens, refused_origins, nothing_allowed, injected_faults, refused_routes)
"""The rules about what somebody refuses on purpose."""
