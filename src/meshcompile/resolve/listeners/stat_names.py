"""Names in statistics, from the patterns of the mesh config. Follows istiod's `telemetry.BuildStatPrefix`."""

from msgspec import Struct

from meshcompile.snapshot.service import Registry, Service

TARGET_PORT = "%TARGET_PORT%"


class StatSubject(Struct, frozen=True):
    """The subject of statistics: a port of a host or of a subset, and its service if known.

    `target` is the port of the workload, 0 if there is none.
    """

    host: str
    service: Service | None
    port: int
    port_name: str = ""
    subset: str = ""
    target: int = 0


def stat_name(pattern: str, subject: StatSubject, default: str = "") -> str:
    """A pattern such as `%SERVICE_FQDN%_%SERVICE_PORT%` with its values, or the default without a pattern.

    `%SERVICE%` and `%SERVICE_NAME%` are short only for Kubernetes Services.
    """
    if not pattern:
        return default
    for placeholder, value in _values(subject).items():
        pattern = pattern.replace(placeholder, value)
    return pattern


def _values(subject: StatSubject) -> dict[str, str]:
    service = subject.service
    kubernetes = service is not None and service.registry is Registry.KUBERNETES
    return {
        "%SERVICE%": f"{service.name}.{service.namespace}" if service is not None and kubernetes else subject.host,
        "%SERVICE_NAME%": service.name if service is not None and kubernetes else subject.host,
        "%SERVICE_FQDN%": subject.host,
        "%SUBSET_NAME%": subject.subset,
        TARGET_PORT: str(subject.target),
        "%SERVICE_PORT%": str(subject.port),
        "%SERVICE_PORT_NAME%": subject.port_name,
    }
