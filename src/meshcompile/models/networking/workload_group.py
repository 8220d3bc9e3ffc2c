"""WorkloadGroup: a template for workload entries that register themselves."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf
from meshcompile.models.common import HEADER, Int32, IstioResource, NonEmpty, PortNumber, size
from meshcompile.models.networking.common import ApiVersion
from meshcompile.models.networking.workload_entry import WorkloadEntrySpec


class WorkloadGroupMeta(Node):
    """Metadata that the workload entries get."""

    labels: Annotated[Mapping[str, str], size(256)] = {}
    """Labels of the entries."""
    annotations: Annotated[Mapping[str, str], size(256)] = {}
    """Annotations of the entries."""


class HTTPHeader(Node):
    """A header of a probe's request."""

    name: Annotated[str, Field(pattern=HEADER)] = ""
    """Name of the header."""
    value: str = ""
    """Value of the header."""


class HTTPHealthCheckConfig(Node):
    """A probe by an HTTP request."""

    path: str = ""
    """Path of the request."""
    port: PortNumber
    """Port of the workload."""
    host: str = ""
    """Address to connect to; localhost by default."""
    scheme: str = ""
    """HTTP, which is the default, or HTTPS."""
    http_headers: tuple[HTTPHeader, ...] = ()
    """Headers of the request."""


class TCPHealthCheckConfig(Node):
    """A probe by a TCP connection."""

    host: str = ""
    """Address to connect to; localhost by default."""
    port: PortNumber
    """Port of the workload."""


class ExecHealthCheckConfig(Node):
    """A probe by a command."""

    command: tuple[NonEmpty, ...]
    """Program and arguments; healthy if it exits with 0."""


class GrpcHealthCheckConfig(Node):
    """A probe by gRPC's health service."""

    port: PortNumber = 0
    """Port of the workload."""
    service: str = ""
    """Name of the service to ask for."""


class ReadinessProbe(OneOf):
    """How the agent on a workload finds out if it is healthy; exactly one kind of check is set."""

    one_of = (("http_get", "tcp_socket", "exec", "grpc"),)

    initial_delay_seconds: Annotated[Int32, Field(ge=0)] = 0
    """Seconds before the first probe."""
    timeout_seconds: Annotated[Int32, Field(ge=0)] = 0
    """Seconds until a probe fails; 0 means 1."""
    period_seconds: Annotated[Int32, Field(ge=0)] = 0
    """Seconds between probes; 0 means 10."""
    success_threshold: Annotated[Int32, Field(ge=0)] = 0
    """Successes in a row that make it healthy; 0 means 1."""
    failure_threshold: Annotated[Int32, Field(ge=0)] = 0
    """Failures in a row that make it unhealthy; 0 means 3."""
    http_get: HTTPHealthCheckConfig | None = None
    """Probe by an HTTP request."""
    tcp_socket: TCPHealthCheckConfig | None = None
    """Probe by a TCP connection."""
    exec: ExecHealthCheckConfig | None = None
    """Probe by a command."""
    grpc: GrpcHealthCheckConfig | None = None
    """Probe by gRPC's health service."""


class WorkloadGroupSpec(Node):
    """What the workload entries of the group look like."""

    metadata: WorkloadGroupMeta | None = None
    """Labels and annotations of the entries."""
    template: WorkloadEntrySpec
    """Fields of the entries."""
    probe: ReadinessProbe | None = None
    """How their health is found out."""


class WorkloadGroup(IstioResource):
    """A template from which istiod makes a workload entry for each machine that registers; no proxy sees it."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["WorkloadGroup"] = "WorkloadGroup"
    spec: WorkloadGroupSpec
