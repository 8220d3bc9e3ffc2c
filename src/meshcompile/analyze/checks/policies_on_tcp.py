"""Rules on requests for ports that carry plain TCP. Compiling a sidecar finds the same."""

from collections.abc import Iterator
from typing import NamedTuple

from meshcompile.analyze.context import Context
from meshcompile.analyze.pods import has_proxy
from meshcompile.analyze.policies import pods_of
from meshcompile.analyze.routers import has_sidecar
from meshcompile.codes.security import HTTP_FIELDS_ON_TCP
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import ServicePort
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, AuthorizationPolicyAction, Rule
from meshcompile.resolve.gateways.from_gateway import gateway_server
from meshcompile.resolve.security.rules import uses_requests
from meshcompile.values.ports import declared_protocol

OF_CONNECTIONS = ("principals", "namespaces", "service_accounts", "ip_blocks", "trust_domains")
"""Fields of sources that connections have too."""
SHOWN = 4


def policies_on_tcp(context: Context) -> Iterator[Diagnostic]:
    """A finding for each rule on requests that a policy has for a TCP port."""
    for policy in context.resources.all(AuthorizationPolicy):
        if policy.spec.action is AuthorizationPolicyAction.CUSTOM:
            continue
        rules = tuple(rule for rule in policy.spec.rules if uses_requests(rule))
        if rules:
            yield from _of_policy(context, policy, rules)


def _of_policy(context: Context, policy: AuthorizationPolicy, rules: tuple[Rule, ...]) -> Iterator[Diagnostic]:
    pods = pods_of(context, policy)
    found = {each: None for pod in pods for each in _tcp_ports(context, pod)}
    for rule in rules:
        named = {port for to in rule.to if to.operation is not None for port in to.operation.ports}
        ports = [each for each in found if not named or str(each.number) in named]
        if ports:
            texts = sorted({f"port {each.number} of {each.of}" for each in ports})
            more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
            related = dict.fromkeys(Related("the port carries bytes here", each.origin) for each in ports)
            yield HTTP_FIELDS_ON_TCP(
                rule,
                what=_effect(policy, rule),
                port=", ".join(texts[:SHOWN]) + more,
                suggestion="use a condition on `connection.sni`"
                if all(each.of.startswith("Gateway") for each in ports)
                else "name the HTTP ports in the rule, or declare the port as HTTP",
                related=tuple(related)[:SHOWN],
            )


class TcpPort(NamedTuple):
    """A port of a workload that carries bytes. `of` is the Service or Gateway that says so."""

    number: int
    of: str
    origin: Origin


def _tcp_ports(context: Context, pod: Pod) -> Iterator[TcpPort]:
    """The ports of a Pod's proxy that carry plain TCP."""
    if has_proxy(pod) and (has_sidecar(pod) or not context.serves_gateway(pod)):
        for each in context.pods.reaching(pod):
            if each.target is not None and declared_protocol(*_declared(each.port)).is_tcp:
                yield TcpPort(each.target, f"{each.service.namespace}/{each.service.name}", each.port.origin)
    elif context.serves_gateway(pod):
        for gateway in context.snapshot.gateways.selecting(pod.metadata.labels):
            for server in gateway.spec.servers:
                if not gateway_server(gateway, server, server.port.number).is_http:
                    yield TcpPort(server.port.number, f"Gateway {gateway.full_name}", server.origin)


def _declared(port: ServicePort) -> tuple[int, str, str, str | None]:
    return port.port, port.name, port.protocol, port.app_protocol


def _effect(policy: AuthorizationPolicy, rule: Rule) -> str:
    """What becomes of a rule where there are no requests."""
    if policy.spec.action is AuthorizationPolicyAction.ALLOW:
        return "this rule does not apply"
    left = [
        f"`{field}`"
        for field in OF_CONNECTIONS
        if any(each.source is not None and getattr(each.source, field) for each in rule.from_)
    ]
    left += [f"`{condition.key}`" for condition in rule.when if not condition.key.startswith("request.")]
    left += ["`ports`"] if any(to.operation is not None and to.operation.ports for to in rule.to) else []
    if not left:
        verb = "denies" if policy.spec.action is AuthorizationPolicyAction.DENY else "audits"
        return f"this rule has no condition left and {verb} every connection: it applies"
    return f"this rule applies by {' and '.join(left)} alone"
