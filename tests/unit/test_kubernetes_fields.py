"""Fields of Kubernetes' built-in kinds: unknown, missing and mistyped fields, modelled or not."""

from collections.abc import Mapping
from typing import Any

import pytest

from meshcompile.diagnostics import Severity
from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.fields import SCALARS, object_type, table
from meshcompile.models.read import read
from meshcompile.models.registry import KINDS
from meshcompile.source.reading import read as read_text

CONTAINER = {"name": "app", "image": "app"}
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}}
DEPLOYMENT = {"selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}


def found(kind: str, api_version: str = "v1", **fields: Any) -> tuple[Resource | None, list[str]]:
    value = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **fields}
    resource, problems = read(Document("a.yaml", value))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    return resource, [f"{problem.message}{' REJECTED' * problem.rejected}" for problem in errors]


@pytest.mark.parametrize(
    ("kind", "api_version", "fields", "messages"),
    [
        ("Service", "v1", {"spec": {"selectr": {}}}, ["unknown field `spec.selectr`, did you mean `selector`?"]),
        ("Service", "v1", {"spek": {}}, ["unknown field `spek`, did you mean `spec`?"]),
        ("Service", "v1", {"spec": {"ports": [{"name": "a"}]}}, ["`spec.ports[0].port` is missing REJECTED"]),
        (
            "Pod",
            "v1",
            {"spec": {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": True}}}]}},
            [
                "`spec.containers[0].resources.limits.cpu` must be a quantity, such as 500m or 1Gi, "
                "found the boolean true REJECTED"
            ],
        ),
        (
            "Pod",
            "v1",
            {"spec": {"containers": [CONTAINER], "tolerations": {"key": "a"}}},
            ["`spec.tolerations` must be a list, found an object REJECTED"],
        ),
        (
            "Pod",
            "v1",
            {"spec": {"containers": [CONTAINER], "nodeSelector": ["a"]}},
            ["`spec.nodeSelector` must be an object, found a list REJECTED"],
        ),
        (
            "Pod",
            "v1",
            {"spec": {"containers": [CONTAINER], "volumes": ["data"]}},
            ["`spec.volumes[0]` must be an object, found the text 'data' REJECTED"],
        ),
        (
            "Deployment",
            "apps/v1",
            {"spec": {**DEPLOYMENT, "strategy": {"rollingUpdate": {"maxSurge": 1.5}}}},
            ["`spec.strategy.rollingUpdate.maxSurge` must be a whole number or text, found the number 1.5 REJECTED"],
        ),
        (
            "Deployment",
            "apps/v1",
            {"spec": {**DEPLOYMENT, "replcas": 2}},
            ["unknown field `spec.replcas`, did you mean `replicas`?"],
        ),
        ("ReplicaSet", "apps/v1", {"spec": {"selector": {}}}, ["`spec.template` is missing REJECTED"]),
        ("Deployment", "apps/v1", {}, ["`spec` is missing REJECTED"]),
        ("Secret", "v1", {"data": {"a": 1}}, ["`data.a` must be text in base64, found the number 1 REJECTED"]),
        (
            "HorizontalPodAutoscaler",
            "autoscaling/v2",
            {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "a"}, "maxReplicas": "3"}},
            ["`spec.maxReplicas` must be a whole number, found the text '3' REJECTED"],
        ),
        ("ServiceAccount", "v1", {"secret": []}, ["unknown field `secret`, did you mean `secrets`?"]),
    ],
)
def test_fields_are_checked(kind: str, api_version: str, fields: dict[str, Any], messages: list[str]) -> None:
    """Unknown fields are errors, but the object is used. Missing fields and wrong types reject the object."""
    assert found(kind, api_version, **fields)[1] == messages


@pytest.mark.parametrize(
    ("kind", "api_version", "fields"),
    [
        ("Service", "v1", {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}, "status": {"anything": 1}}),
        ("Service", "v1", {"spec": {"ports": [{"port": 80, "targetPort": 8080}], "selector": None}}),
        ("Pod", "v1", {"spec": {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}]}}),
        ("Pod", "v1", {"spec": {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": 0.5}}}]}}),
        ("Deployment", "apps/v1", {"spec": {**DEPLOYMENT, "strategy": {"rollingUpdate": {"maxSurge": "25%"}}}}),
        ("Secret", "v1", {"data": {"a": "YQ=="}, "stringData": {"b": "c"}}),
        ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", {"roleRef": {"kind": "ClusterRole", "name": "a"}}),
        ("Widget", "example.com/v1", {"spec": {"anything": 1}}),
        ("Secret", "v1", {"stringData": {"a": "ENC[AES256_GCM,data:x,type:str]"}, "sops": {"version": "3.8.1"}}),
        ("Deployment", "extensions/v1beta1", {"spec": {"rollbackTo": {}}}),
    ],
)
def test_sound_fields_are_silent(kind: str, api_version: str, fields: dict[str, Any]) -> None:
    """Nulls, quantities, both forms of ports, fields that the cluster writes, and other kinds have no findings."""
    assert found(kind, api_version, **fields)[1] == []


def test_a_schema_in_a_definition_may_hold_anything() -> None:
    """Defaults, enums and extensions in schemas of a CustomResourceDefinition are not unknown fields."""
    schema = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"a": {"type": "string", "default": {"b": 1}, "enum": [1, "c"]}},
        "additionalProperties": {"type": "string"},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Widget", "plural": "widgets"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    assert found("CustomResourceDefinition", "apiextensions.k8s.io/v1", spec=spec)[1] == []


def test_a_patch_is_told_from_a_deployment() -> None:
    """A Deployment without a template is rejected, and reported as a possible Kustomize patch."""
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n"
    (document,) = read_text(text).documents
    resource, problems = read(document)
    assert resource is None
    template = next(problem for problem in problems if "template" in problem.message)
    assert (template.line, "kustomize build" in template.suggestion) == (4, True)


def test_an_object_with_an_unknown_field_takes_part() -> None:
    """A lenient API server drops the field, so the rest of the object is used."""
    resource, messages = found("Service", spec={"ports": [{"port": 80, "targtPort": 1}]})
    assert resource is not None
    assert messages == ["unknown field `spec.ports[0].targtPort`, did you mean `targetPort`?"]


@pytest.mark.parametrize(
    ("metadata", "messages"),
    [
        ({"name": False}, ["`metadata.name` must be text, found the boolean false"]),
        ({"name": "a", "namespace": 1}, ["`metadata.namespace` must be text, found the number 1"]),
        ({"name": "a", "labels": {"b": True}}, ["`metadata.labels.b` must be text, found the boolean true"]),
        ({"name": "a", "annotations": {"b": 1.5}}, ["`metadata.annotations.b` must be text, found the number 1.5"]),
        ({"name": "a", "labels": {"b": "true", "c": None}}, []),
    ],
)
@pytest.mark.parametrize(("kind", "api_version"), [("Service", "v1"), ("ServiceEntry", "networking.istio.io/v1")])
def test_metadata_is_text(metadata: Any, messages: list[str], kind: str, api_version: str) -> None:
    """Numbers and booleans in metadata are errors, also for Istio's kinds.

    Istio reads them as text, so they are used.
    """
    spec: Any = {"hosts": ["a.com"]} if kind == "ServiceEntry" else {"ports": [{"port": 80}]}
    resource, problems = read(
        Document("a.yaml", {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
    )
    wrong = [problem for problem in problems if problem.code == "MC0113"]
    assert [problem.message for problem in wrong] == messages
    assert all(problem.suggestion == "put it in quotes" for problem in wrong)
    assert resource is not None or kind == "ServiceEntry"


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [
        ({"ApiVersion": "v1", "kind": "Pod"}, "write `apiVersion` instead of `ApiVersion`"),
        ({"apiVersion": "v1", "Kind": "Pod"}, "write `kind` instead of `Kind`"),
        ({"apiVersion": "v1", "kind": True}, "it is the boolean true: put it in quotes"),
        ({"apiVersion": "v1"}, ""),
    ],
)
def test_a_type_that_is_misspelt_is_found(value: Mapping[str, Any], suggestion: str) -> None:
    """Wrong case in `apiVersion` or `kind`, and a boolean there, are reported."""
    _, (problem,) = read(Document("a.yaml", {**value, "metadata": {"name": "a"}}))
    assert (problem.code, problem.suggestion) == ("MC0102", suggestion)


def test_the_table_is_whole() -> None:
    """Every type of a field is a scalar or in the table, and so is every Kubernetes kind with a model."""
    for name in table().types:
        for field in object_type(name).fields.values():
            assert field.element in SCALARS or field.element in table().types
    kinds = {f"{kind.api_versions[0]}/{kind.name}" for kind in KINDS if kind.module.startswith("kubernetes.")}
    assert kinds <= table().kinds.keys()
