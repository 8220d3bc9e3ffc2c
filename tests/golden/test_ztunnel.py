"""What ztunnel gets of the coolstore in ambient mode. No recorded answer of istiod exists for it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import meshcompile

HERE = Path(__file__).parent
COOLSTORE = HERE.parents[1] / "examples" / "coolstore"
EXPECTED = HERE / "ztunnel" / "coolstore.json"
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: catalog, namespace: istioinaction}
spec:
  selector: {matchLabels: {app: catalog}}
  rules: [{from: [{source: {principals: [cluster.local/ns/istioinaction/sa/webapp]}}]}]
"""


def test_the_coolstore() -> None:
    """The workloads, services and authorizations of the coolstore, which is strict and restricts its catalog."""
    texts = [path.read_text() for path in sorted(COOLSTORE.glob("*.yaml")) if path.name != "namespace.yaml"]
    namespace = (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: istioinaction, labels: {istio.io/dataplane-mode: ambient}}\n"
    )
    data = meshcompile.load([namespace, *texts, STRICT], ambient=True).ztunnel().to_dict()
    found = {kind: {each["name"]: each["resource"] for each in resources} for kind, resources in data.items()}
    if os.environ.get("MESHCOMPILE_REWRITE_GOLDENS") == "1":
        EXPECTED.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(EXPECTED.read_text())
