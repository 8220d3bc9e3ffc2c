"""Rules of Sidecars: istiod's `ValidateSidecar`."""

import re

from meshcompile.codes import validation as codes
from meshcompile.models.networking.gateway import ServerTLSSettings, TLSMode
from meshcompile.models.networking.sidecar import (
    CaptureMode,
    IstioEgressListener,
    IstioIngressListener,
    OutboundTrafficPolicy,
    OutboundTrafficPolicyMode,
    Sidecar,
    SidecarPort,
)
from meshcompile.validate import checks, tls
from meshcompile.validate.checks import Found
from meshcompile.validate.destinations import destination
from meshcompile.validate.gateway import host_problem
from meshcompile.validate.names import fqdn_problem, is_address, is_go_integer, unix_path_problem
from meshcompile.validate.traffic_policy import connection_pool
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.ports import protocol_named

LOOPBACK = frozenset({"", "127.0.0.1", "0.0.0.0", "::1", "::"})
UNSUPPORTED_TLS = {
    "subject_alt_names": "subjectAltNames",
    "https_redirect": "httpsRedirect",
    "credential_name": "credentialName",
    "credential_names": "credentialNames",
    "tls_certificates": "tlsCertificates",
}
ENDPOINT = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*)):([^:\[\]]*)")


def violations(sidecar: Sidecar) -> Found:
    """Findings about a Sidecar."""
    spec = sidecar.spec
    selector = tuple(checks.selector(spec.workload_selector))
    yield from selector
    if any(finding.code == codes.SELECTOR.id for finding in selector):
        return
    parts = (spec.egress, spec.ingress)
    if not any(parts) and spec.outbound_traffic_policy is None and spec.inbound_connection_pool is None:
        yield codes.SIDECAR(spec, problem="the Sidecar is empty")
        return
    yield from _ingress(spec.ingress)
    if spec.inbound_connection_pool is not None:
        yield from connection_pool(spec.inbound_connection_pool)
    yield from _egress(spec.egress, sidecar.namespace)
    if spec.outbound_traffic_policy is not None:
        yield from _outbound_traffic_policy(spec.outbound_traffic_policy)


def _ingress(listeners: tuple[IstioIngressListener, ...]) -> Found:
    ports: set[int] = set()
    for listener in listeners:
        yield from _ingress_listener(listener)
        if listener.port.number in ports:
            yield codes.DUPLICATE(listener.port.at("number"), what="port", value=listener.port.number)
        ports.add(listener.port.number)


def _ingress_listener(listener: IstioIngressListener) -> Found:
    yield from _port(listener.port)
    yield from checks.port(listener.port)
    yield from _bind_address(listener)
    if listener.default_endpoint and (problem := _endpoint_problem(listener.default_endpoint)):
        endpoint = listener.default_endpoint
        yield codes.DEFAULT_ENDPOINT(listener.at("default_endpoint"), endpoint=endpoint, problem=problem)
    protocol = protocol_named(listener.port.protocol)
    if listener.tls is not None:
        yield from _ingress_tls(listener.tls)
        if not protocol.is_tls:
            problem = "TLS settings are only for ports with the protocols HTTPS and TLS"
            yield codes.SERVER_PROTOCOL(listener.at("tls"), problem=problem)
    pool = listener.connection_pool
    if pool is not None:
        yield from connection_pool(pool)
    if pool is not None and pool.http is not None and not protocol.is_http:
        yield codes.HTTP_POOL_WITHOUT_HTTP(pool.at("http"), port=listener.port.number)


def _ingress_tls(settings: ServerTLSSettings) -> Found:
    for field, name in UNSUPPORTED_TLS.items():
        if getattr(settings, field):
            yield codes.SIDECAR_TLS(settings.at(field), field=name)
    if settings.mode in (TLSMode.ISTIO_MUTUAL, TLSMode.AUTO_PASSTHROUGH):
        yield codes.SIDECAR_TLS(settings.at("mode"), field=f"mode: {settings.mode}")
    yield from tls.server(settings)


def _port(port: SidecarPort) -> Found:
    if port.target_port:
        yield codes.TARGET_PORT(port.at("target_port"))
    if port.name:
        yield from checks.label_name(port, "name", "the name of a port")
    yield from checks.protocol(port)


def _bind_address(listener: IstioIngressListener | IstioEgressListener) -> Found:
    if listener.bind and not is_address(listener.bind):
        yield codes.ADDRESS(listener.at("bind"), value=listener.bind, expected="an IP address")


def _endpoint_problem(endpoint: str) -> str | None:
    """The problem with the default endpoint of an ingress listener, or None."""
    if endpoint.startswith(UNIX_PREFIX):
        return unix_path_problem(endpoint)
    match = ENDPOINT.fullmatch(endpoint)
    if match is None:
        return "it should be an address, `:` and a port"
    if (match[1] if match[1] is not None else match[2]) not in LOOPBACK:
        return "the address is not a local address of the workload"
    if not is_go_integer(match[3]) or not 1 <= int(match[3]) <= 65535:
        return f"`{match[3]}` is not a valid port"
    return None


def _egress(listeners: tuple[IstioEgressListener, ...], namespace: str) -> Found:
    binds: set[str | int] = set()
    for index, listener in enumerate(listeners):
        if listener.port is None:
            if index != len(listeners) - 1:
                problem = "only one egress listener can omit the port, and it must be the last"
                yield codes.SIDECAR(listener, problem=problem)
        else:
            yield from _egress_port(listener, listener.port)
            bound = listener.port.number or listener.bind
            if bound in binds:
                what = "port" if listener.port.number else "socket"
                yield codes.DUPLICATE(listener.at("port"), what=what, value=bound)
            binds.add(bound)
        yield from _egress_hosts(listener, namespace)


def _egress_port(listener: IstioEgressListener, port: SidecarPort) -> Found:
    yield from _port(port)
    if port.number:
        yield from checks.port(port)
        yield from _bind_address(listener)
        return
    if not listener.bind.startswith(UNIX_PREFIX):
        yield codes.UNIX_PORT(port, problem="port 0 needs a `bind` to a Unix domain socket")
    elif problem := unix_path_problem(listener.bind):
        yield codes.UNIX_SOCKET(listener.at("bind"), value=listener.bind, problem=problem)
    if listener.capture_mode is CaptureMode.IPTABLES:
        problem = "traffic cannot be captured for a Unix domain socket"
        yield codes.UNIX_PORT(listener.at("capture_mode"), problem=problem)


def _egress_hosts(listener: IstioEgressListener, own_namespace: str) -> Found:
    if not listener.hosts:
        yield codes.MISSING(listener.at("hosts"), field="hosts", reason=": a listener needs at least one host")
    for index, host in enumerate(listener.hosts):
        if problem := host_problem(host, in_gateway=False):
            yield codes.GATEWAY_HOST(listener.at("hosts", index), host=host, problem=problem)
    yield from overlapping_hosts(listener, own_namespace, with_excluded=False)


def overlapping_hosts(listener: IstioEgressListener, own_namespace: str, *, with_excluded: bool) -> Found:
    """The hosts that overlap with earlier ones. Those with `~` count only in some releases."""
    seen: dict[str, set[str]] = {}
    for index, host in enumerate(listener.hosts):
        if host.startswith("~") and not with_excluded:
            continue
        written, slash, name = host.partition("/")
        if not slash:
            continue
        names = seen.setdefault(own_namespace if written == "." else written, set())
        if name in names or "*" in names:
            problem = f"an entry before egress host `{host}` covers it already"
            yield codes.DUPLICATE_EGRESS_HOST(listener.at("hosts", index), problem=problem)
        elif names and name == "*":
            problem = f"egress host `{host}` covers an entry before it, which is not needed"
            yield codes.DUPLICATE_EGRESS_HOST(listener.at("hosts", index), problem=problem)
        names.add(name)
    if "*" in seen.get("*", ()) and len(seen) > 1:
        problem = "egress host `*/*` covers all others, which are not needed"
        yield codes.DUPLICATE_EGRESS_HOST(listener.at("hosts"), problem=problem)


def _outbound_traffic_policy(policy: OutboundTrafficPolicy) -> Found:
    proxy = policy.egress_proxy
    if proxy is None:
        return
    if policy.mode is not OutboundTrafficPolicyMode.ALLOW_ANY:
        yield codes.EGRESS_PROXY(policy.at("egress_proxy"), problem="an egress proxy needs `mode: ALLOW_ANY`")
        return
    if problem := fqdn_problem(proxy.host):
        yield codes.HOST(proxy.at("host"), host=proxy.host, problem=problem)
    if proxy.port is None:
        yield codes.EGRESS_PROXY(proxy, problem="the egress proxy has no `port`")
    else:
        yield from destination(proxy)
