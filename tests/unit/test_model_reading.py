"""Reading documents into models: findings about invalid ones, which are ignored."""

from collections.abc import Mapping
from typing import Any

import pytest

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.read import MAX_PROBLEMS, read
from meshcompile.source.reading import read as read_text

VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: catalog
spec:
  hosts: [catalog]
  http:
  - route:
    - destination:
        host: catalog
"""


def read_one(text: str) -> tuple[Resource | None, tuple[Diagnostic, ...]]:
    (document,) = read_text(text).documents
    return read(document)


def problems(text: str) -> list[str]:
    """Code, position and message of all findings about the object in ``text``, which is rejected."""
    resource, found = read_one(text)
    assert resource is None
    assert all(problem.rejected and problem.severity is Severity.ERROR for problem in found)
    return [f"{problem.code} {problem.line}:{problem.column} {problem.message}" for problem in found]


def test_an_object_is_read_into_its_model() -> None:
    """A valid document gives a resource in the default namespace, with origins of its parts."""
    resource, found = read_one(VIRTUAL_SERVICE)
    assert resource is not None
    assert not found
    assert (resource.kind, resource.namespace, resource.name) == ("VirtualService", "default", "catalog")
    spec: Any = resource.model_dump()["spec"]
    assert spec["http"][0]["route"][0]["destination"]["host"] == "catalog"
    assert resource.origin.line == 1


def test_parts_know_their_lines() -> None:
    """The origin of a nested node is its key or list item."""
    resource, _ = read_one(VIRTUAL_SERVICE)
    destination = resource.spec.http[0].route[0].destination  # type: ignore[union-attr]
    assert destination.origin.field == "spec.http[0].route[0].destination"
    assert destination.origin.line == 9
    assert destination.at("host").line == 10


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "- route:",
            "- routes:",
            "MC0110 8:5 unknown field `spec.http[0].routes`, did you mean `route`?",
        ),
        (
            "hosts: [catalog]",
            "Hosts: [catalog]",
            "MC0110 6:3 unknown field `spec.Hosts`, did you mean `hosts`?",
        ),
        (
            "hosts: [catalog]",
            "zzz: 1",
            "MC0110 6:3 unknown field `spec.zzz`",
        ),
        (
            "hosts: [catalog]",
            "export_to: ['.']",
            "MC0111 6:3 the API server does not know `spec.export_to`: write `exportTo`",
        ),
        (
            "hosts: [catalog]",
            "exportTo: ['.']\n  export_to: ['.']",
            "MC0112 7:3 `spec.export_to` and `exportTo` are two spellings of one field: keep `exportTo`",
        ),
        (
            "host: catalog",
            "host: 80",
            "MC0113 10:9 `spec.http[0].route[0].destination.host` must be text, found the number 80",
        ),
        (
            "hosts: [catalog]",
            "hosts: catalog",
            "MC0113 6:3 `spec.hosts` must be a list, found the text 'catalog'",
        ),
        (
            "host: catalog",
            "host: catalog\n      weight: '10'",
            "MC0113 11:7 `spec.http[0].route[0].weight` must be a whole number, found the text '10'",
        ),
        (
            "host: catalog",
            "host: catalog\n        port: 80",
            "MC0113 11:9 `spec.http[0].route[0].destination.port` must be an object, found the number 80",
        ),
        (
            "- route:",
            "- timeout: 5\n    route:",
            "MC0114 8:5 `spec.http[0].timeout` is not valid: "
            "expected a duration in quotes or with a unit, such as 10s, 1.5h or 250ms",
        ),
        (
            "- route:",
            "- redirect: {derivePort: FROM_REQUEST}\n    route:",
            "MC0115 8:16 `spec.http[0].redirect.derivePort` must be one of FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT, "
            "not `FROM_REQUEST`, did you mean `FROM_REQUEST_PORT`?",
        ),
        (
            "- route:",
            "- redirect: {derivePort: 1}\n    route:",
            "MC0115 8:16 `spec.http[0].redirect.derivePort` must be one of FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT, "
            "not the number 1",
        ),
        (
            "- route:",
            "- mirrorPercent: -1\n    route:",
            "MC0116 8:5 `spec.http[0].mirrorPercent` must be at least 0, found -1",
        ),
        (
            "- route:",
            "- timeout: null\n    route:",
            "MC0117 8:5 `spec.http[0].timeout` is null: leave it out, or give it a value",
        ),
        (
            "- route:",
            "- match: [null]\n    route:",
            "MC0117 8:13 `spec.http[0].match[0]` is null: leave it out, or give it a value",
        ),
        (
            "host: catalog",
            "subset: v1",
            "MC0118 9:7 `spec.http[0].route[0].destination.host` is missing",
        ),
        (
            "- route:",
            "- match: [{uri: {exact: /a, prefix: /b}}]\n    route:",
            "MC0114 8:14 `spec.http[0].match[0].uri` is not valid: only one of exact, prefix can be set",
        ),
        ("  name: catalog", "  namespace: prod", "MC0105 3:1 `metadata.name` is missing"),
        (
            "networking.istio.io/v1",
            "networking.istio.io/v2",
            "MC0103 2:1 there is no kind `VirtualService` in `networking.istio.io/v2`, only in "
            "`networking.istio.io/v1`, `networking.istio.io/v1beta1`, `networking.istio.io/v1alpha3`",
        ),
        (
            "kind: VirtualService",
            "kind: VirtualServices",
            "MC0103 2:1 there is no kind `VirtualServices` in `networking.istio.io/v1`, did you mean `VirtualService`?",
        ),
    ],
)
def test_a_problem_is_said_with_its_place(before: str, after: str, problem: str) -> None:
    """One wrong line gives one finding with the field as written, the expected value, and a suggestion."""
    assert problems(VIRTUAL_SERVICE.replace(before, after)) == [problem]


@pytest.mark.parametrize(
    ("weight", "advice"),
    [("'10'", "write it without quotes"), ("2024-01-01", ""), ("ten", ""), ("true", "")],
)
def test_quotes_are_mentioned_where_they_are_the_mistake(weight: str, advice: str) -> None:
    """Only a text that is a number without its quotes gets this advice."""
    text = VIRTUAL_SERVICE.replace("host: catalog", f"host: catalog\n      weight: {weight}")
    _, (found,) = read_one(text)
    assert (found.slug, found.suggestion) == ("wrong-type", advice)


def test_an_absent_spec_has_a_place() -> None:
    """A finding about an absent spec points at its object."""
    resource, _ = read_one("apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: web}\n")
    assert resource.spec.origin.field == "spec"  # type: ignore[union-attr]
    assert (resource.spec.origin.file, resource.spec.origin.line) == ("<text>", 1)  # type: ignore[union-attr]


def test_wrappers_may_be_null() -> None:
    """For protobuf's wrappers, null means absent."""
    resource, found = read_one(VIRTUAL_SERVICE.replace("- route:", "- mirrorPercent: null\n    route:"))
    assert resource is not None
    assert not found


def test_kubernetes_takes_null_as_absent() -> None:
    """A null in a Kubernetes object, or in any object's metadata, means absent."""
    text = """\
apiVersion: v1
kind: Service
metadata: {name: web, labels: null, annotations: null}
spec:
  clusterIP: null
  ports:
  - {port: 80, name: null}
"""
    resource, found = read_one(text)
    assert resource is not None
    assert not found
    assert resource.metadata.labels == {}


def test_all_problems_are_listed_up_to_a_limit() -> None:
    """All findings about an object are reported in the order of the text, up to a limit, and then their number."""
    bad = "".join(f"\n    bad{number}: 1" for number in range(MAX_PROBLEMS + 5))
    found = problems(VIRTUAL_SERVICE.replace("- route:", f"- name: x{bad}\n    route:"))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[0] == "MC0110 9:5 unknown field `spec.http[0].bad0`"
    assert found[-1].endswith("5 more problems in this object are not shown")


@pytest.mark.parametrize("value", [None, "text", 5, [], ["a"]])
def test_a_document_must_be_an_object(value: object) -> None:
    """Anything but a mapping is not an object."""
    resource, (problem,) = read(Document("a.yaml", value))
    assert resource is None
    assert problem.code == "MC0101"


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({}, ["apiVersion", "kind"]),
        ({"kind": "Gateway"}, ["apiVersion"]),
        ({"apiVersion": "v1", "kind": 5}, ["kind"]),
        ({"apiVersion": None, "kind": "Gateway"}, ["apiVersion"]),
    ],
)
def test_an_object_must_say_what_it_is(value: Mapping[str, Any], fields: list[str]) -> None:
    """A missing apiVersion or kind is reported, each on its own."""
    resource, found = read(Document("a.yaml", value))
    assert resource is None
    assert [problem.message.split("`")[1] for problem in found] == fields


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "ServiceAccount"),
        ("policy/v1", "PodDisruptionBudget"),
        ("sailoperator.io/v1", "IstioCNI"),
        ("serving.knative.dev/v1", "Service"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
    ],
)
def test_kinds_that_do_not_matter_are_passed_over(api_version: str, kind: str) -> None:
    """A kind without relevance for Envoy is an info."""
    resource, (info,) = read(Document("a.yaml", {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}))
    assert resource is None
    assert (info.severity, info.rejected) == (Severity.INFO, False)


def test_kinds_that_matter_but_are_not_modelled_are_told() -> None:
    """An object that istiod would compile is never silently ignored."""
    pool = {"apiVersion": "inference.networking.k8s.io/v1", "kind": "InferencePool", "metadata": {"name": "x"}}
    resource, (warning,) = read(Document("a.yaml", pool))
    assert resource is None
    assert (warning.severity, warning.slug, warning.rejected) == (Severity.WARNING, "flagged-kind", False)


@pytest.mark.parametrize(
    ("api_version", "kind", "hint"),
    [
        ("v1", "Deployment", ", only in `apps/v1`"),
        ("networking.k8s.io/v1beta1", "Ingress", ", only in `networking.k8s.io/v1`"),
        ("networking.istio.io/v1", "EnvoyFilter", ", only in `networking.istio.io/v1alpha3`"),
        ("security.istio.io/v1", "AuthorisationPolicy", ", did you mean `AuthorizationPolicy`?"),
    ],
)
def test_a_wrong_api_version_is_told_with_the_right_one(api_version: str, kind: str, hint: str) -> None:
    """A kind that its group does not have is rejected, with the group and version that have it."""
    resource, (problem,) = read(
        Document("a.yaml", {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}})
    )
    assert resource is None
    assert problem.rejected
    assert problem.message == f"there is no kind `{kind}` in `{api_version}`{hint}"


@pytest.mark.parametrize("metadata", ["text", [1], 5])
def test_metadata_must_be_an_object(metadata: object) -> None:
    """Metadata of another type has its own finding."""
    resource, (problem,) = read(Document("a.yaml", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}))
    assert resource is None
    assert problem.message.startswith("`metadata` must be an object, found ")


def test_an_object_stays_in_its_namespace() -> None:
    """The default namespace applies only to objects without one, and to kinds with namespaces."""
    namespaced = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    assert read(Document("a", namespaced), namespace="prod")[0].namespace == "prod"  # type: ignore[union-attr]
    named = {**namespaced, "metadata": {"name": "a", "namespace": "own"}}
    assert read(Document("a", named), namespace="prod")[0].namespace == "own"  # type: ignore[union-attr]
    whole_cluster = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
    assert read(Document("a", whole_cluster), namespace="prod")[0].namespace == ""  # type: ignore[union-attr]
    assert "namespace" not in namespaced["metadata"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("discovery.k8s.io/v1 EndpointSlice", "addressType: IPv4\nendpoints: [null]"),
        ("v1 Service", "spec: {ports: [null]}"),
        ("networking.istio.io/v1 VirtualService", "spec: {hosts: [a], http: [null]}"),
    ],
)
def test_null_is_no_item_of_a_list(kind: str, fields: str) -> None:
    """A null in a list of objects is an error at its position, in every kind."""
    api_version, name = kind.split()
    text = f"apiVersion: {api_version}\nkind: {name}\nmetadata: {{name: x}}\n{fields}\n"
    resource, (found,) = read_one(text)
    assert resource is None
    assert (found.code, found.rejected) == ("MC0117", True)
    line, column = found.origin.line, found.origin.column
    assert text.splitlines()[line - 1][column - 1 :].startswith("null")


def test_null_is_empty_text_in_a_map_of_texts() -> None:
    """A null label, annotation or selector value is an empty string, as in Go."""
    text = """\
apiVersion: v1
kind: Service
metadata: {name: web, labels: {a: null}, annotations: {b: null}}
spec: {selector: {c: null}, clusterIP: null}
"""
    resource, found = read_one(text)
    assert not found
    assert isinstance(resource, Service)
    assert (resource.metadata.labels, resource.metadata.annotations) == ({"a": ""}, {"b": ""})
    assert resource.spec.selector == {"c": ""}


def test_the_other_spelling_of_mirror_percent_may_be_null() -> None:
    """The schema of VirtualService has this one field in both spellings, and null means absent in both."""
    resource, found = read_one(VIRTUAL_SERVICE.replace("- route:", "- mirror_percent: null\n    route:"))
    assert resource is not None
    assert not found
