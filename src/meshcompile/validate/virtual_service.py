"""Rules of VirtualServices: istiod's `ValidateVirtualService`, except for `http` rules and unused rules."""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.virtual_service import (
    MESH_GATEWAY,
    L4MatchAttributes,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
    VirtualService,
    VirtualServiceSpec,
)
from meshcompile.validate import checks
from meshcompile.validate.checks import Found, errors
from meshcompile.validate.destinations import destination, weights
from meshcompile.validate.gateway_names import gateway_names
from meshcompile.validate.headers import is_claim
from meshcompile.validate.http_route import http_route
from meshcompile.validate.metadata import made_by_gateway_api
from meshcompile.validate.names import (
    is_address,
    is_address_or_range,
    overlapping_hosts,
    sni_problem,
    wildcard_problem,
)
from meshcompile.validate.overlap import unused_rules
from meshcompile.values.hosts import subset_of


def violations(service: VirtualService) -> Found:
    """Findings about a VirtualService."""
    spec = service.spec
    generated = made_by_gateway_api(service, "route")
    at_gateways = bool(spec.gateways) and MESH_GATEWAY not in spec.gateways
    if not spec.hosts:
        yield from _delegate(spec)
    yield from gateway_names(spec, generated)
    if not at_gateways:
        yield from _claims(spec)
    yield from _hosts(spec, at_gateways)
    if not spec.http and not spec.tcp and not spec.tls:
        yield codes.MISSING(spec.at("http"), field="http", reason=", and so are `tls` and `tcp`")
    for http in spec.http:
        yield from http_route(http, is_delegate=not spec.hosts, generated=generated)
    for tls in spec.tls:
        yield from _tls_route(tls, spec, generated)
    for tcp in spec.tcp:
        yield from _tcp_route(tcp, generated)
    yield from checks.export_to(spec, service.namespace)
    yield from unused_rules(spec)


def _delegate(spec: VirtualServiceSpec) -> Found:
    for field in ("gateways", "tls", "tcp"):
        if getattr(spec, field):
            problem = f"a VirtualService without `hosts` is a delegate and cannot have `{field}`"
            yield codes.DELEGATE(spec.at(field), problem=problem)


def _claims(spec: VirtualServiceSpec) -> Found:
    """Matches of claims in a VirtualService that applies to sidecars."""
    for match in (match for route in spec.http for match in route.match):
        for field in ("headers", "without_headers"):
            for name in filter(is_claim, getattr(match, field)):
                yield codes.JWT_CLAIM_WITHOUT_GATEWAY(match.at(field, name), header=name)


def _hosts(spec: VirtualServiceSpec, at_gateways: bool) -> Found:
    host_problem = sni_problem if at_gateways and _matches_sni(spec) else wildcard_problem
    valid = True
    for index, host in enumerate(spec.hosts):
        problem = host_problem(host)
        if problem and not is_address(host):
            valid = False
            yield codes.HOST(spec.at("hosts", index), host=host, problem=problem)
        elif host == "*" and not at_gateways:
            valid = False
            yield codes.WILDCARD_IN_MESH(spec.at("hosts", index))
    for one, other in overlapping_hosts(spec.hosts) if valid else ():
        yield codes.OVERLAPPING_HOSTS(spec.at("hosts", other), host=spec.hosts[one], other=spec.hosts[other])


def _matches_sni(spec: VirtualServiceSpec) -> bool:
    return any(match.sni_hosts for route in spec.tls for match in route.match)


def _tls_route(route: TLSRoute, spec: VirtualServiceSpec, generated: bool) -> Found:
    if not route.match:
        yield codes.MISSING(route.at("match"), field="match", reason=": a TLS rule needs at least one SNI host")
    for match in route.match:
        if not match.sni_hosts:
            yield codes.MISSING(match.at("sni_hosts"), field="sniHosts", reason="")
        for index, host in enumerate(match.sni_hosts):
            yield from _sni_host(match, index, host, spec)
        yield from _l4_match(match)
        yield from gateway_names(match)
    yield from _route(route, generated)


def _sni_host(match: TLSMatchAttributes, index: int, host: str, spec: VirtualServiceSpec) -> Found:
    origin = match.at("sni_hosts", index)
    problem = wildcard_problem(host) if MESH_GATEWAY in spec.gateways else sni_problem(host)
    if problem and is_address(host):
        yield codes.SNI_ADDRESS(origin, host=host)
    elif problem:
        yield codes.HOST(origin, host=host, problem=problem)
    elif not any(subset_of(host, of) for of in spec.hosts):
        yield codes.SNI_HOST(origin, host=host, hosts=", ".join(spec.hosts))


def _tcp_route(route: TCPRoute, generated: bool) -> Found:
    for match in route.match:
        yield from _l4_match(match)
        yield from errors(gateway_names(match))
    yield from _route(route, generated)


def _l4_match(match: TLSMatchAttributes | L4MatchAttributes) -> Found:
    for index, subnet in enumerate(match.destination_subnets):
        if not is_address_or_range(subnet):
            origin = match.at("destination_subnets", index)
            yield codes.ADDRESS(origin, value=subnet, expected="an IP address or a CIDR range")
    if match.port:
        yield from checks.port(match, "port")
    yield from checks.labels(match, "source_labels")


def _route(route: TLSRoute | TCPRoute, generated: bool) -> Found:
    if not route.route:
        yield codes.MISSING(route.at("route"), field="route", reason=": a rule needs a destination")
    if not generated:
        for target in route.route:
            yield from destination(target.destination)
    yield from weights(route.route)
