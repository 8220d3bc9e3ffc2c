"""`meshcompile kube-inject`: the text, the settings, and what is said about Pods that stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from meshcompile.cli import exit_codes
from tests.cli.conftest import MESH, Run

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""
SERVICE = "apiVersion: v1\nkind: Service  # stays\nmetadata: {name: web}\n"
WRONG = DEPLOYMENT.replace("spec: {containers: [{name: web, image: web}]}", "spec: {containers: 1}")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A Service and a Deployment."""
    path = tmp_path / "web.yaml"
    path.write_text(f"{SERVICE}---\n{DEPLOYMENT}")
    return path


def test_documents_without_pods_keep_their_bytes(run: Run, written: Path) -> None:
    """A Service is printed as it is, and the proxy is the last container of the Deployment."""
    done = run("kube-inject", "-f", written)
    assert (done.status, done.err) == (exit_codes.OK, "")
    assert done.out.startswith(f"{SERVICE}---\n")
    _, deployment, _ = yaml.safe_load_all(done.out)
    containers = deployment["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in containers] == ["web", "istio-proxy"]


def test_settings_come_from_files(run: Run, written: Path, tmp_path: Path) -> None:
    """Values, mesh config, the revision and native sidecars change the proxy."""
    values, mesh = tmp_path / "values.yaml", tmp_path / "mesh.yaml"
    values.write_text("global: {hub: mirror.example, tag: '1'}\n")
    mesh.write_text("trustDomain: example.org\n")
    options = ("--values", values, "--mesh-config", mesh, "--revision", "canary", "--native-sidecars")
    deployment = list(yaml.safe_load_all(run("kube-inject", "-f", written, *options).out))[1]
    proxy = deployment["spec"]["template"]["spec"]["initContainers"][1]
    environment = {each["name"]: each.get("value") for each in proxy["env"]}
    assert (proxy["name"], proxy["image"], proxy["restartPolicy"]) == (
        "istio-proxy",
        "mirror.example/proxyv2:1",
        "Always",
    )
    assert environment["TRUST_DOMAIN"] == "example.org"
    assert environment["CA_ADDR"] == "istiod-canary.istio-system.svc:15012"


def test_a_pod_that_stays_as_it_is_is_said(run: Run, tmp_path: Path) -> None:
    """A Pod without injection is an info on standard error, with its place (MC0341)."""
    path = tmp_path / "host.yaml"
    path.write_text(DEPLOYMENT.replace("spec: {containers", "spec: {hostNetwork: true, containers"))
    done = run("kube-inject", "-f", path)
    assert done.status == exit_codes.OK
    assert "istio-proxy" not in done.out
    assert done.err.startswith(
        f'{path}:1:1: info: skipping injection because Deployment "shop/web" has host networking'
    )


def test_the_first_wrong_document_ends_the_text(run: Run, tmp_path: Path) -> None:
    """What precedes a wrong document is printed, and the error has the place of the field (MC0340)."""
    path = tmp_path / "wrong.yaml"
    path.write_text(f"{SERVICE}---\n{WRONG}---\n{SERVICE}")
    done = run("kube-inject", "-f", path)
    assert (done.status, done.out) == (exit_codes.FINDINGS, f"{SERVICE}---\n")
    assert done.err.startswith(
        f"{path}:12:12: error: Deployment web cannot be injected: expected a list, found the number 1"
    )


@pytest.mark.parametrize(
    ("values", "place"),
    [("global: {proxy: 1}\n", ":1:10: "), ("pilot:\n  cni: [1]\n", ":2:3: ")],
)
def test_wrong_values_are_an_error(run: Run, written: Path, tmp_path: Path, values: str, place: str) -> None:
    """A Helm value of a wrong type is an error with its place (MC0342)."""
    path = tmp_path / "values.yaml"
    path.write_text(values)
    done = run("kube-inject", "-f", written, "--values", path)
    assert (done.status, done.out) == (exit_codes.UNREADABLE, "")
    assert done.err.startswith(f"{path}{place}error: the Helm values cannot be used: ")


def test_what_is_no_yaml_is_an_error(run: Run, tmp_path: Path) -> None:
    """A malformed document has the place at which reading stopped."""
    path = tmp_path / "broken.yaml"
    path.write_text(f"{SERVICE}---\nkind: [\n")
    done = run("kube-inject", "-f", path)
    assert (done.status, done.out) == (exit_codes.FINDINGS, f"{SERVICE}---\n")
    assert done.err.startswith(f"{path}:6:1: error: this is not YAML")


def test_the_input_may_be_the_mesh_of_other_commands(run: Run, tmp_path: Path) -> None:
    """A file for `compile` is a file for `kube-inject`."""
    path = tmp_path / "mesh.yaml"
    path.write_text(MESH)
    assert run("kube-inject", "-f", path).status == exit_codes.OK


def test_the_output_may_be_a_file(run: Run, written: Path, tmp_path: Path) -> None:
    """`-o` writes to a file what would be printed, with istioctl's names of options too."""
    printed = run("kube-inject", "-f", written, "--revision", "canary").out
    done = run("kube-inject", "--filename", written, "-r", "canary", "-o", tmp_path / "out.yaml")
    assert (done.status, done.out, (tmp_path / "out.yaml").read_text()) == (exit_codes.OK, "", printed)


def test_a_file_that_cannot_be_written(run: Run, written: Path, tmp_path: Path) -> None:
    """A folder that does not exist is an error without a traceback."""
    done = run("kube-inject", "-f", written, "-o", tmp_path / "missing" / "out.yaml")
    assert done.status not in (exit_codes.OK, 4)
    assert "missing" in done.err
    assert "Traceback" not in done.err
