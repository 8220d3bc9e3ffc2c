"""Kubernetes Ingresses as the Gateways and VirtualServices that istiod makes of them.

Follows istiod's `pilot/pkg/config/kube/ingress`. Each accepted Ingress is a Gateway in istio-system with an HTTP server
for every host and an HTTPS server per Secret. All rules of one host, whichever Ingress they are in, are one
VirtualService bound to the Gateway of the oldest of these Ingresses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from meshcompile.codes.routes import (
    INGRESS_BACKEND_INVALID,
    INGRESS_DEFAULT_BACKEND,
    INGRESS_RULE_WITHOUT_PATHS,
    INGRESS_TLS_WITHOUT_SECRET,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import ObjectMeta, placed
from meshcompile.models.common import PortSelector, StringMatch
from meshcompile.models.kubernetes.ingress import (
    HTTPIngressPath,
    HTTPIngressRuleValue,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressRule,
    IngressServiceBackend,
)
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.gateway import Gateway, GatewaySpec, Port, Server, ServerTLSSettings, TLSMode
from meshcompile.models.networking.virtual_service import (
    Destination,
    HTTPMatchRequest,
    HTTPRoute,
    HTTPRouteDestination,
    VirtualService,
    VirtualServiceSpec,
)
from meshcompile.snapshot.resources import Resources

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
CONTROLLER = "istio.io/ingress-controller"
GATEWAY_NAMESPACE = "istio-system"
GATEWAY_NAME = "istio-ingressgateway"
GATEWAY_LABEL = "istio"

# On a VirtualService: whose rules its matches follow.
SEMANTICS_ANNOTATION = "internal.istio.io/route-semantics"
INGRESS_SEMANTICS = "ingress"

# What istiod makes has no creation time of its own: it is older than everything.
BEFORE_EVERYTHING = "0001-01-01T00:00:00Z"

# Paths that stand for every path.
ANY_PATH = frozenset({"", "*", "/*", ".*"})


@dataclass(frozen=True)
class FromIngresses:
    """What istiod makes of the accepted Ingresses, and what there is to say about them."""

    gateways: tuple[Gateway, ...]
    virtual_services: tuple[VirtualService, ...]
    findings: tuple[Diagnostic, ...]


def from_ingresses(resources: Resources, mesh: MeshConfig) -> FromIngresses:
    """The Gateways and VirtualServices of the Ingresses that are Istio's to serve."""
    findings: list[Diagnostic] = []
    classes = {each.name: each for each in resources.all(IngressClass)}
    accepted = [ingress for ingress in resources.all(Ingress) if is_istios(ingress, classes, mesh)]
    services = {(service.namespace, service.name): service for service in resources.all(Service)} if accepted else {}
    rules = _rules_by_host(accepted, findings)
    return FromIngresses(
        gateways=tuple(_gateway(ingress, mesh, findings) for ingress in accepted),
        virtual_services=tuple(_virtual_service(host, group, services, findings) for host, group in rules.items()),
        findings=tuple(findings),
    )


def is_istios(ingress: Ingress, classes: Mapping[str, IngressClass], mesh: MeshConfig) -> bool:
    """True when an Ingress is to be served by Istio: by its annotation, else by its class, else by the mesh's mode."""
    mode = mesh.ingress_controller_mode
    if mode == "OFF":
        return False
    annotated = ingress.metadata.annotations.get(CLASS_ANNOTATION)
    if annotated is not None:
        return mode in ("STRICT", "DEFAULT") and annotated == mesh.ingress_class
    known = classes.get(ingress.spec.ingress_class_name or "")
    if known is not None:
        return known.spec.controller == CONTROLLER
    return mode == "DEFAULT"


# ---- Gateways


def _gateway(ingress: Ingress, mesh: MeshConfig, findings: list[Diagnostic]) -> Gateway:
    servers = (*_https_servers(ingress, findings), _http_server(ingress))
    spec = GatewaySpec(servers=servers, selector={GATEWAY_LABEL: _selected_gateway(mesh)})
    return placed(Gateway(metadata=_made(gateway_name(ingress), GATEWAY_NAMESPACE), spec=spec), ingress.origin)


def gateway_name(ingress: Ingress) -> str:
    """The name of the Gateway that an Ingress stands for, in istio-system."""
    return f"{ingress.name}-{GATEWAY_NAME}-{ingress.namespace}"


def _made(name: str, namespace: str, **annotations: str) -> ObjectMeta:
    return ObjectMeta(
        name=name, namespace=namespace, creation_timestamp=BEFORE_EVERYTHING, annotations=dict(annotations)
    )


def _selected_gateway(mesh: MeshConfig) -> str:
    """The value of the `istio` label of the gateway that serves Ingresses."""
    if mesh.ingress_selector:
        return mesh.ingress_selector
    return mesh.ingress_service if mesh.ingress_service not in ("", GATEWAY_NAME) else "ingressgateway"


def _http_server(ingress: Ingress) -> Server:
    port = Port(number=80, protocol="HTTP", name=f"http-80-ingress-{ingress.name}-{ingress.namespace}")
    return placed(Server(port=port, hosts=("*",)), ingress.origin)


def _https_servers(ingress: Ingress, findings: list[Diagnostic]) -> Iterator[Server]:
    for index, tls in enumerate(ingress.spec.tls):
        if not tls.secret_name:
            findings.append(INGRESS_TLS_WITHOUT_SECRET(tls))
            continue
        name = f"https-443-ingress-{ingress.name}-{ingress.namespace}-{index}"
        settings = ServerTLSSettings(mode=TLSMode.SIMPLE, credential_name=tls.secret_name)
        server = Server(port=Port(number=443, protocol="HTTPS", name=name), hosts=tls.hosts or ("*",), tls=settings)
        yield placed(server, tls.origin)


# ---- VirtualServices


@dataclass(frozen=True, slots=True)
class HostRule:
    """One rule of an Ingress that has paths."""

    ingress: Ingress
    rule: IngressRule
    http: HTTPIngressRuleValue


def _rules_by_host(ingresses: list[Ingress], findings: list[Diagnostic]) -> Mapping[str, list[HostRule]]:
    """The rules of every host (`*` when a rule names none), those of older Ingresses first."""
    groups: dict[str, list[HostRule]] = {}
    for ingress in ingresses:
        if ingress.spec.default_backend is not None:
            findings.append(INGRESS_DEFAULT_BACKEND(ingress.spec.default_backend))
        for rule in ingress.spec.rules:
            if rule.http is None:
                findings.append(INGRESS_RULE_WITHOUT_PATHS(rule))
            else:
                groups.setdefault(rule.host or "*", []).append(HostRule(ingress, rule, rule.http))
    return groups


def _virtual_service(
    host: str,
    rules: list[HostRule],
    services: Mapping[tuple[str, str], Service],
    findings: list[Diagnostic],
) -> VirtualService:
    routes = (route for rule in rules for route in _routes(rule, services, findings))
    oldest = rules[0].ingress
    spec = VirtualServiceSpec(
        hosts=(host,),
        gateways=(f"{GATEWAY_NAMESPACE}/{gateway_name(oldest)}",),
        http=tuple(sorted(routes, key=_longest_path_first)),
    )
    metadata = _made(
        f"{host.replace('.', '-')}-{oldest.name}-{GATEWAY_NAME}",
        oldest.namespace,
        **{SEMANTICS_ANNOTATION: INGRESS_SEMANTICS},
    )
    return placed(VirtualService(metadata=metadata, spec=spec), rules[0].rule.origin)


def _longest_path_first(route: HTTPRoute) -> tuple[int, bool]:
    """Sort key of Kubernetes' precedence: the longer path first, of equal ones an exact before a prefix."""
    uri = route.match[0].uri if route.match else None
    if uri is None:
        return (0, True)
    return (-len(uri.exact if uri.exact is not None else uri.prefix or ""), uri.exact is None)


def _routes(
    rule: HostRule, services: Mapping[tuple[str, str], Service], findings: list[Diagnostic]
) -> Iterator[HTTPRoute]:
    for path in rule.http.paths:
        port, problem = _backend_port(path.backend, rule.ingress.namespace, services)
        if path.backend.service is None or problem:
            findings.append(INGRESS_BACKEND_INVALID(path.backend, problem=problem))
        else:
            yield _route(path, path.backend.service, port, rule.ingress.namespace)


def _route(path: HTTPIngressPath, service: IngressServiceBackend, port: int, namespace: str) -> HTTPRoute:
    put = partial(placed, origin=service.origin)
    destination = put(Destination(host=f"{service.name}.{namespace}.svc.cluster.local", port=PortSelector(number=port)))
    uri = path_match(path)
    return placed(
        HTTPRoute(
            match=() if uri is None else (placed(HTTPMatchRequest(uri=uri), path.origin),),
            route=(put(HTTPRouteDestination(destination=destination, weight=100)),),
        ),
        path.origin,
    )


def path_match(path: HTTPIngressPath) -> StringMatch | None:
    """How a path is matched; None when it stands for every path."""
    match path.path_type:
        case "Exact":
            return StringMatch(exact=path.path)
        case "Prefix":
            return StringMatch(prefix=path.path)
    if path.path in ANY_PATH:
        return None
    for wildcard in (".*", "/*"):
        if path.path.endswith(wildcard):
            return StringMatch(prefix=path.path.removesuffix(wildcard))
    return StringMatch(exact=path.path)


def _backend_port(
    backend: IngressBackend, namespace: str, services: Mapping[tuple[str, str], Service]
) -> tuple[int, str]:
    """The port number of a backend, and what is wrong with it otherwise."""
    if backend.service is None:
        return 0, "it names no Service"
    if backend.service.port.number > 0:
        return backend.service.port.number, ""
    service = services.get((namespace, backend.service.name))
    if service is None:
        return 0, f"there is no Service {namespace}/{backend.service.name}"
    wanted = backend.service.port.name
    number = next((port.port for port in service.spec.ports if port.name == wanted), 0)
    return (number, "") if number else (0, f"Service {service.name} has no port named {wanted!r}")
