"""Names of clusters in statistics, from the mesh's patterns. Follows istiod's `telemetry.BuildStatPrefix`."""

from meshcompile.snapshot.service import Registry, Service, ServicePort


def stat_name(pattern: str, service: Service, port: ServicePort, subset: str = "", target_port: int = 0) -> str:
    """The pattern filled in; "" when there is none."""
    if not pattern:
        return ""
    in_kubernetes = service.registry is Registry.KUBERNETES
    values = {
        "%SERVICE%": f"{service.name}.{service.namespace}" if in_kubernetes else service.hostname,
        "%SERVICE_NAME%": service.name if in_kubernetes else service.hostname,
        "%SERVICE_FQDN%": service.hostname,
        "%SUBSET_NAME%": subset,
        "%TARGET_PORT%": str(target_port),
        "%SERVICE_PORT%": str(port.number),
        "%SERVICE_PORT_NAME%": port.name,
    }
    for word, value in values.items():
        pattern = pattern.replace(word, value)
    return pattern
