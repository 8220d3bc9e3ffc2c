"""Certificates in Secrets: what clients and gateways refuse, at its exact place, and sound ones that stay silent."""

from __future__ import annotations

import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from meshcompile.diagnostics import Diagnostic
from tests.meshes import mesh

x509 = pytest.importorskip("cryptography.x509")
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: E402

START = datetime(2029, 1, 1, tzinfo=UTC)
GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 443, name: https, protocol: HTTPS}
      hosts: ["shop/%s"]
      tls: {mode: SIMPLE, credentialName: front}
"""


@cache
def key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number + 1, ec.SECP256R1())


@cache
def certificate(*names: str) -> str:
    """A certificate for some names that is valid in 2029."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "front")])
    builder = x509.CertificateBuilder(name, name, key().public_key(), 1, START, START + timedelta(days=365))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
    return str(builder.sign(key(), hashes.SHA256()).public_bytes(Encoding.PEM).decode())


def private(number: int = 0) -> str:
    return key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def secret(chain: str, own: str) -> str:
    crt, private_key = (b64encode(text.encode()).decode() for text in (chain, own))
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: front, namespace: istio-system}}
type: kubernetes.io/tls
data:
  tls.crt: {crt}
  tls.key: {private_key}
"""


def found(*texts: str, at: datetime | None = None) -> list[Diagnostic]:
    return [each for each in mesh(*texts).analyze(at) if each.code.startswith("MC15")]


def test_a_sound_secret_is_silent() -> None:
    """A key that fits, a name that covers the host, and a time within the certificate's are no findings."""
    sound = secret(certificate("*.example.org"), private())
    assert found(sound, GATEWAY % "web.example.org", at=START + timedelta(days=3)) == []
    assert found(sound, GATEWAY % "*.example.org") == []
    assert found(secret("placeholder {{ .crt }}", "")) == []


def test_unreadable() -> None:
    """A certificate and a key that are no PEM are found at their keys."""
    (broken,) = found(secret("none", private()))
    assert (broken.code, broken.field, "not PEM" in broken.message) == ("MC1501", 'data["tls.crt"]', True)
    torn = private().replace("MIG", "xxx", 1)
    (unreadable,) = found(secret(certificate("a.example"), torn))
    assert (unreadable.code, unreadable.field) == ("MC1501", 'data["tls.key"]')


@pytest.mark.parametrize(("days", "text"), [(-1, "is valid from 2029-01-01 on"), (366, "expired on 2030-01-01")])
def test_times_are_compared_when_asked(days: int, text: str) -> None:
    """A certificate that is not valid at the given time is found; without a time, nothing is compared."""
    sound = secret(certificate("a.example"), private())
    (finding,) = found(sound, at=START + timedelta(days=days))
    assert (finding.code, finding.field, text in finding.message) == ("MC1502", 'data["tls.crt"]', True)
    assert found(sound) == []


def test_key_of_another_certificate() -> None:
    """A private key that does not belong to the certificate is found at the key."""
    (finding,) = found(secret(certificate("a.example"), private(1)))
    assert (finding.code, finding.field) == ("MC1503", 'data["tls.key"]')


@pytest.mark.parametrize("host", ["example.org", "a.b.example.org", "web.example.net"])
def test_hosts_that_the_certificate_is_not_for(host: str) -> None:
    """A wildcard covers one label, so other hosts of the server are found at its credentialName."""
    (finding,) = found(secret(certificate("*.example.org"), private()), GATEWAY % host)
    assert (finding.code, finding.kind, finding.field) == ("MC1504", "Gateway", "spec.servers[0].tls.credentialName")
    assert finding.related[0].origin.document.name == "front"


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is not installed, one info says that certificates are not checked."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    (finding,) = found(secret(certificate("a.example"), private(1)))
    assert (finding.code, finding.severity) == ("MC1505", "info")
