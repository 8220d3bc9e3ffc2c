"""Assumed Pods, of which a mesh has as many as workloads, take little memory."""

from __future__ import annotations

import meshcompile
from meshcompile.models.kubernetes.workloads import Deployment
from meshcompile.snapshot.assumed_pods import assumed_pod, template_of

MESH = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: app}}]}}
"""


def test_equal_sets_of_names_are_one_set() -> None:
    """The parts of two Pods have the same fields, and share the sets of their names."""
    mesh = meshcompile.load("---".join(MESH.format(name=name) for name in ("web", "api")))
    workloads = [each for each in mesh.objects if isinstance(each, Deployment)]
    first, second = (assumed_pod(each, template_of(each), f"{each.name}-0", "10.0.0.1", {}) for each in workloads)
    for part in ("metadata", "spec", "status"):
        assert getattr(first, part).model_fields_set is getattr(second, part).model_fields_set, part
    assert first.model_fields_set is second.model_fields_set
