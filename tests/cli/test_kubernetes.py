"""The findings of `meshcompile validate` about Kubernetes objects that `kubectl apply` would reject."""

from pathlib import Path

from tests.cli.conftest import Run

MISSPELT = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selectr: {app: web}
  ports: [{port: 80, targtPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replcas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, imag: web}]}
"""

INVALID = """\
apiVersion: v1
kind: Service
metadata: {name: Foo_Bar, namespace: shop, labels: {a: yes, b: 1}}
spec:
  ports: [{port: 99999, protocol: FOO}, {port: 80}, {port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: none, namespace: shop}
spec:
  prots: [{port: 80}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: Foo_Bar, namespace: shop}
spec:
  hosts: [web]
  http: [{route: [{destination: {host: web}}]}]
"""

PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
"""

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, sidecar.istio.io/inject: "true"}}
    spec: {containers: [{name: web, image: web}]}
"""

BOOLEAN = """\
apiVersion: v1
kind: Service
metadata: {name: no, namespace: shop}
spec:
  ports: [{port: 80}]
"""

CAPITALS = """\
ApiVersion: v1
Kind: Service
metadata: {name: web}
"""


def lines(out: str) -> list[str]:
    """The findings, without suggestions and without the folder."""
    found = [line for line in out.splitlines() if not line.startswith(" ")]
    return [line.rpartition("/")[2] if line.startswith("/") else line for line in found]


def test_unknown_fields_are_errors(run: Run, tmp_path: Path) -> None:
    """Misspelled fields of a Service and a Deployment are reported with positions and suggestions."""
    path = tmp_path / "a.yaml"
    path.write_text(MISSPELT)
    done = run("validate", "-f", path)
    assert done.status == 1
    assert lines(done.out) == [
        "a.yaml:5:3: error: unknown field `spec.selectr`, did you mean `selector`? [MC0110 unknown-field]",
        "a.yaml:6:22: error: unknown field `spec.ports[0].targtPort`, did you mean `targetPort`? "
        "[MC0110 unknown-field]",
        "a.yaml:12:3: error: unknown field `spec.replcas`, did you mean `replicas`? [MC0110 unknown-field]",
        "a.yaml:16:37: error: unknown field `spec.template.spec.containers[0].imag`, did you mean `image`? "
        "[MC0110 unknown-field]",
    ]


def test_invalid_values_are_errors(run: Run, tmp_path: Path) -> None:
    """Names, labels, ports and protocols that the API server rejects are errors, also in Istio's kinds."""
    path = tmp_path / "a.yaml"
    path.write_text(INVALID)
    done = run("validate", "-f", path)
    assert done.status == 1
    for words in (
        "a.yaml:3:12: error: `metadata.name` is `Foo_Bar`",
        "a.yaml:3:53: error: `metadata.labels.a` must be text, found the boolean true",
        "a.yaml:3:61: error: `metadata.labels.b` must be text, found the number 1",
        "a.yaml:5:12: error: 99999 is not a valid port",
        "a.yaml:5:25: error: `spec.ports[0].protocol` must be one of TCP, UDP, SCTP, not `FOO`",
        "a.yaml:5:41: error: `spec.ports[1].name` is missing",
        "a.yaml:5:53: error: port `80/TCP` appears twice",
        "a.yaml:10:1: error: `spec.ports` is missing",
        "a.yaml:11:3: error: unknown field `spec.prots`, did you mean `ports`?",
        "a.yaml:15:12: error: `metadata.name` is `Foo_Bar`",
    ):
        assert words in done.out


def test_a_patch_is_no_deployment(run: Run, tmp_path: Path) -> None:
    """A Deployment without a template creates no proxy, and does not replace the one with a template."""
    patch, base = tmp_path / "patch.yaml", tmp_path / "base.yaml"
    patch.write_text(PATCH)
    base.write_text(BASE)
    alone = run("proxies", "-f", patch)
    assert alone.status == 1
    assert "web" not in alone.out
    assert "`spec.template` is missing" in alone.err
    assert "kustomize build" in alone.err
    both = run("proxies", "-f", base, "-f", patch)
    assert both.status == 1
    assert "sidecar" in both.out


def test_a_name_that_is_a_boolean_is_named(run: Run, tmp_path: Path) -> None:
    """`name: no` is reported as the boolean false, with the advice to quote it."""
    path = tmp_path / "a.yaml"
    path.write_text(BOOLEAN)
    done = run("validate", "-f", path)
    assert done.status == 1
    assert "a.yaml:3:12: error: `metadata.name` must be text, found the boolean false" in done.out
    assert "put it in quotes" in done.out


def test_a_capital_in_the_type_is_pointed_out(run: Run, tmp_path: Path) -> None:
    """For `ApiVersion` and `Kind`, `apiVersion` and `kind` are suggested."""
    path = tmp_path / "a.yaml"
    path.write_text(CAPITALS)
    done = run("validate", "-f", path)
    assert done.status == 1
    assert "write `apiVersion` instead of `ApiVersion`" in done.out
    assert "write `kind` instead of `Kind`" in done.out
