"""Certificates in Secrets: unreadable, expired, with another key, or for other hosts than those of the server."""

from collections.abc import Iterator, Mapping

from meshcompile.analyze.certificates import credential_problem
from meshcompile.analyze.context import Context
from meshcompile.analyze.secrets import (
    CERTIFICATE_KEYS,
    PEM,
    PRIVATE_KEYS,
    ServerCertificate,
    covers,
    public_key,
    server_certificate,
    text_of,
)
from meshcompile.codes.certificates import (
    CERTIFICATES_NOT_CHECKED,
    EXPIRED_CERTIFICATE,
    HOSTS_NOT_COVERED,
    KEY_MISMATCH,
    UNREADABLE_CERTIFICATE,
)
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.models.networking.gateway import Gateway, Server, TLSMode

TERMINATING = (TLSMode.SIMPLE, TLSMode.MUTUAL, TLSMode.OPTIONAL_MUTUAL)


def certificates(context: Context) -> Iterator[Diagnostic]:
    """A finding for each certificate that clients or gateways refuse."""
    secrets = [secret for secret in context.resources.all(Secret) if text_of(secret, CERTIFICATE_KEYS)[0]]
    read: dict[str, tuple[Secret, ServerCertificate]] = {}
    for secret in secrets:
        try:
            certificate = server_certificate(text_of(secret, CERTIFICATE_KEYS)[1])
        except ImportError:
            yield CERTIFICATES_NOT_CHECKED(secret)
            return
        except ValueError as error:
            if not (credential_problem(secret) and secret.full_name in context.credentials):  # else IST0161 reports it
                yield from _unreadable(secret, CERTIFICATE_KEYS, "the certificate", error)
            continue
        read[secret.full_name] = (secret, certificate)
        yield from _times(context, secret, certificate)
        yield from _key(secret, certificate)
    if read:
        for gateway in context.gateways.values():
            for server in gateway.spec.servers:
                yield from _hosts(context, gateway, server, read)


def _place(secret: Secret, key: str) -> Origin:
    return secret.at("string_data" if key in secret.string_data else "data", key)


def _unreadable(secret: Secret, keys: tuple[str, ...], what: str, error: ValueError) -> Iterator[Diagnostic]:
    key, text = text_of(secret, keys)
    if text.strip() and "{{" not in text and not text.startswith("ENC["):  # else it is filled in later
        problem = str(error).partition(".")[0] if PEM in text else "it is not PEM"
        yield UNREADABLE_CERTIFICATE(_place(secret, key), what=what, problem=problem)


def _times(context: Context, secret: Secret, certificate: ServerCertificate) -> Iterator[Diagnostic]:
    if context.at is None or certificate.not_before <= context.at <= certificate.not_after:
        return
    is_early = context.at < certificate.not_before
    problem = f"is valid from {certificate.not_before:%Y-%m-%d} on" if is_early else "expired on "
    when = "" if is_early else f"{certificate.not_after:%Y-%m-%d}"
    yield EXPIRED_CERTIFICATE(_place(secret, text_of(secret, CERTIFICATE_KEYS)[0]), problem=problem + when)


def _key(secret: Secret, certificate: ServerCertificate) -> Iterator[Diagnostic]:
    key, text = text_of(secret, PRIVATE_KEYS)
    if PEM not in text:
        return  # left out of files, or a placeholder
    try:
        own = public_key(text)
    except ValueError as error:
        yield from _unreadable(secret, PRIVATE_KEYS, "the private key", error)
        return
    if own != certificate.public_key:
        yield KEY_MISMATCH(_place(secret, key))


def _hosts(
    context: Context, gateway: Gateway, server: Server, read: Mapping[str, tuple[Secret, ServerCertificate]]
) -> Iterator[Diagnostic]:
    tls = server.tls
    if tls is None or tls.mode not in TERMINATING or not tls.credential_name:
        return
    name = tls.credential_name
    names = [name] if "/" in name else [f"{namespace}/{name}" for namespace in sorted(context.namespaces_of(gateway))]
    found = next((read[each] for each in names if each in read), None)
    if found is None:
        return
    secret, certificate = found
    hosts = [host.rpartition("/")[2].lower() for host in server.hosts]
    missing = [h for h in hosts if h != "*" and not any(covers(name, h) for name in certificate.names)]
    if missing:
        yield HOSTS_NOT_COVERED(
            tls.at("credential_name"),
            secret=secret.full_name,
            names=", ".join(certificate.names[:4]) or "no host",
            hosts=", ".join(missing[:4]),
            related=(Related("the Secret", secret.origin),),
        )
