"""Gateways that share a certificate. Follows istioctl's `gateway.CertificateAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import named
from meshcompile.codes.references import DUPLICATE_CERTIFICATE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import Gateway, ServerTLSSettings
from meshcompile.values.labels import selects

Certificate = tuple[str, ...]


def duplicate_certificates(context: Context) -> Iterator[Diagnostic]:
    """A finding for each other Gateway that has a certificate of this one, for workloads that both select."""
    holders: dict[Certificate, list[Gateway]] = defaultdict(list)
    for gateway in context.written.all(Gateway):
        for certificate in _certificates(gateway):
            holders[certificate].append(gateway)
    for gateway in context.written.all(Gateway):
        sharing = {other.full_name: other for each in _certificates(gateway) for other in holders[each]}
        for name, other in sorted(sharing.items()):
            if other is not gateway and selects(gateway.spec.selector, other.spec.selector):
                related = (Related("it has the same certificate", other.origin),)
                yield DUPLICATE_CERTIFICATE(named(gateway), other=name, related=related)


def _certificates(gateway: Gateway) -> frozenset[Certificate]:
    """What names the certificates of a Gateway: a Secret, or files."""
    return frozenset(
        name for server in gateway.spec.servers if server.tls is not None and (name := _certificate(server.tls))
    )


def _certificate(tls: ServerTLSSettings) -> Certificate:
    if tls.credential_name:
        return (tls.credential_name,)
    files = (tls.server_certificate, tls.private_key)
    return files if all(files) else ()
