"""The secrets of a bootstrap: what a name such as `kubernetes://web` stands for.

Names of secrets follow istiod's `pilot/pkg/model/credentials` and `security.SdsCertificateConfig`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from meshcompile.codes.output import STANDS_IN, UNREADABLE_PEM
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE
from meshcompile.envoy.config.core import DataSource
from meshcompile.envoy.extensions.transport_sockets.tls import TlsCertificate
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.pem import certificate_problem, pair_problem, private_key_problem
from meshcompile.output.credentials import Credential
from meshcompile.values.credentials import AUTHORITIES, CONFIG_MAP

T = TypeVar("T")

WORKLOAD_CERTIFICATE = "default"
WORKLOAD_AUTHORITIES = "ROOTCA"
OF_WORKLOAD = frozenset({WORKLOAD_CERTIFICATE, WORKLOAD_AUTHORITIES})
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


class MissingSecret(Exception):
    """A secret is not available. `findings` say why, if it is there. This exception never leaves the package."""

    def __init__(self, name: str, findings: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.findings = findings


@dataclass(frozen=True, slots=True)
class SecretStore:
    """The secrets that the options of a bootstrap provide."""

    options: Options
    found: list[Diagnostic] = field(default_factory=list)
    """Findings about secrets with a stand-in."""

    def is_served_by_agent(self, name: str) -> bool:
        """True for what Istio's agent serves beside the Envoy of Istio's own build."""
        options = self.options
        return options.flavour is Flavour.ISTIO and name in OF_WORKLOAD and not options.workload_certificates

    def certificate(self, name: str) -> TlsCertificate:
        """The certificate and the private key. Raises MissingSecret."""
        kind, _, rest = name.partition(":")
        folder = self.options.workload_certificates
        if name == WORKLOAD_CERTIFICATE and folder:
            return _files(f"{folder}/cert-chain.pem", f"{folder}/key.pem")
        if kind == "file-cert":
            return _files(*rest.split("~", 1))
        return self._usable(name, self._credential(name), _server_problems, _tls_certificate)

    def authorities(self, name: str) -> DataSource:
        """The trusted certificate authorities. Raises MissingSecret."""
        kind, _, rest = name.partition(":")
        if name == WORKLOAD_AUTHORITIES and self.options.workload_certificates:
            return DataSource(filename=f"{self.options.workload_certificates}/root-cert.pem")
        if kind == "file-root":
            return DataSource(filename=SYSTEM_AUTHORITIES if rest == "system" else rest)
        # A Secret with only the authorities takes precedence over one that also has the certificate.
        own, shared = self._credential(name), self._credential(name.removesuffix(AUTHORITIES))
        return self._usable(name, own if own.authorities else shared, _authorities_problems, _trusted_ca)

    def _usable(
        self,
        name: str,
        credential: Credential,
        problems: Callable[[str, Credential], Iterator[Diagnostic]],
        result: Callable[[Credential], T | None],
    ) -> T:
        findings = () if credential.in_files else tuple(problems(name, credential))
        found = None if findings else result(credential)
        if found is None and self.options.stand_in is not None:
            found = result(self.options.stand_in)
            self.found.extend((*findings, STANDS_IN(NOWHERE, what=f"secret {name}")))
        if found is None:
            raise MissingSecret(name, findings)
        return found

    def _credential(self, name: str) -> Credential:
        """The Secret that `kubernetes://NAME` or `kubernetes-gateway://NAMESPACE/NAME` refers to, or the ConfigMap."""
        if name.startswith(CONFIG_MAP):
            return self.options.credentials.get(name, Credential())
        _, _, path = name.partition("://")
        key = path if "/" in path else f"{self.options.namespace}/{path}"
        return self.options.credentials.get(key, Credential())


def _tls_certificate(credential: Credential) -> TlsCertificate | None:
    if not (credential.certificate and credential.private_key):
        return None
    if credential.in_files:
        return _files(credential.certificate, credential.private_key)
    return TlsCertificate(
        certificate_chain=DataSource(inline_string=credential.certificate),
        private_key=DataSource(inline_string=credential.private_key),
    )


def _trusted_ca(credential: Credential) -> DataSource | None:
    if not credential.authorities:
        return None
    named, inline = (credential.authorities, None) if credential.in_files else (None, credential.authorities)
    return DataSource(filename=named, inline_string=inline)


def _server_problems(name: str, credential: Credential) -> Iterator[Diagnostic]:
    certificate, key = credential.certificate, credential.private_key
    if not (certificate and key):
        return
    if problem := certificate_problem(certificate):
        yield _unreadable(name, credential, "certificate", problem)
    elif problem := private_key_problem(key) or pair_problem(certificate, key):
        yield _unreadable(name, credential, "private_key", problem)


def _authorities_problems(name: str, credential: Credential) -> Iterator[Diagnostic]:
    if credential.authorities and (problem := certificate_problem(credential.authorities)):
        yield _unreadable(name, credential, "authorities", problem)


WHAT = {
    "certificate": "the certificate",
    "private_key": "the private key",
    "authorities": "the certificate of the authority",
}


def _unreadable(secret: str, credential: Credential, part: str, problem: str) -> Diagnostic:
    origin = credential.origins.get(part, NOWHERE)
    return UNREADABLE_PEM(origin, what=WHAT[part], secret=secret, problem=problem)


def _files(certificate: str, private_key: str) -> TlsCertificate:
    return TlsCertificate(
        certificate_chain=DataSource(filename=certificate), private_key=DataSource(filename=private_key)
    )
