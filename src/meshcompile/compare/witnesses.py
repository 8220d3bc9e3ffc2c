"""Witnesses as plain data: requests as `meshcompile explain --request` takes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from meshcompile.compare.probes import UNDECLARED_PORT, Probe, called_name
from meshcompile.models.kubernetes.service import Service
from meshcompile.proxy import Proxy
from meshcompile.simulate import Capture, DownstreamConnection, HttpRequest
from meshcompile.simulate.rbac_conditions import PEER_PRINCIPAL
from meshcompile.symbolic.concrete import ANY_CLIENT
from meshcompile.ztunnel.rbac import TunnelledConnection

HTTP_PORTS = {"http": 80, "https": 443}
Clients = Mapping[str, str]
"""A workload for each SPIFFE identity: `deployment/NAME.NAMESPACE`."""


def witness(probe: Probe, proxy: str, ports: Mapping[int, int], clients: Clients) -> dict[str, Any]:
    """A probe as plain data.

    Args:
        probe: The request.
        proxy: The name of the proxy that it meets first, or for a server, that takes it.
        ports: The ports of the Services in front of a gateway, by the ports of its listeners.
        clients: The workloads that can be clients.
    """
    source = probe.connection.source
    place = {} if source == ANY_CLIENT else {"from_ip": source}
    return {**_sender(probe, proxy, clients), **place, **_target(probe, ports)}


def _sender(probe: Probe, proxy: str, clients: Clients) -> dict[str, Any]:
    connection = probe.connection
    if connection.listener:
        return _through_tunnel(connection.filter_state.get(PEER_PRINCIPAL, ""), clients)
    match connection.capture:
        case Capture.NONE:
            return {"from": "outside", **({"principal": identity} if (identity := _identity(connection)) else {})}
        case Capture.OUTBOUND:
            return {"from": proxy}
        case Capture.INBOUND:
            identity = _identity(connection)
            sender = {"from": clients[identity]} if identity in clients else {}
            return {**sender, "to": proxy, **({"principal": identity} if identity else {"tls": False})}


def tunnel_witness(connection: TunnelledConnection, workload: str, clients: Clients) -> dict[str, Any]:
    """A connection to a workload of the ambient mesh as plain data."""
    sender = _through_tunnel(connection.identity, clients) or {"tls": False}
    return {**sender, "to": workload, "ip": connection.destination, "port": connection.port}


def _through_tunnel(identity: str, clients: Clients) -> dict[str, Any]:
    """The sender of a request to a waypoint."""
    named = {"from": clients[identity]} if identity in clients else {}
    return {**named, **({"principal": identity} if identity else {})}


def _identity(connection: DownstreamConnection) -> str:
    certificate = connection.tls.certificate if connection.tls is not None else None
    return certificate.uris[0] if certificate is not None else ""


def _target(probe: Probe, ports: Mapping[int, int]) -> dict[str, Any]:
    connection, request = probe.connection, probe.request
    port = ports.get(connection.port, connection.port)
    name = connection.tls.sni if connection.tls is not None else ""
    if request is None and called_name(connection):
        return _target(replace(probe, request=HttpRequest(authority=name)), ports)
    if request is None:
        return {"ip": connection.destination, "port": port, **({"sni": name} if name else {})}
    sni = {"sni": name} if name not in ("", request.authority) else {}
    headers = {"headers": dict(request.headers)} if request.headers else {}
    claims = {"claims": dict(request.claims)} if request.claims else {}
    return {"method": request.method, "url": _url(connection, request, port), **headers, **claims, **sni}


def _url(connection: DownstreamConnection, request: HttpRequest, port: int) -> str:
    """The URL, with the port where it is not the usual one. A server is called by the name of its Service."""
    secure = connection.tls is not None and connection.capture is not Capture.INBOUND
    scheme = "https" if secure else "http"
    usual = port == HTTP_PORTS[scheme] or ":" in request.authority
    hidden = usual or (connection.capture is Capture.INBOUND and port != UNDECLARED_PORT)
    return f"{scheme}://{request.authority}{'' if hidden else f':{port}'}{request.path}"


def service_ports(proxy: Proxy, services: Iterable[Service]) -> dict[int, int]:
    """The ports of the Services that select a proxy, by the ports of its listeners."""
    return {
        int(port.effective_target_port): port.port
        for service in services
        if service.namespace == proxy.namespace and _selects(service, proxy)
        for port in service.spec.ports
        if str(port.effective_target_port).isdecimal()
    }


def _selects(service: Service, proxy: Proxy) -> bool:
    selector = service.spec.selector
    return bool(selector) and selector.items() <= dict(proxy.labels).items()
