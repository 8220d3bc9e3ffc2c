"""Rules of WorkloadGroups: istiod's `ValidateWorkloadGroup`, and the schema's for the template."""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.workload_group import HTTPHealthCheckConfig, ReadinessProbe, WorkloadGroup
from meshcompile.validate.checks import Found, labels
from meshcompile.validate.workload_entry import schema

SCHEMES = ("", "HTTP", "HTTPS")


def violations(group: WorkloadGroup) -> Found:
    """Findings about a WorkloadGroup. Its template gets an address later, so it may omit one."""
    yield from schema(group.spec.template)
    if group.spec.metadata is not None:
        yield from labels(group.spec.metadata, "labels")
    if group.spec.probe is not None:
        yield from _probe(group.spec.probe)


def _probe(probe: ReadinessProbe) -> Found:
    if probe.http_get is not None:
        yield from _http_probe(probe.http_get)
    elif probe.exec is not None:
        if not probe.exec.command:
            yield codes.MISSING(probe.exec.at("command"), field="command", reason=": the probe has no command")
    elif probe.grpc is not None:
        yield codes.PROBE(probe.at("grpc"), problem="`grpc` is not supported")
    elif probe.tcp_socket is None:
        yield codes.PROBE(probe, problem="a probe needs `httpGet`, `tcpSocket` or `exec`")


def _http_probe(http: HTTPHealthCheckConfig) -> Found:
    if http.scheme not in SCHEMES:
        problem = f"the scheme must be HTTP or HTTPS, not `{http.scheme}`"
        yield codes.PROBE(http.at("scheme"), problem=problem)
    for header in http.http_headers:
        if not header.name or "_" in header.name:
            yield codes.HEADER_NAME(header, value=header.name, problem=": `_` is not allowed in a probe")
