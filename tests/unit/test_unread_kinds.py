"""Findings about objects of kinds without a model."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from meshcompile.accept import RELATED_PLACES, accepted
from meshcompile.codes import models as codes
from meshcompile.diagnostics import Code, Diagnostic, Severity
from meshcompile.documents import Document
from meshcompile.models.registry import find
from meshcompile.models.unread import ANY_KIND, VERDICTS, verdict_on


def findings(*types: tuple[str, str]) -> tuple[Diagnostic, ...]:
    """The findings about objects of these types."""
    return accepted(documents(types), "default").diagnostics


def documents(types: Iterable[tuple[str, str]]) -> list[Document]:
    named = enumerate(types)
    return [
        Document(f"{number}.yaml", {"apiVersion": api_version, "kind": kind, "metadata": {"name": f"x{number}"}})
        for number, (api_version, kind) in named
    ]


@pytest.mark.parametrize(
    ("api_version", "kind", "code", "words"),
    [
        ("authentication.istio.io/v1alpha1", "Policy", codes.REMOVED_API, "PeerAuthentication"),
        ("authentication.istio.io/v1alpha1", "MeshPolicy", codes.REMOVED_API, "no mutual TLS"),
        ("rbac.istio.io/v1alpha1", "ServiceRole", codes.REMOVED_API, "AuthorizationPolicy"),
        ("rbac.istio.io/v1alpha1", "ClusterRbacConfig", codes.REMOVED_API, "AuthorizationPolicy"),
        ("config.istio.io/v1alpha2", "RouteRule", codes.REMOVED_API, "VirtualService"),
        ("config.istio.io/v1alpha2", "handler", codes.REMOVED_API, "Telemetry"),
        ("extensions/v1beta1", "Deployment", codes.RETIRED_VERSION, "`apps/v1`"),
        ("extensions/v1beta1", "Ingress", codes.RETIRED_VERSION, "`networking.k8s.io/v1`"),
        ("policy/v1beta1", "PodDisruptionBudget", codes.RETIRED_VERSION, "`policy/v1`"),
        ("apps/v1beta2", "ControllerRevision", codes.RETIRED_VERSION, "`apps/v1`"),
        ("networking.istio.oi/v1", "VirtualService", codes.MISTYPED_GROUP, "`networking.istio.io`"),
        ("app/v1", "Deployment", codes.MISTYPED_GROUP, "`apps`"),
        ("argoproj.io/v1alpha1", "Application", codes.MAKES_OBJECTS, "argocd app manifests"),
        ("argoproj.io/v1alpha1", "ApplicationSet", codes.MAKES_OBJECTS, "render"),
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", codes.MAKES_OBJECTS, "flux build"),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", codes.MAKES_OBJECTS, "helm template"),
        ("flagger.app/v1beta1", "Canary", codes.MAKES_OBJECTS, "primary workload"),
        (
            "inference.networking.k8s.io/v1",
            "InferencePool",
            codes.FLAGGED_KIND,
            "unless `ENABLE_GATEWAY_API_INFERENCE_EXTENSION` is true",
        ),
        (
            "multicluster.x-k8s.io/v1alpha1",
            "ServiceImport",
            codes.FLAGGED_KIND,
            "unless `ENABLE_MCS_SERVICE_DISCOVERY` is true",
        ),
    ],
)
def test_what_is_easily_missed_is_a_warning(api_version: str, kind: str, code: Code, words: str) -> None:
    """An object without effect that its author expects to work is a warning with advice."""
    (found,) = findings((api_version, kind))
    assert (found.code, found.severity, found.rejected) == (code.id, Severity.WARNING, False)
    assert words in found.message


@pytest.mark.parametrize(
    ("api_version", "kind", "hint"),
    [
        ("apps/v1", "Deploymnt", ", did you mean `Deployment`?"),
        ("v1", "Servce", ", did you mean `Service`?"),
        ("batch/v1beta1", "CronJob", ", only in `batch/v1`"),
        ("apps/v1beta1", "Deployment", ", only in `apps/v1`"),
    ],
)
def test_a_kind_that_its_group_does_not_have_is_an_error(api_version: str, kind: str, hint: str) -> None:
    """A misspelled kind, or a removed version of a known group, is rejected like in the API server."""
    (found,) = findings((api_version, kind))
    assert (found.code, found.severity, found.rejected) == (codes.UNKNOWN_TYPE.id, Severity.ERROR, True)
    assert found.message.endswith(hint)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "ServiceAccount"),
        ("v1", "Config"),
        ("bitnami.com/v1alpha1", "SealedSecret"),
        ("batch.volcano.sh/v1alpha1", "Job"),
        ("traefik.io/v1alpha1", "IngressRoute"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ],
)
def test_all_else_is_not_read(api_version: str, kind: str) -> None:
    """A kind without special meaning is an info, which says only that it is not read."""
    (found,) = findings((api_version, kind))
    assert found.severity is Severity.INFO
    assert found.message == f"objects of kind `{kind}` in `{api_version}` are not read"


def test_a_kind_is_mentioned_once() -> None:
    """Many objects of a kind that is not read have one finding, with their number and some positions."""
    many = [("bitnami.com/v1alpha1", "SealedSecret")] * 12
    found, other = findings(*many, ("v1", "ServiceAccount"))
    assert found.message.endswith("are not read (12 in the input)")
    assert found.file == "0.yaml"
    assert [related.origin.file for related in found.related] == [f"{n}.yaml" for n in range(1, RELATED_PLACES + 1)]
    assert other.kind == "ServiceAccount"


def test_removed_objects_are_mentioned_each() -> None:
    """Each object that must be rewritten has its own finding."""
    assert len(findings(*[("rbac.istio.io/v1alpha1", "ServiceRole")] * 3)) == 3


def test_no_row_is_about_a_kind_that_is_read() -> None:
    """The table has no kind with a model, because such a row would never be used."""
    exact = [(place, kind) for place, kind in VERDICTS if kind != ANY_KIND]
    assert [row for row in exact if find(*row)] == []
    assert all(verdict_on(place, kind) is VERDICTS[place, kind] for place, kind in VERDICTS)
