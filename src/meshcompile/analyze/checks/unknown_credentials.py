"""Secrets that Gateways name. Follows istioctl's `gateway.SecretAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.suggest import did_you_mean
from meshcompile.codes.references import NOT_FOUND
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.models.networking.gateway import Gateway, Server


def unknown_credentials(context: Context) -> Iterator[Diagnostic]:
    """A finding for each `credentialName` without a Secret in the namespace of the Gateway's workloads."""
    secrets = {secret.full_name for secret in context.resources.all(Secret)}
    for gateway in context.resources.all(Gateway):
        for server in gateway.spec.servers:
            yield from _credential(server, context.namespaces_of(gateway), secrets)


def _credential(server: Server, namespaces: frozenset[str], secrets: set[str]) -> Iterator[Diagnostic]:
    if server.tls is None or not server.tls.credential_name:
        return
    name = server.tls.credential_name
    wanted = {name} if "/" in name else {f"{namespace}/{name}" for namespace in namespaces}
    if namespaces and wanted.isdisjoint(secrets):
        at = " or ".join(sorted(wanted))
        yield NOT_FOUND(
            server.tls.at("credential_name"),
            problem=f"Secret `{name}` ({at}) is not found",
            effect=f"TLS connections to port {server.port.number} are closed",
            severity=Severity.WARNING,  # Secrets are rarely stored next to the objects that name them
            suggestion=did_you_mean(min(wanted), secrets),
        )
