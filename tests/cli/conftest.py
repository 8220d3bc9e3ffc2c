from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshcompile.cli.main import main

MESH = """\
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec:
  clusterIP: 10.96.0.10
  selector: {app: catalog}
  ports: [{name: http, port: 80, targetPort: 3000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: catalog, namespace: shop}
spec:
  selector: {matchLabels: {app: catalog}}
  template:
    metadata: {labels: {app: catalog, sidecar.istio.io/inject: "true"}}
    spec:
      serviceAccountName: catalog
      containers: [{name: catalog, image: catalog, ports: [{containerPort: 3000}]}]
"""


@dataclass(frozen=True)
class Done:
    """The output and the exit status of a command."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""

    def run(*arguments: str | Path) -> Done:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = int(ended.code or 0)
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return run


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    """A file with one service and its Deployment."""
    path = tmp_path / "mesh.yaml"
    path.write_text(MESH)
    return path
