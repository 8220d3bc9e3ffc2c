"""Rules on Ingresses and their classes: `validateIngress` and `ValidateIngressClass` of the API server."""

from meshcompile.codes import kubernetes as codes
from meshcompile.codes import validation
from meshcompile.documents import Origin
from meshcompile.models.kubernetes.ingress import (
    HTTPIngressPath,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressRule,
    IngressTLS,
    ServiceBackendPort,
)
from meshcompile.validate.kubernetes.common import choice, number_in_range, required
from meshcompile.validate.names import is_address
from meshcompile.validate.object_names import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    PORT_NAME,
    WILDCARD_HOST,
    Found,
    name,
)

PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
NOT_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
NOT_AT_THE_END = ("/..", "/.")


def violations(resource: Ingress | IngressClass) -> Found:
    """Findings about an Ingress or an IngressClass."""
    match resource:
        case Ingress():
            yield from ingress_violations(resource)
        case IngressClass():
            yield from required(resource.spec, "controller", ": it names the controller of the class")


def ingress_violations(ingress: Ingress) -> Found:
    """Findings about an Ingress."""
    spec = ingress.spec
    if not spec.rules and not spec.default_backend:
        yield validation.MISSING(spec, field="spec.rules", reason=": there is no `defaultBackend` either")
    if spec.default_backend:
        yield from backend_violations(spec.default_backend, spec.at("default_backend"))
    if spec.ingress_class_name:
        yield from name(spec, "ingress_class_name", DNS_SUBDOMAIN)
    for rule in spec.rules:
        yield from rule_violations(rule)
    for tls in spec.tls:
        yield from tls_violations(tls)


def rule_violations(rule: IngressRule) -> Found:
    """Findings about the routes of a host."""
    yield from host_violations(rule.host, rule.at("host"))
    if rule.http is not None:
        yield from required(rule.http, "paths", ": a host with `http` needs at least one")
        for path in rule.http.paths:
            yield from path_violations(path)


def tls_violations(tls: IngressTLS) -> Found:
    """Findings about a certificate."""
    for index, host in enumerate(tls.hosts):
        yield from host_violations(host, tls.at("hosts", index))
    yield from name(tls, "secret_name", DNS_SUBDOMAIN)


def host_violations(host: str, place: Origin) -> Found:
    """A host that is an address or not a DNS name. An empty host matches all hosts."""
    if is_address(host):
        yield validation.HOST(place, host=host, problem="it is an IP address")
    elif host and not WILDCARD_HOST.takes(host):
        yield validation.HOST(place, host=host, problem=f"it is not {WILDCARD_HOST.expected}")


def path_violations(path: HTTPIngressPath) -> Found:
    """Findings about one path."""
    yield from choice(path, "path_type", PATH_TYPES)
    strict, place = path.path_type in ("Exact", "Prefix"), path.at("path")
    if not path.path and strict:
        yield validation.MISSING(path, field=place.field, reason=f": the type {path.path_type} needs one")
    elif problem := _path_problem(path.path, strict):
        yield codes.INGRESS_PATH(place, field=place.field, path=path.path, problem=problem)
    yield from backend_violations(path.backend, path.at("backend"))


def _path_problem(path: str, strict: bool) -> str | None:
    """The problem with a path, or None. Strict path types must be normalized."""
    if path and not path.startswith("/"):
        return "does not start with `/`"
    inside = (f"contains `{part}`" for part in NOT_IN_PATHS if part in path)
    at_the_end = (f"ends with `{part}`" for part in NOT_AT_THE_END if path.endswith(part))
    return next(iter((*inside, *at_the_end)), None) if strict else None


def backend_violations(backend: IngressBackend, place: Origin) -> Found:
    """A backend with none or both of its alternatives, or without a port of its Service."""
    if backend.service and backend.resource:
        yield validation.EXCLUSIVE(place, fields="`service` and `resource`")
    elif backend.service:
        yield from name(backend.service, "name", DNS_LABEL)
        yield from port_violations(backend.service.port, backend.service.at("port"))
    elif not backend.resource:
        yield validation.MISSING(
            place, field=place.at("service").field, reason=": a backend needs a Service or a `resource`"
        )


def port_violations(port: ServiceBackendPort, place: Origin) -> Found:
    """A port with none or both of its number and its name."""
    if port.number and port.name:
        yield validation.EXCLUSIVE(place, fields="`number` and `name`")
    elif port.number:
        yield from number_in_range(port, "number")
    elif port.name:
        yield from name(port, "name", PORT_NAME)
    else:
        yield validation.MISSING(place, field=place.field, reason=": give its `number` or its `name`")
