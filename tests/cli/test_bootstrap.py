"""`meshcompile bootstrap`: certificates, files, and the real Envoy's opinion."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from tests.cli.conftest import Run

PROXY = "deployment/catalog.shop"

FILES = """\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  trafficPolicy:
    tls:
      mode: MUTUAL
      clientCertificate: /certificates/that/are/not/here.pem
      privateKey: /certificates/key.pem
      caCertificates: CA
"""
FILTER = """\
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: broken, namespace: shop}
spec:
  configPatches:
    - applyTo: CLUSTER
      match: {cluster: {service: catalog.shop.svc.cluster.local}}
      patch: {operation: MERGE, value: {connect_timeout: -1s}}
"""


@pytest.fixture
def with_files(mesh: Path, tmp_path: Path) -> Path:
    """The mesh, with a rule that names files: two that are missing, and one that has no PEM."""
    authority = tmp_path / "authority.pem"
    authority.write_text("no PEM")
    path = tmp_path / "files.yaml"
    path.write_text(mesh.read_text() + FILES.replace("CA", str(authority)))
    return path


def test_missing_and_broken_files_are_named(run: Run, with_files: Path) -> None:
    """Each file that is missing or unreadable is named, with the place that names it."""
    done = run("bootstrap", PROXY, "-f", with_files)
    assert "the file `/certificates/that/are/not/here.pem`" in done.err
    assert "missing-file" in done.err
    assert "authority.pem` cannot be used: it has no PEM block" in done.err
    assert f"{with_files}:" in next(line for line in done.err.splitlines() if "here.pem" in line)


@pytest.mark.envoy
def test_the_real_envoy_checks_without_files(run: Run, with_files: Path) -> None:
    """With stand-ins, Envoy accepts what names files that are not there; nothing is printed to stdout."""
    done = run("bootstrap", PROXY, "-f", with_files, "--check", "-v")
    assert (done.status, done.out) == (0, "")
    assert "accepts the bootstrap of catalog-0.shop" in done.err
    assert "stands-in" in done.err


@pytest.mark.envoy
def test_what_envoy_refuses_has_a_place(run: Run, mesh: Path, tmp_path: Path) -> None:
    """A cluster that Envoy refuses is an error at the place of its service, with Envoy's reason."""
    (tmp_path / "broken.yaml").write_text(mesh.read_text() + FILTER)
    done = run("bootstrap", "--all-proxies", "-f", tmp_path / "broken.yaml", "--check")
    assert done.status == 1
    (line,) = [line for line in done.err.splitlines() if "refused-by-envoy" in line]
    assert line.startswith(f"{tmp_path / 'broken.yaml'}:")
    assert "Expected positive duration" in line


def test_certificates_for_a_trial(run: Run, mesh: Path, tmp_path: Path) -> None:
    """`--dev-certs` makes a certificate with the SPIFFE name of the workload, by an authority that stays."""
    folder = tmp_path / "certs"
    for _ in range(2):
        assert run("bootstrap", PROXY, "-f", mesh, "--dev-certs", folder).status == 0
    own = folder / "catalog-0.shop"
    certificate = x509.load_pem_x509_certificate((own / "cert-chain.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    identities = names.get_values_for_type(x509.UniformResourceIdentifier)
    assert identities == ["spiffe://cluster.local/ns/shop/sa/catalog"]
    authority = x509.load_pem_x509_certificate((folder / "root-cert.pem").read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert stat.S_IMODE((own / "key.pem").stat().st_mode) == 0o600


def test_secrets_in_sds_files(run: Run, mesh: Path, tmp_path: Path) -> None:
    """`--sds-dir` writes the secrets, which only the user may read, and the bootstrap names the files."""
    certificates, secrets = tmp_path / "certs", tmp_path / "sds"
    done = run("bootstrap", PROXY, "-f", mesh, "--dev-certs", certificates, "--sds-dir", secrets)
    assert {path.name for path in secrets.iterdir()} == {"ROOTCA.json", "default.json"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secrets.iterdir())
    assert str(secrets / "default.json") in done.out


def test_a_secret_from_files(run: Run, tmp_path: Path) -> None:
    """`--secret` names files in place of a Secret, and a folder without any is wrong usage."""
    gateway = "router:shop,istio=gateway"
    server = {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"]}
    tls = {"tls": {"mode": "SIMPLE", "credentialName": "web"}}
    spec = {"selector": {"istio": "gateway"}, "servers": [{**server, **tls}]}
    metadata = {"name": "web", "namespace": "shop"}
    text = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata, "spec": spec}
    (tmp_path / "gateway.json").write_text(json.dumps(text))
    files = tmp_path / "web"
    files.mkdir()
    common = ("bootstrap", gateway, "-f", tmp_path / "gateway.json", "--secret", f"shop/web={files}")
    assert "has none of tls.crt, tls.key, ca.crt" in run(*common).err
    for name in ("tls.crt", "tls.key"):
        (files / name).write_text("no PEM")
    done = run(*common)
    listener = json.loads(done.out)["staticResources"]["listeners"][0]
    context = listener["filterChains"][0]["transportSocket"]["typedConfig"]["commonTlsContext"]
    assert context["tlsCertificates"][0]["privateKey"] == {"filename": str(files / "tls.key")}
    assert "unreadable-pem" in done.err


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("--all-proxies",), "--all-proxies needs --check"),
        (("--check", "--flavour", "istio"), "--check runs upstream Envoy"),
        (("--readiness-port", "70000"), "the readiness port must be from 0 to 65535"),
    ],
)
def test_options_that_cannot_be_combined(run: Run, mesh: Path, more: tuple[str, ...], problem: str) -> None:
    """Options that cannot hold are wrong usage."""
    done = run("bootstrap", PROXY, "-f", mesh, *more)
    assert done.status == 2
    assert problem in done.err


def test_no_envoy(run: Run, mesh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An `ENVOY_PATH` that is no program is reported, without a traceback."""
    monkeypatch.setenv("ENVOY_PATH", str(tmp_path / "envoy"))
    done = run("bootstrap", PROXY, "-f", mesh, "--check")
    assert done.status == 3
    assert "No such file" in done.err
