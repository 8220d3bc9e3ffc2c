"""Rules of the ACME company for its mesh."""

from collections.abc import Iterator

from meshcompile import Code, Diagnostic, Mesh, Severity

NO_TIMEOUT = Code(
    "ACME001",
    "route-without-timeout",
    Severity.WARNING,
    "route {number} of VirtualService {name} has no timeout",
    "A request without a timeout waits for as long as the server likes. Set `timeout` on every route.",
)


def routes_without_timeout(mesh: Mesh) -> Iterator[Diagnostic]:
    """A finding for each HTTP route of a VirtualService without a timeout."""
    for resource in mesh.objects:
        if resource.kind == "VirtualService":
            for index, route in enumerate(resource.spec.http):  # type: ignore[attr-defined]
                if route.timeout is None:
                    yield NO_TIMEOUT(route.origin, number=index + 1, suggestion="add `timeout: 10s`")
