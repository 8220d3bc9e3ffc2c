"""Names of statistics by the patterns of the mesh config. Follows istiod's `telemetry.BuildStatPrefix`."""

from meshcompile.snapshot.service import Registry, Service


def stat_name(
    pattern: str,
    *,
    host: str,
    service: Service | None,
    port: int,
    port_name: str = "",
    subset: str = "",
    target: int = 0,
) -> str:
    """A pattern such as `%SERVICE_FQDN%_%SERVICE_PORT%` filled in.

    `%SERVICE%` and `%SERVICE_NAME%` are short for Kubernetes Services only.
    """
    kubernetes = service is not None and service.registry is Registry.KUBERNETES
    values = {
        "%SERVICE%": f"{service.name}.{service.namespace}" if service is not None and kubernetes else host,
        "%SERVICE_NAME%": service.name if service is not None and kubernetes else host,
        "%SERVICE_FQDN%": host,
        "%SUBSET_NAME%": subset,
        "%TARGET_PORT%": str(target),
        "%SERVICE_PORT%": str(port),
        "%SERVICE_PORT_NAME%": port_name,
    }
    for placeholder, value in values.items():
        pattern = pattern.replace(placeholder, value)
    return pattern
