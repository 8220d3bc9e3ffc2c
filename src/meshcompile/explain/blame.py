"""Which lines are to blame for an outcome: a table of rules, each for one kind of outcome.

The rules are asked in order. The first line of the first rule that knows one is the line that a person would change
first.
"""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from meshcompile.diagnostics import Severity
from meshcompile.documents import Origin
from meshcompile.explain.evidence import Evidence, closest, likeness, narrowed, value_at
from meshcompile.explain.journey import DOUBLE_TLS
from meshcompile.explain.refusals import REFUSALS, blocked_hosts, empty_services, endless_redirects, near_hosts
from meshcompile.explain.trace import BlamedLine
from meshcompile.explain.ztunnel import denials
from meshcompile.simulate import FailedCheck, ForwardedRequest, LocalReply, NearMiss

SIMILAR = 0.5
"""How much a text must be like the wanted one to count as a near miss."""
Rule = Callable[[Evidence], Iterator[BlamedLine]]


def blamed(evidence: Evidence) -> tuple[BlamedLine, ...]:
    """The lines to blame, the first one first."""
    found: dict[tuple[str, int], BlamedLine] = {}
    for rule in RULES:
        for line in rule(evidence):
            found.setdefault((line.origin.file, line.origin.line), line)
    return tuple(found.values())[:MOST_LINES]


MOST_LINES = 5


def near_misses(evidence: Evidence) -> tuple[BlamedLine, ...]:
    """The places of what came close and was not chosen, and the condition that failed."""
    decided = evidence.decided
    if decided is None:
        return ()
    found: dict[tuple[str, int], BlamedLine] = {}
    for step in decided.outcome.steps:
        for miss in closest(step.near_misses):
            for check in miss.failed[:1]:
                if check.subject in NEVER_NEAR or (check.subject == TRANSPORT and evidence.journey.flags != "NR"):
                    continue
                for origin in evidence.places(decided, check.pointer)[:1]:
                    place = _condition(origin, check)
                    found.setdefault((place.file, place.line), BlamedLine(place, _told(check)))
    return tuple(found.values())


TRANSPORT = "transport protocol"
"""A condition that says something only if no filter chain takes the connection."""
NEVER_NEAR = ("destination port", "request", "client")
"""Conditions that say nothing of a near miss: the chains of other ports, and rules without conditions."""


def _is_unrouted(evidence: Evidence) -> bool:
    return evidence.journey.status == 404 and evidence.journey.flags == "NR"


def ztunnel_denials(evidence: Evidence) -> Iterator[BlamedLine]:
    """A connection that the ztunnel of a workload refuses: the rule or policy that decides."""
    for decision in denials(evidence.journey.ztunnels):
        if decision.origin.file:
            yield BlamedLine(decision.origin, decision.why)


def missing_delegates(evidence: Evidence) -> Iterator[BlamedLine]:
    """404: a rule delegates to a VirtualService that does not exist, so the rule is left out."""
    if not _is_unrouted(evidence):
        return
    known = {(each.document.namespace, each.document.name) for each in evidence.objects("VirtualService")}
    for origin in evidence.objects("VirtualService"):
        for index, rule in enumerate(value_at(origin, "spec", "http") or ()):
            delegate = rule.get("delegate")
            if delegate and (delegate.get("namespace") or origin.document.namespace, delegate.get("name")) not in known:
                place = narrowed(origin, "spec", "http", index, "delegate", "namespace")
                name = f"{delegate.get('namespace') or origin.document.namespace}/{delegate.get('name')}"
                yield BlamedLine(place, f"there is no VirtualService {name}, so the rule is left out")


def failed_matches(evidence: Evidence) -> Iterator[BlamedLine]:
    """404: the condition that failed of the route that came closest."""
    decided = evidence.decided
    if not _is_unrouted(evidence) or decided is None:
        return
    for step in evidence.steps("route"):
        for miss in closest(step.near_misses):
            yield from _of_miss(evidence, miss)


def _of_miss(evidence: Evidence, miss: NearMiss) -> Iterator[BlamedLine]:
    decided = evidence.decided
    if decided is None or len(miss.failed) != 1:
        return
    check = miss.failed[0]
    if check.subject == "path" and likeness(check) < SIMILAR:
        return
    for origin in evidence.places(decided, check.pointer)[:1]:
        yield BlamedLine(_condition(origin, check), str(check))


CONDITIONS = ("exact", "prefix", "regex")
OPERATIONS = {
    "path": "paths",
    "header :method": "methods",
    "header :authority": "hosts",
    "destination port": "ports",
    "principal": "principals",
    "metadata": "requestPrincipals",
    "direct remote": "ipBlocks",
    "remote": "remoteIpBlocks",
}
"""Fields of an AuthorizationPolicy, by the beginning of what a condition is about."""


def _condition(origin: Origin, check: FailedCheck) -> Origin:
    """The place of the value of a condition: the `exact` of a match, the item of a policy's list."""
    for key in CONDITIONS:
        if value_at(origin, key) is not None:
            return origin.at(key)
    for subject, key in OPERATIONS.items():
        values = value_at(origin, key) if check.subject.startswith(subject) else None
        if isinstance(values, list) and values:
            index = next((i for i, value in enumerate(values) if str(value).strip("*") in check.wanted), 0)
            return origin.at(key, index)
    if check.subject == "server name" and value_at(origin, "sniHosts"):
        return origin.at("sniHosts", 0)
    if check.subject == "application protocol":
        return narrowed(origin, "protocol" if origin.document.kind == "ServiceEntry" else "name")
    return origin


def disabled_mutual_tls(evidence: Evidence) -> Iterator[BlamedLine]:
    """403: a policy asks for an identity, and mutual TLS is off, so callers have none."""
    decided = evidence.decided
    if decided is None or not _denied(evidence) or decided.connection.tls is not None:
        return
    failed = [check for step in evidence.steps("RBAC") for miss in step.near_misses for check in miss.failed]
    if any(check.subject == "principal" and check.found is None for check in failed):
        for origin in evidence.objects("PeerAuthentication"):
            if value_at(origin, "spec", "mtls", "mode") == "DISABLE":
                place = narrowed(origin, "spec", "mtls", "mode")
                yield BlamedLine(
                    place, "this turns mutual TLS off, so callers have no identity to compare with a policy"
                )


def _denied(evidence: Evidence) -> bool:
    ending = evidence.decided.outcome.ending if evidence.decided is not None else None
    return isinstance(ending, LocalReply) and ending.details.startswith("rbac_access_denied")


def denying_policies(evidence: Evidence) -> Iterator[BlamedLine]:
    """403: the DENY policy that matches, or the condition that failed of the ALLOW policy that came closest."""
    decided = evidence.decided
    if decided is None or not _denied(evidence):
        return
    for step in evidence.steps("RBAC"):
        if "matched_policy[none]" not in getattr(decided.outcome.ending, "details", ""):
            yield from (
                BlamedLine(each, f"{_policy(getattr(decided.outcome.ending, 'details', ''))} denies the request")
                for each in evidence.places(decided, step.pointer)[:1]
            )
        for miss in closest([each for each in step.near_misses if each.failed]):
            for check in miss.failed:
                if check.subject not in ("request", "client"):
                    for origin in evidence.places(decided, check.pointer)[:1]:
                        yield BlamedLine(
                            _condition(origin, check), f"{_policy(miss.name)} does not match: {_told(check)}"
                        )


POLICY = re.compile(r"ns\[(.*?)\]-policy\[(.*?)\]-rule\[\d+\]")
TOKEN = {"metadata payload.iss": "the issuer of the token", "metadata payload.sub": "the subject of the token"}


def _policy(name: str) -> str:
    """`policy shop/readers`, for the name that istiod gives to a rule."""
    found = POLICY.search(name)
    return f"policy {found[1]}/{found[2]}" if found else name


def _told(check: FailedCheck) -> str:
    """A failed condition, with the words of a policy."""
    claim = check.subject.replace("metadata payload.", "claim ")
    return str(check).replace(check.subject, TOKEN.get(check.subject, claim), 1)


def refused_connections(evidence: Evidence) -> Iterator[BlamedLine]:
    """A closed connection without a filter chain: plain text to STRICT, or a server name that no chain takes."""
    decided = evidence.decided
    if decided is None or evidence.journey.flags != "NR" or _is_unrouted(evidence):
        return
    misses = [
        (check, miss) for step in evidence.steps("filter chain") for miss in step.near_misses for check in miss.failed
    ]
    if any(check.subject == "transport protocol" for check, _ in misses) and decided.connection.tls is None:
        for origin in evidence.of_kind(decided, "PeerAuthentication", [check.pointer for check, _ in misses]):
            place = narrowed(origin, "spec", "mtls", "mode")
            yield BlamedLine(place, "the workload takes mutual TLS only, and the client speaks plain text")
    for check, _ in misses:
        if check.subject == "server name":
            plain = "the client speaks plain text, and the port is for TLS"
            for origin in evidence.places(decided, check.pointer)[:1]:
                yield BlamedLine(_condition(origin, check), str(check) if decided.connection.tls else plain)


def wrong_protocols(evidence: Evidence) -> Iterator[BlamedLine]:
    """A closed connection of TLS that a client speaks to a port that is declared as HTTP."""
    decided = evidence.decided
    if decided is None or not evidence.request.speaks_tls or decided.direction != "outbound":
        return
    for step in evidence.steps("filter chain"):
        for miss in step.near_misses:
            for check in miss.failed:
                if check.subject == "application protocol":
                    for origin in evidence.places(decided, check.pointer)[:1]:
                        why = "the port is declared as HTTP, so TLS to it is unknown traffic"
                        yield BlamedLine(_condition(origin, check), why)


def missing_clusters(evidence: Evidence) -> Iterator[BlamedLine]:
    """503 NC: the destination of the route, whose subset or host does not exist."""
    if evidence.journey.flags != "NC" or evidence.decided is None:
        return
    subset, host = (evidence.journey.cluster or "|||").split("|")[2:4]
    for rule in _rules(evidence):
        for index, route in enumerate(value_at(rule, "route") or ()):
            destination = route.get("destination", {})
            place = rule.at("route", index, "destination")
            if subset and destination.get("subset") == subset:
                yield BlamedLine(narrowed(place, "subset"), f"no DestinationRule of {host} defines subset {subset}")
            elif not subset:
                yield BlamedLine(narrowed(place, "host"), f"the mesh has no host {host} that this proxy sees")


def _rules(evidence: Evidence) -> Iterator[Origin]:
    """The rules of VirtualServices that the route of the deciding proxy comes from."""
    for step in evidence.steps("route"):
        for origin in evidence.places(evidence.decided, step.pointer) if evidence.decided is not None else ():
            if origin.document.kind == "VirtualService" and len(origin.path) >= 3:
                yield Origin(origin.document, origin.path[:3])


def empty_subsets(evidence: Evidence) -> Iterator[BlamedLine]:
    """503 UH: the labels of a subset that selects no Pod, and the route to it."""
    decided = evidence.decided
    if decided is None or evidence.journey.flags != "UH":
        return
    for step in evidence.steps("cluster"):
        for origin in evidence.of_kind(decided, "DestinationRule", [step.pointer]):
            labels = value_at(origin, "labels")
            if isinstance(labels, dict) and labels:
                key = next(iter(labels))
                wanted = ", ".join(f"{name}={value}" for name, value in labels.items())
                yield BlamedLine(
                    origin.at("labels", key), f"the subset selects no Pod: none of the service has {wanted}"
                )
        for rule in _rules(evidence):
            place = narrowed(rule, "route", 0, "destination", "subset")
            if place.path[-1] == "subset":
                yield BlamedLine(place, "the route to the subset")


def unregistered_hosts(evidence: Evidence) -> Iterator[BlamedLine]:
    """502 under REGISTRY_ONLY: the ServiceEntry whose host is most like the one that is called."""
    if not any(step.name == "block_all" for step in evidence.steps("virtual host")):
        return
    hosts = {
        host: (origin, index)
        for origin in evidence.objects("ServiceEntry")
        for index, host in enumerate(value_at(origin, "spec", "hosts") or ())
    }
    for host in get_close_matches(evidence.request.host, list(hosts), n=1):
        origin, index = hosts[host]
        why = f"only registered hosts may be called: {evidence.request.host} is none, this is {host}"
        yield BlamedLine(origin.at("spec", "hosts", index), why)


def short_timeouts(evidence: Evidence) -> Iterator[BlamedLine]:
    """504: the timeout of a try, or that of the request."""
    decided = evidence.decided
    if decided is None or evidence.journey.flags != "UT" or not isinstance(decided.outcome.ending, ForwardedRequest):
        return
    policies = decided.outcome.ending.policies
    per_try = policies.retries.per_try_timeout if policies.retries else None
    shorter = per_try is not None and (policies.timeout is None or per_try < policies.timeout)
    for rule in _rules(evidence):
        if shorter:
            yield BlamedLine(
                narrowed(rule, "retries", "perTryTimeout"),
                f"each try ends after {per_try:g}s, before the upstream answers",
            )
        else:
            yield BlamedLine(
                narrowed(rule, "timeout"), f"the request ends after {policies.timeout:g}s, before the upstream answers"
            )


def useless_retries(evidence: Evidence) -> Iterator[BlamedLine]:
    """An answer with an error that the conditions for retries do not cover."""
    if evidence.journey.answered_by is None or (evidence.journey.status or 0) < 500:
        return
    for passage in evidence.journey.passages:
        for step in passage.outcome.steps if passage.direction == "outbound" else ():
            for origin in evidence.places(passage, step.pointer) if step.what == "route" else ():
                rule = Origin(origin.document, origin.path[:3])
                if value_at(rule, "retries", "retryOn"):
                    why = f"these conditions do not cover an answer with status {evidence.journey.status}"
                    yield BlamedLine(rule.at("retries", "retryOn"), why)


def closed_ports(evidence: Evidence) -> Iterator[BlamedLine]:
    """503 UF at the server: the target port of the Service, on which no container listens."""
    decided = evidence.decided
    if decided is None or decided.direction != "inbound" or "UF" not in (evidence.journey.flags or ""):
        return
    for step in evidence.steps("cluster"):
        for origin in evidence.of_kind(decided, "Service", [step.pointer]):
            yield BlamedLine(narrowed(origin, "targetPort"), evidence.journey.problem)


def unexpected_tls(evidence: Evidence) -> Iterator[BlamedLine]:
    """503 UF at the client: the port of a ServiceEntry and the TLS settings that do not fit what listens there."""
    decided = evidence.decided
    twice = DOUBLE_TLS in evidence.journey.problem
    if decided is None or decided.direction == "inbound" or not (twice or "UF" in (evidence.journey.flags or "")):
        return
    pointers = [step.pointer for step in evidence.steps("cluster")]
    for origin in evidence.of_kind(decided, "ServiceEntry", pointers) if not twice else ():
        yield BlamedLine(origin, evidence.journey.problem)
    for origin in evidence.of_kind(decided, "DestinationRule", pointers):
        yield BlamedLine(_tls_place(Origin(origin.document).at("spec", "trafficPolicy")), evidence.journey.problem)


def _tls_place(policy: Origin) -> Origin:
    """The TLS settings of a traffic policy: those of all ports, or the first ones of a port."""
    for index, port in enumerate(value_at(policy, "portLevelSettings") or ()):
        if "tls" in port and not value_at(policy, "tls"):
            return narrowed(policy.at("portLevelSettings", index), "tls", "mode")
    return narrowed(policy, "tls", "mode")


def findings(evidence: Evidence) -> Iterator[BlamedLine]:
    """What is wrong with the objects that the request meets, or that were meant for it."""
    for finding in evidence.findings:
        origin = finding.cause or finding.origin
        if origin is not None and finding.severity > LEAST:
            yield BlamedLine(origin, finding.message)
    if not evidence.journey.succeeds:
        yield from _assumptions(evidence)


def _assumptions(evidence: Evidence) -> Iterator[BlamedLine]:
    """What is no mistake by itself, but can be the reason why a request fails."""
    for finding in evidence.findings:
        origin = finding.cause or finding.origin
        if origin is not None and finding.severity is LEAST:
            yield BlamedLine(origin, finding.message)


LEAST = Severity.INFO


RULES: tuple[Rule, ...] = (
    ztunnel_denials,
    missing_delegates,
    failed_matches,
    disabled_mutual_tls,
    denying_policies,
    *REFUSALS,
    refused_connections,
    wrong_protocols,
    missing_clusters,
    empty_subsets,
    empty_services,
    unregistered_hosts,
    blocked_hosts,
    short_timeouts,
    useless_retries,
    closed_ports,
    unexpected_tls,
    endless_redirects,
    findings,
    near_hosts,
)
