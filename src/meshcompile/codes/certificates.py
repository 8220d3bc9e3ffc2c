"""Codes of certificates in Secrets: MC15xx."""

from meshcompile.diagnostics import Code, Severity

UNREADABLE_CERTIFICATE = Code(
    "MC1501",
    "unreadable-certificate",
    Severity.WARNING,
    "{what} of Secret `{name}` cannot be read: {problem}, so gateways that use it close TLS connections",
    """A Secret for TLS holds a certificate chain and a private key in PEM (`-----BEGIN CERTIFICATE-----`), in the keys
`tls.crt` and `tls.key` or `cert` and `key`. Write the files with `kubectl create secret tls`.""",
)
EXPIRED_CERTIFICATE = Code(
    "MC1502",
    "certificate-not-valid",
    Severity.WARNING,
    "the certificate of Secret `{name}` {problem}: clients of a gateway that uses it refuse the connection",
    """A certificate is valid from one moment to another. `meshcompile analyze --at TIME` compares the certificates in
Secrets with a time, such as `2030-01-31` or `2030-01-31T12:00:00Z`. Without `--at` nothing is compared, so that the
same input gives the same findings every day.""",
)
KEY_MISMATCH = Code(
    "MC1503",
    "private-key-mismatch",
    Severity.WARNING,
    "the private key of Secret `{name}` does not belong to its certificate, so gateways that use it close TLS "
    "connections",
    """Envoy refuses a certificate with another key. It often comes from renewing only one of the two, or from a chain
that begins with the certificate of the authority. The server's own certificate comes first in the chain.""",
)
HOSTS_NOT_COVERED = Code(
    "MC1504",
    "hosts-not-in-certificate",
    Severity.WARNING,
    "the certificate of Secret `{secret}` is for {names}, not for {hosts}: clients that verify the name refuse the "
    "connection",
    """Clients compare the host that they call with the names in the certificate (`subjectAltName`). A wildcard covers
one label: `*.example.org` covers `a.example.org` but neither `example.org` nor `a.b.example.org`. Get a certificate for
the hosts of the server, or name another Secret.""",
)
CERTIFICATES_NOT_CHECKED = Code(
    "MC1505",
    "certificates-not-checked",
    Severity.INFO,
    "certificates in Secrets are not checked: the package `cryptography` is not installed",
    "Install it with `pip install 'meshcompile[certificates]'`.",
)
