"""Secrets that Gateways name. Follows istioctl's `gateway.SecretAnalyzer`."""

from collections.abc import Iterator, Mapping

from meshcompile.analyze.certificates import credential_problem
from meshcompile.analyze.context import Context
from meshcompile.analyze.suggest import did_you_mean
from meshcompile.codes.references import INVALID_CREDENTIAL, NOT_FOUND
from meshcompile.diagnostics import Diagnostic, Related, Severity
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.models.networking.gateway import Gateway, Server


def unknown_credentials(context: Context) -> Iterator[Diagnostic]:
    """A finding for each `credentialName` without a valid Secret in the namespace of the Gateway's workloads."""
    secrets = {secret.full_name: secret for secret in context.written.all(Secret)}
    for gateway in context.written.all(Gateway):
        for server in gateway.spec.servers:
            yield from _credential(server, context.namespaces_of(gateway), secrets)


def _credential(server: Server, namespaces: frozenset[str], secrets: Mapping[str, Secret]) -> Iterator[Diagnostic]:
    if server.tls is None or not server.tls.credential_name or not namespaces:
        return
    name, place = server.tls.credential_name, server.tls.at("credential_name")
    names = sorted({name} if "/" in name else {f"{namespace}/{name}" for namespace in namespaces})
    secrets_found = [secrets[each] for each in names if each in secrets]
    if not secrets_found:
        yield NOT_FOUND(
            place,
            problem=f"Secret `{name}` ({' or '.join(names)}) is not found",
            effect=f"TLS connections to port {server.port.number} are closed",
            severity=Severity.WARNING,  # Secrets are rarely stored next to the objects that name them
            suggestion=did_you_mean(names[0], secrets),
        )
    for secret in secrets_found:
        if problem := credential_problem(secret):
            related = (Related("the Secret", secret.origin),)
            yield INVALID_CREDENTIAL(
                place, secret=secret.full_name, problem=problem, port=server.port.number, related=related
            )
