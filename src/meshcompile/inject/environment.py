"""The environment variables of the proxy's container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from meshcompile.golang.json import in_order
from meshcompile.inject.input import INTERCEPTION_MODE, TemplateInput
from meshcompile.inject.printed import in_double_quotes, printed, unquoted
from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.proxy_json import proxy_config_json
from meshcompile.inject.telemetry import otel_attributes
from meshcompile.models.mesh.mesh_config import InboundTrafficPolicyMode

WORKLOAD_NAME = "service.istio.io/workload-name"
BOOTSTRAP_OVERRIDE = "sidecar.istio.io/bootstrapOverride"
DATADOG = "apm.datadoghq.com/env"

Variable = Mapping[str, Any]
Variables = Iterator[Variable]


def variable(name: str, value: Any) -> Variable:
    return {"name": name, "value": value}


def pod_field(name: str, path: str) -> Variable:
    """A variable with the value of a field of the Pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def limit(name: str, resource: str) -> Variable:
    """A variable with a limit of the container, as a whole number."""
    return {"name": name, "valueFrom": {"resourceFieldRef": {"resource": f"limits.{resource}", "divisor": "1"}}}


POD_FIELDS: tuple[Variable, ...] = (
    pod_field("POD_NAME", "metadata.name"),
    pod_field("POD_NAMESPACE", "metadata.namespace"),
    pod_field("INSTANCE_IP", "status.podIP"),
    pod_field("SERVICE_ACCOUNT", "spec.serviceAccountName"),
    pod_field("HOST_IP", "status.hostIP"),
)
NODE_NAME = pod_field("ISTIO_META_NODE_NAME", "spec.nodeName")
PROCESS_LIMITS: tuple[Variable, ...] = (limit("GOMEMLIMIT", "memory"), limit("GOMAXPROCS", "cpu"))


def sidecar_environment(given: TemplateInput) -> Variables:
    """The variables of a sidecar."""
    yield from _probe_destination(given)
    yield from _control_plane(given)
    yield from POD_FIELDS
    yield limit("ISTIO_CPU_LIMIT", "cpu")
    yield from _settings(given)
    yield _app_containers(given)
    yield from PROCESS_LIMITS
    yield _cluster(given)
    yield NODE_NAME
    mode = given.annotations.get(INTERCEPTION_MODE) or given.proxy_config.interception_mode.value
    yield variable("ISTIO_META_INTERCEPTION_MODE", in_double_quotes(mode))
    yield from _network(given)
    yield from _workload(given.labels.get(WORKLOAD_NAME) or given.owner.name)
    yield from _owner(given)
    yield from _bootstrap_override(given)
    yield from _mesh_identity(given)
    yield from _datadog(given)
    attributes = otel_attributes(given)
    if attributes:
        yield variable("OTEL_RESOURCE_ATTRIBUTES", in_double_quotes(attributes))
    yield from proxy_metadata(given)


def gateway_environment(given: TemplateInput) -> Variables:
    """The variables of a gateway."""
    yield from _control_plane(given)
    yield from POD_FIELDS
    yield limit("ISTIO_CPU_LIMIT", "cpu")
    yield from _settings(given)
    yield from PROCESS_LIMITS
    yield _app_containers(given)
    yield _cluster(given)
    yield NODE_NAME
    yield variable("ISTIO_META_INTERCEPTION_MODE", given.proxy_config.interception_mode.value)
    yield from _network(given)
    yield from _workload(given.owner.name)
    yield from _owner(given)
    yield from _bootstrap_override(given)
    yield from _mesh_identity(given)
    yield from proxy_metadata(given)


def agent_environment(given: TemplateInput) -> Variables:
    """The variables of an agent without Envoy, for applications with gRPC."""
    yield variable("ISTIO_META_GENERATOR", "grpc")
    yield variable("OUTPUT_CERTS", "/var/lib/istio/data")
    yield from _probe_destination(given)
    yield from _control_plane(given)
    yield from POD_FIELDS
    yield from _settings(given)
    yield _app_containers(given)
    yield _cluster(given)
    yield NODE_NAME
    yield from _network(given)
    yield from _workload(given.owner.name)
    yield from _owner(given)
    yield from _mesh_identity(given)
    yield from proxy_metadata(given)
    yield variable("ISTIO_META_DNS_CAPTURE", "false")
    yield variable("DISABLE_ENVOY", "true")


def proxy_metadata(given: TemplateInput) -> Variables:
    """The proxy's metadata, sorted by name."""
    metadata = given.proxy_config.proxy_metadata
    return (variable(unquoted(name), in_double_quotes(metadata[name])) for name in sorted(metadata))


def _probe_destination(given: TemplateInput) -> Variables:
    policy = given.mesh.inbound_traffic_policy
    if policy is not None and policy.mode is InboundTrafficPolicyMode.LOCALHOST:
        yield variable("REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION", "true")


def _control_plane(given: TemplateInput) -> Variables:
    values = given.values.global_
    yield variable("PILOT_CERT_PROVIDER", unquoted(printed(values.pilot_cert_provider)))
    revision = given.values.revision
    suffix = "" if revision == "" else f"-{printed(revision)}"
    address = printed(values.ca_address) if values.ca_address else ""
    yield variable("CA_ADDR", unquoted(address or f"istiod{suffix}.{printed(values.istio_namespace)}.svc:15012"))


def _settings(given: TemplateInput) -> Variables:
    """The settings of the proxy, and the ports of the Pod."""
    yield variable("PROXY_CONFIG", f"{proxy_config_json(given.proxy_config)}\n")
    ports = [in_order(port) for each in given.containers for port in each.get("ports", ())]
    lines = [f"    {',' if index else ''}{port}" for index, port in enumerate(ports)]
    yield variable("ISTIO_META_POD_PORTS", "\n".join(["[", *lines, "]"]))


def _app_containers(given: TemplateInput) -> Variable:
    return variable("ISTIO_META_APP_CONTAINERS", in_double_quotes(",".join(given.app_containers)))


def _cluster(given: TemplateInput) -> Variable:
    name = given.values.global_.multi_cluster.cluster_name or "Kubernetes"
    return variable("ISTIO_META_CLUSTER_ID", in_double_quotes(name))


def _network(given: TemplateInput) -> Variables:
    if network := given.values.global_.network:
        yield variable("ISTIO_META_NETWORK", in_double_quotes(network))


def _workload(name: str) -> Variables:
    if name:
        yield variable("ISTIO_META_WORKLOAD_NAME", in_double_quotes(name))


def _owner(given: TemplateInput) -> Variables:
    owner = given.owner
    if owner.api_version and owner.name:
        place = f"namespaces/{owner.namespace or 'default'}/{owner.kind.lower()}s/{owner.name}"
        yield variable("ISTIO_META_OWNER", f"kubernetes://apis/{owner.api_version}/{place}")


def _bootstrap_override(given: TemplateInput) -> Variables:
    if BOOTSTRAP_OVERRIDE in given.annotations:
        yield variable("ISTIO_BOOTSTRAP_OVERRIDE", "/etc/istio/custom-bootstrap/custom_bootstrap.json")


def _mesh_identity(given: TemplateInput) -> Variables:
    """The id of the mesh, which is its trust domain by default, and the trust domain."""
    mesh_id = printed(given.values.global_.mesh_id) if given.values.global_.mesh_id else given.trust_domain
    if mesh_id:
        yield variable("ISTIO_META_MESH_ID", in_double_quotes(mesh_id))
    if given.trust_domain:
        yield variable("TRUST_DOMAIN", in_double_quotes(given.trust_domain))


def _datadog(given: TemplateInput) -> Variables:
    """The variables of an annotation for Datadog's tracer."""
    if given.values.proxy.tracer != "datadog" or DATADOG not in given.annotations:
        return
    for name, value in json_entries(given.annotations[DATADOG], DATADOG):
        yield variable(unquoted(name), in_double_quotes(printed(value)))


def json_entries(text: str, annotation: str) -> Iterator[tuple[str, Any]]:
    """The entries of an annotation with a JSON object, sorted by name. A list has its indices as names.

    Raises InjectionProblem for other text.
    """
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        value = text
    match value:
        case None:
            return
        case dict():
            yield from ((name, value[name]) for name in sorted(value))
        case list():
            yield from ((str(index), item) for index, item in enumerate(value))
        case _:
            place = ("metadata", "annotations", annotation)
            raise InjectionProblem(f"expected a JSON object, found {text!r}", place)
