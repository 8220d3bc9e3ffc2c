"""The node metadata of a proxy: settings that the agent sends to istiod when the proxy connects.

Follows istiod's `model.NodeMetadata` (`pkg/model/proxy.go`). As in istiod, the type of a field determines the format of
its value: a boolean is the string `true`, a list is one string with commas, and the ports of the Pod are a string of
JSON. JSON booleans, lists and objects are accepted, too.

The table in docs/reference/metadata.md is generated from the fields and their docstrings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from meshcompile.values.labels import FALSE, NO_LABELS, TRUE, Labels

PROXY_CONFIG = "PROXY_CONFIG"


class PodPort(msgspec.Struct, frozen=True):
    """A port of a container. `protocol` is `TCP`, `UDP` or `SCTP`."""

    name: str
    container_port: int
    protocol: str


class UnreadableMetadata(msgspec.Struct, frozen=True):
    """A key with a value of the wrong type, and the expected type."""

    key: str
    expected: str


class NodeMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata that affects a proxy's configuration, with a field for each key.

    A key that is missing, null or of the wrong type has the default of the field.
    """

    namespace: str = msgspec.field(name="NAMESPACE", default="")
    """namespace of the workload; by default, the namespace in the node's ID"""
    labels: Labels = msgspec.field(name="LABELS", default=NO_LABELS)
    """labels of the workload, for selectors"""
    static_labels: Labels = msgspec.field(name="STATIC_LABELS", default=NO_LABELS)
    """labels in addition to the Pod's"""
    annotations: Labels = msgspec.field(name="ANNOTATIONS", default=NO_LABELS)
    """annotations of the Pod; `resource.opentelemetry.io/service.name` is the name of the service in traces"""
    instance_ips: tuple[str, ...] = msgspec.field(name="INSTANCE_IPS", default=())
    """IP addresses of the Pod; the family of the first one determines the wildcard address"""
    cluster_id: str = msgspec.field(name="CLUSTER_ID", default="")
    """cluster of the proxy: determines which endpoints are local; also a tracing tag"""
    network: str = msgspec.field(name="NETWORK", default="")
    """network of the proxy: endpoints in other networks are reached through gateways"""
    requested_network_view: tuple[str, ...] = msgspec.field(name="REQUESTED_NETWORK_VIEW", default=())
    """networks whose endpoints the proxy receives; by default, all networks"""
    service_account: str = msgspec.field(name="SERVICE_ACCOUNT", default="")
    """service account of the workload, which is part of its identity"""
    node_name: str = msgspec.field(name="NODE_NAME", default="")
    """node that runs the Pod; determines region and zone"""
    workload_name: str = msgspec.field(name="WORKLOAD_NAME", default="")
    """name of the workload, from which the service name in traces can be derived"""
    app_containers: str = msgspec.field(name="APP_CONTAINERS", default="")
    """containers of the application, separated by commas; a single one can be the service name in traces"""
    mesh_id: str = msgspec.field(name="MESH_ID", default="")
    """tracing tag `istio.mesh_id`"""
    istio_version: str = msgspec.field(name="ISTIO_VERSION", default="")
    """Istio version of the proxy; determines its features, and EnvoyFilters can match it"""
    proxy_config: Mapping[str, Any] | None = msgspec.field(name=PROXY_CONFIG, default=None)
    """ProxyConfig of the proxy, instead of the mesh-wide `defaultConfig`"""
    interception_mode: str = msgspec.field(name="INTERCEPTION_MODE", default="")
    """`REDIRECT`, `TPROXY` (transparent listeners) or `NONE` (listeners bind to their ports)"""
    pod_ports: tuple[PodPort, ...] = msgspec.field(name="POD_PORTS", default=())
    """ports of the Pod, for named target ports"""
    http_proxy_port: str = msgspec.field(name="HTTP_PROXY_PORT", default="")
    """port of an HTTP proxy on 127.0.0.1, instead of the port in the mesh config"""
    http10: str = msgspec.field(name="HTTP10", default="")
    """`1` enables HTTP/1.0 (`accept_http_10`)"""
    idle_timeout: str = msgspec.field(name="IDLE_TIMEOUT", default="")
    """idle timeout of HTTP connections (`common_http_protocol_options`), for example `10s`"""
    dns_capture: bool = msgspec.field(name="DNS_CAPTURE", default=False)
    """whether the proxy resolves DNS names itself; then automatic addresses of ServiceEntries get listeners"""
    dns_proxy_addr: str = msgspec.field(name="DNS_PROXY_ADDR", default="")
    """address and port at which the proxy resolves names, with `DNS_CAPTURE`; `localhost:15053` by default"""
    unprivileged_pod: bool = msgspec.field(name="UNPRIVILEGED_POD", default=False)
    """whether the proxy cannot bind to ports below 1024; then ports below 1024 get no listener that binds"""
    inbound_listener_exact_balance: bool = msgspec.field(name="INBOUND_LISTENER_EXACT_BALANCE", default=False)
    """whether inbound connections are balanced exactly over threads (`connection_balance_config`)"""
    outbound_listener_exact_balance: bool = msgspec.field(name="OUTBOUND_LISTENER_EXACT_BALANCE", default=False)
    """the same for outbound connections, and for gateways"""
    envoy_status_port: int = msgspec.field(name="ENVOY_STATUS_PORT", default=0)
    """port of the agent's health checks; no listener may use it"""
    envoy_prometheus_port: int = msgspec.field(name="ENVOY_PROMETHEUS_PORT", default=0)
    """port of metrics; no listener may use it"""
    envoy_secure_metrics_port: int = msgspec.field(name="ENVOY_SECURE_METRICS_PORT", default=0)
    """port of Envoy's metrics with mutual TLS; from Istio 1.31 on, no listener may use it"""
    envoy_secure_merged_metrics_port: int = msgspec.field(name="ENVOY_SECURE_MERGED_METRICS_PORT", default=0)
    """port of all metrics with mutual TLS; from Istio 1.31 on, no listener may use it"""
    tls_server_cert_chain: str = msgspec.field(name="TLS_SERVER_CERT_CHAIN", default="")
    """file with the workload's server certificate, instead of SDS"""
    tls_server_key: str = msgspec.field(name="TLS_SERVER_KEY", default="")
    """file with the private key of the server certificate"""
    tls_server_root_cert: str = msgspec.field(name="TLS_SERVER_ROOT_CERT", default="")
    """file with the CA certificates that verify clients"""
    tls_client_cert_chain: str = msgspec.field(name="TLS_CLIENT_CERT_CHAIN", default="")
    """file with the workload's client certificate, instead of SDS"""
    tls_client_key: str = msgspec.field(name="TLS_CLIENT_KEY", default="")
    """file with the private key of the client certificate"""
    tls_client_root_cert: str = msgspec.field(name="TLS_CLIENT_ROOT_CERT", default="")
    """file with the CA certificates that verify servers"""
    credential: str = msgspec.field(name="credential", default="")
    """`true` if a socket next to the proxy serves credentials"""
    file_credential: str = msgspec.field(name="file-credential", default="")
    """`true` if a socket next to the proxy serves credentials from files"""
    enable_hbone: bool = msgspec.field(name="ENABLE_HBONE", default=False)
    """whether the proxy accepts HBONE tunnels on port 15008, in an ambient mesh"""
    disable_hbone_send: bool = msgspec.field(name="DISABLE_HBONE_SEND", default=False)
    """whether the proxy opens no HBONE tunnels, in an ambient mesh"""

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
    """The known keys of the metadata. Other keys are ignored."""
    return NodeMetadata(**{field: value for field, _, value in _read(raw) if value is not None})


def unreadable_metadata(raw: Mapping[str, Any]) -> Iterator[UnreadableMetadata]:
    """The keys with a value of the wrong type."""
    for field, key, value in _read(raw):
        if value is None:
            yield UnreadableMetadata(key, _EXPECTED[_readers()[field][1]])


def _read(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The field, key and value of each key that is present. The value is None if it has the wrong type."""
    for field, (key, read) in _readers().items():
        if (value := raw.get(key)) is not None:
            yield field, key, read(value)


def _text(value: object) -> str | None:
    """A string. A number is converted."""
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
    _list: "a comma-separated list of strings",
    _pod_ports: "a list of ports, each with `name`, `containerPort` and `protocol`",
    _string_map: "an object with string values",
    _object: "an object",
}


@cache
def _readers() -> Mapping[str, tuple[str, Callable[[object], Any]]]:
    """The key of each field, and the function that reads its value."""
    return {field.name: (field.encode_name, _READERS[field.type]) for field in msgspec.structs.fields(NodeMetadata)}
