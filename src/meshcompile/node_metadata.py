"""The node metadata of a proxy: what its agent tells istiod when it connects.

Follows istiod's `model.NodeMetadata` (`pkg/model/proxy.go`). The type of a field decides how its value is read, as in
istiod: a boolean is the text `true`, a list is one text with commas, and the ports of the Pod are a JSON text. A JSON
boolean, a JSON list and JSON objects are read as well.

The table in docs/reference/metadata.md is generated from the fields and their docstrings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from meshcompile.values.labels import FALSE, NO_LABELS, TRUE, Labels


class PodPort(msgspec.Struct, frozen=True):
    """A port of a container. `protocol` is `TCP`, `UDP` or `SCTP`."""

    name: str
    container_port: int
    protocol: str


class UnreadableMetadata(msgspec.Struct, frozen=True):
    """A key whose value is not of its type, and what the type wants."""

    key: str
    expected: str


class NodeMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata that decide about a proxy's configuration, a field for each key.

    A key that is missing, null or of the wrong type has the field's default.
    """

    namespace: str = msgspec.field(name="NAMESPACE", default="")
    """namespace of the workload; else that of the node's id"""
    labels: Labels = msgspec.field(name="LABELS", default=NO_LABELS)
    """labels of the workload, which selectors match"""
    static_labels: Labels = msgspec.field(name="STATIC_LABELS", default=NO_LABELS)
    """labels that count besides the Pod's own"""
    annotations: Labels = msgspec.field(name="ANNOTATIONS", default=NO_LABELS)
    """annotations of the Pod; `resource.opentelemetry.io/service.name` among them names the service in traces"""
    instance_ips: tuple[str, ...] = msgspec.field(name="INSTANCE_IPS", default=())
    """addresses of the Pod; the first one's family decides wildcard addresses"""
    cluster_id: str = msgspec.field(name="CLUSTER_ID", default="")
    """cluster of the proxy: whose endpoints are local, and part of tracing tags"""
    network: str = msgspec.field(name="NETWORK", default="")
    """network of the proxy: endpoints of other networks are reached through gateways"""
    requested_network_view: tuple[str, ...] = msgspec.field(name="REQUESTED_NETWORK_VIEW", default=())
    """networks whose endpoints the proxy wants, and no others"""
    service_account: str = msgspec.field(name="SERVICE_ACCOUNT", default="")
    """service account of the workload, part of its identity"""
    node_name: str = msgspec.field(name="NODE_NAME", default="")
    """Node that the Pod runs on, from which its region and zone come"""
    workload_name: str = msgspec.field(name="WORKLOAD_NAME", default="")
    """what a service may be named after in traces"""
    app_containers: str = msgspec.field(name="APP_CONTAINERS", default="")
    """containers of the application, separated by commas: a single one may name the service in traces"""
    mesh_id: str = msgspec.field(name="MESH_ID", default="")
    """tracing tag `istio.mesh_id`"""
    istio_version: str = msgspec.field(name="ISTIO_VERSION", default="")
    """release of the proxy: gates features, and is matched by EnvoyFilters"""
    proxy_config: Mapping[str, Any] | None = msgspec.field(name="PROXY_CONFIG", default=None)
    """ProxyConfig of the proxy, in place of the mesh's `defaultConfig`"""
    interception_mode: str = msgspec.field(name="INTERCEPTION_MODE", default="")
    """`REDIRECT`, `TPROXY` (listeners are transparent) or `NONE` (listeners bind their ports)"""
    pod_ports: tuple[PodPort, ...] = msgspec.field(name="POD_PORTS", default=())
    """ports of the Pod, among which named target ports are looked up"""
    http_proxy_port: str = msgspec.field(name="HTTP_PROXY_PORT", default="")
    """port of an HTTP proxy on 127.0.0.1, in place of the mesh config's"""
    http10: str = msgspec.field(name="HTTP10", default="")
    """`1` accepts HTTP/1.0 (`accept_http_10`)"""
    idle_timeout: str = msgspec.field(name="IDLE_TIMEOUT", default="")
    """idle timeout of HTTP connections (`common_http_protocol_options`), such as `10s`"""
    dns_capture: bool = msgspec.field(name="DNS_CAPTURE", default=False)
    """the proxy resolves names itself, so that automatic addresses of ServiceEntries get listeners"""
    unprivileged_pod: bool = msgspec.field(name="UNPRIVILEGED_POD", default=False)
    """the proxy cannot bind ports below 1024: no listeners for them where listeners bind"""
    inbound_listener_exact_balance: bool = msgspec.field(name="INBOUND_LISTENER_EXACT_BALANCE", default=False)
    """inbound connections are spread over threads (`connection_balance_config`)"""
    outbound_listener_exact_balance: bool = msgspec.field(name="OUTBOUND_LISTENER_EXACT_BALANCE", default=False)
    """the same for outbound connections, and those of gateways"""
    envoy_status_port: int = msgspec.field(name="ENVOY_STATUS_PORT", default=0)
    """port of the agent's health checks, which no listener may take"""
    envoy_prometheus_port: int = msgspec.field(name="ENVOY_PROMETHEUS_PORT", default=0)
    """port of metrics, which no listener may take"""
    tls_server_cert_chain: str = msgspec.field(name="TLS_SERVER_CERT_CHAIN", default="")
    """file of the workload's certificate as a server, in place of SDS"""
    tls_server_key: str = msgspec.field(name="TLS_SERVER_KEY", default="")
    """file of its private key"""
    tls_server_root_cert: str = msgspec.field(name="TLS_SERVER_ROOT_CERT", default="")
    """file of the authorities that verify clients"""
    tls_client_cert_chain: str = msgspec.field(name="TLS_CLIENT_CERT_CHAIN", default="")
    """file of the workload's certificate as a client, in place of SDS"""
    tls_client_key: str = msgspec.field(name="TLS_CLIENT_KEY", default="")
    """file of its private key"""
    tls_client_root_cert: str = msgspec.field(name="TLS_CLIENT_ROOT_CERT", default="")
    """file of the authorities that verify servers"""
    credential: str = msgspec.field(name="credential", default="")
    """`true`: a socket beside the proxy serves credentials"""
    file_credential: str = msgspec.field(name="file-credential", default="")
    """`true`: a socket beside the proxy serves credentials in files"""
    enable_hbone: bool = msgspec.field(name="ENABLE_HBONE", default=False)
    """takes part in an ambient mesh: not supported (`MC1207`)"""

    @property
    def accepts_http_10(self) -> bool:
        return self.http10 == "1"

    @property
    def has_credential_socket(self) -> bool:
        return self.credential == "true"

    @property
    def has_file_credential_socket(self) -> bool:
        return self.file_credential == "true"


def node_metadata(raw: Mapping[str, Any]) -> NodeMetadata:
    """The metadata as a node has them; other keys are left out."""
    return NodeMetadata(**{field: value for field, _, value in _read(raw) if value is not None})


def unreadable_metadata(raw: Mapping[str, Any]) -> Iterator[UnreadableMetadata]:
    """The keys with a value of the wrong type."""
    for field, key, value in _read(raw):
        if value is None:
            yield UnreadableMetadata(key, _EXPECTED[_readers()[field][1]])


def _read(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Field, key and value of each key that is there; None for a value of the wrong type."""
    for field, (key, read) in _readers().items():
        if (value := raw.get(key)) is not None:
            yield field, key, read(value)


def _text(value: object) -> str | None:
    """Text; a number is what was meant to be one."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _boolean(value: object) -> bool | None:
    """istiod's StringBool."""
    text = str(value)
    return text in TRUE if text in TRUE | FALSE else None


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _list(value: object) -> tuple[str, ...] | None:
    """istiod's StringList."""
    match value:
        case str():
            return tuple(value.split(",")) if value else ()
        case list() | tuple():
            return tuple(map(str, value))
        case _:
            return None


def _string_map(value: object) -> Labels | None:
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, Mapping) else None


def _object(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _pod_ports(value: object) -> tuple[PodPort, ...] | None:
    """istiod's PodPortList."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None
    ports = [_pod_port(item) for item in value] if isinstance(value, Sequence) else [None]
    return None if None in ports else tuple(port for port in ports if port is not None)


def _pod_port(value: object) -> PodPort | None:
    if not isinstance(value, Mapping):
        return None
    number = _number(value.get("containerPort", 0))
    return None if number is None else PodPort(str(value.get("name", "")), number, str(value.get("protocol", "")))


_READERS: Mapping[object, Callable[[object], Any]] = {
    str: _text,
    bool: _boolean,
    int: _number,
    tuple[str, ...]: _list,
    tuple[PodPort, ...]: _pod_ports,
    Labels: _string_map,
    Mapping[str, Any] | None: _object,
}
_EXPECTED: Mapping[Callable[[object], Any], str] = {
    _text: "a text",
    _boolean: "`true` or `false`",
    _number: "a whole number",
    _list: "texts, separated by commas",
    _pod_ports: "a list of ports, each with `name`, `containerPort` and `protocol`",
    _string_map: "an object with texts as values",
    _object: "an object",
}


@cache
def _readers() -> Mapping[str, tuple[str, Callable[[object], Any]]]:
    """Field -> its key, and what reads its value."""
    return {field.name: (field.encode_name, _READERS[field.type]) for field in msgspec.structs.fields(NodeMetadata)}
