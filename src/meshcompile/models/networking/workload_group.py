"""WorkloadGroup: a template for workload entries that register automatically."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf
from meshcompile.models.common import HEADER, Int32, IstioResource, NonEmpty, PortNumber, size
from meshcompile.models.networking.common import ApiVersion
from meshcompile.models.networking.workload_entry import WorkloadEntrySpec


class WorkloadGroupMeta(Node):
    """Metadata of the generated workload entries."""

    labels: Annotated[Mapping[str, str], size(256)] = {}
    """Labels of the workload entries."""
    annotations: Annotated[Mapping[str, str], size(256)] = {}
    """Annotations of the workload entries."""


class HTTPHeader(Node):
    """A header of the probe request."""

    name: Annotated[str, Field(pattern=HEADER)] = ""
    """Name of the header."""
    value: str = ""
    """Value of the header."""


class HTTPHealthCheckConfig(Node):
    """An HTTP probe."""

    path: str = ""
    """Path of the request."""
    port: PortNumber
    """Port of the workload."""
    host: str = ""
    """Address to connect to. The default is localhost."""
    scheme: str = ""
    """HTTP, the default, or HTTPS."""
    http_headers: tuple[HTTPHeader, ...] = ()
    """Headers of the request."""


class TCPHealthCheckConfig(Node):
    """A TCP probe."""

    host: str = ""
    """Address to connect to. The default is localhost."""
    port: PortNumber
    """Port of the workload."""


class ExecHealthCheckConfig(Node):
    """A command to run as probe."""

    command: tuple[NonEmpty, ...]
    """Command and arguments. Exit code 0 means healthy."""


class GrpcHealthCheckConfig(Node):
    """A probe that uses the gRPC health checking protocol."""

    port: PortNumber = 0
    """Port of the workload."""
    service: str = ""
    """Service name to send in the health check request."""


class ReadinessProbe(OneOf):
    """How the agent determines whether the workload is ready. Set exactly one kind of probe."""

    one_of = (("http_get", "tcp_socket", "exec", "grpc"),)

    initial_delay_seconds: Annotated[Int32, Field(ge=0)] = 0
    """Seconds before the first probe."""
    timeout_seconds: Annotated[Int32, Field(ge=0)] = 0
    """Timeout of a probe in seconds. 0 means 1."""
    period_seconds: Annotated[Int32, Field(ge=0)] = 0
    """Seconds between probes. 0 means 10."""
    success_threshold: Annotated[Int32, Field(ge=0)] = 0
    """Consecutive successes before the workload is ready. 0 means 1."""
    failure_threshold: Annotated[Int32, Field(ge=0)] = 0
    """Consecutive failures before the workload is not ready. 0 means 3."""
    http_get: HTTPHealthCheckConfig | None = None
    """HTTP probe."""
    tcp_socket: TCPHealthCheckConfig | None = None
    """TCP probe."""
    exec: ExecHealthCheckConfig | None = None
    """Command to run as probe."""
    grpc: GrpcHealthCheckConfig | None = None
    """gRPC health probe."""


class WorkloadGroupSpec(Node):
    """The template for the workload entries of the group."""

    metadata: WorkloadGroupMeta | None = None
    """Labels and annotations of the workload entries."""
    template: WorkloadEntrySpec
    """Fields of the workload entries."""
    probe: ReadinessProbe | None = None
    """How the readiness of the workloads is determined."""


class WorkloadGroup(IstioResource):
    """A template from which istiod creates a workload entry for each machine that registers. No proxy sees it."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["WorkloadGroup"] = "WorkloadGroup"
    spec: WorkloadGroupSpec
