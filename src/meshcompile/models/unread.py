"""Findings about objects of kinds without a model: a table by apiVersion or API group, and kind."""

from collections.abc import Mapping
from difflib import get_close_matches

from msgspec import Struct

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Code, Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.problems import name_hint
from meshcompile.models.registry import KINDS, Kind

ANY_KIND = "*"
# The minimum similarity, from 0 to 1, at which a group or a kind counts as a misspelling of another one.
_ALIKE_GROUPS, _ALIKE_KINDS = 0.8, 0.85


class Verdict(Struct, frozen=True):
    """The finding about a kind: a code, and the arguments of its message."""

    code: Code
    advice: str


def _removed(release: str, instead: str) -> Verdict:
    return Verdict(codes.REMOVED_API, f"Istio {release} removed this API; {instead}")


def _retired(release: str, instead: str) -> Verdict:
    return Verdict(codes.RETIRED_VERSION, f"Kubernetes {release} removed it; write {instead}")


def _maker(render: str) -> Verdict:
    return Verdict(codes.MAKES_OBJECTS, render)


def _flagged(flag: str) -> Verdict:
    return Verdict(codes.FLAGGED_KIND, f"`{flag}`")


_GATEWAY_API = Verdict(codes.UNSUPPORTED_KIND, "")
_ISTIO_RBAC = _removed("1.6", "no access is restricted by it: write an AuthorizationPolicy of `security.istio.io/v1`")
_MIXER = _removed("1.8", "write a Telemetry, an AuthorizationPolicy with a provider, a WasmPlugin or an EnvoyFilter")
_RBAC_V1 = _retired("1.22", "`rbac.authorization.k8s.io/v1`")
_WEBHOOKS_V1 = _retired("1.22", "`admissionregistration.k8s.io/v1`")
_FLUX_SOURCE = _maker("check out the source and name its folders with -f")

VERDICTS: Mapping[tuple[str, str], Verdict] = {
    # API groups that istiod reads and that are not compiled.
    ("gateway.networking.k8s.io", ANY_KIND): _GATEWAY_API,
    ("gateway.networking.x-k8s.io", ANY_KIND): _GATEWAY_API,
    # Kinds that istiod reads only with a feature flag.
    ("inference.networking.k8s.io", "InferencePool"): _flagged("ENABLE_GATEWAY_API_INFERENCE_EXTENSION"),
    ("multicluster.x-k8s.io", "ServiceExport"): _flagged("ENABLE_MCS_SERVICE_DISCOVERY"),
    ("multicluster.x-k8s.io", "ServiceImport"): _flagged("ENABLE_MCS_SERVICE_DISCOVERY"),
    # APIs that earlier releases of Istio had.
    ("authentication.istio.io", ANY_KIND): _removed(
        "1.6",
        "it turns on no mutual TLS and checks no token: write a PeerAuthentication or a RequestAuthentication of "
        "`security.istio.io/v1`",
    ),
    ("rbac.istio.io", ANY_KIND): _ISTIO_RBAC,
    ("config.istio.io", "ServiceRole"): _ISTIO_RBAC,
    ("config.istio.io", "ServiceRoleBinding"): _ISTIO_RBAC,
    ("config.istio.io", "RouteRule"): _removed("1.0", "write a VirtualService of `networking.istio.io/v1`"),
    ("config.istio.io", "DestinationPolicy"): _removed("1.0", "write a DestinationRule of `networking.istio.io/v1`"),
    ("config.istio.io", "EgressRule"): _removed("1.0", "write a ServiceEntry of `networking.istio.io/v1`"),
    ("config.istio.io", "QuotaSpec"): _removed("1.8", "limit rates with an EnvoyFilter"),
    ("config.istio.io", "QuotaSpecBinding"): _removed("1.8", "limit rates with an EnvoyFilter"),
    ("config.istio.io", ANY_KIND): _MIXER,
    ("mixer.istio.io", ANY_KIND): _MIXER,
    # Versions that earlier releases of Kubernetes had.
    ("extensions/v1beta1", "Ingress"): _retired("1.22", "`networking.k8s.io/v1`"),
    ("extensions/v1beta1", "NetworkPolicy"): _retired("1.16", "`networking.k8s.io/v1`"),
    ("extensions/v1beta1", "PodSecurityPolicy"): _retired("1.16", "labels `pod-security.kubernetes.io/enforce`"),
    ("extensions/v1beta1", ANY_KIND): _retired("1.16", "`apps/v1`"),
    ("apps/v1beta1", ANY_KIND): _retired("1.16", "`apps/v1`"),
    ("apps/v1beta2", ANY_KIND): _retired("1.16", "`apps/v1`"),
    ("policy/v1beta1", "PodSecurityPolicy"): _retired("1.25", "labels `pod-security.kubernetes.io/enforce`"),
    ("policy/v1beta1", ANY_KIND): _retired("1.25", "`policy/v1`"),
    ("autoscaling/v2beta1", ANY_KIND): _retired("1.25", "`autoscaling/v2`"),
    ("autoscaling/v2beta2", ANY_KIND): _retired("1.26", "`autoscaling/v2`"),
    ("rbac.authorization.k8s.io/v1alpha1", ANY_KIND): _RBAC_V1,
    ("rbac.authorization.k8s.io/v1beta1", ANY_KIND): _RBAC_V1,
    ("apiextensions.k8s.io/v1beta1", ANY_KIND): _retired("1.22", "`apiextensions.k8s.io/v1`"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): _WEBHOOKS_V1,
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): _WEBHOOKS_V1,
    # Kinds whose controllers create other objects.
    ("argoproj.io", "Application"): _maker("render its source, as `argocd app manifests` does, and pass the output"),
    ("argoproj.io", "ApplicationSet"): _maker("render the sources of its Applications and pass the output"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): _maker("pass the output of `flux build kustomization`"),
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _maker("pass the output of `helm template` with its chart and values"),
    ("source.toolkit.fluxcd.io", "GitRepository"): _FLUX_SOURCE,
    ("source.toolkit.fluxcd.io", "OCIRepository"): _FLUX_SOURCE,
    ("source.toolkit.fluxcd.io", "Bucket"): _FLUX_SOURCE,
    ("helm.cattle.io", "HelmChart"): _maker("pass the output of `helm template` with its chart and values"),
    ("flagger.app", "Canary"): _maker(
        "it makes the primary workload, Services, a VirtualService and DestinationRules: pass those of the cluster, "
        "as `kubectl get -o yaml` prints them"
    ),
    ("sailoperator.io", "Istio"): _maker("pass it with --mesh-config too, for its mesh config"),
    ("template.openshift.io", "Template"): _maker("pass the output of `oc process`"),
}

# All kinds of those Kubernetes groups in which a misspelling would hide a relevant object.
_KUBERNETES_KINDS: Mapping[str, tuple[str, ...]] = {
    "": (
        *("Binding", "ComponentStatus", "ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "Node"),
        *("PersistentVolume", "PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController"),
        *("ResourceQuota", "Secret", "Service", "ServiceAccount", "Status"),
    ),
    "apps": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "batch": ("CronJob", "Job"),
    "discovery.k8s.io": ("EndpointSlice",),
    "networking.k8s.io": ("IPAddress", "Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR"),
}


def unread(top: Origin, api_version: str, kind: str) -> Diagnostic:
    """The finding about a kind without a model. It rejects an object only if the API server would."""
    group = api_version.rpartition("/")[0]
    siblings = [known for known in KINDS if known.group == group]
    if siblings and (group.endswith(".istio.io") or any(kind == known.name for known in KINDS)):
        return _unknown(top, api_version, kind, _type_hint(kind, siblings))
    if meant := _meant_kind(group, kind):
        return _unknown(top, api_version, kind, f", did you mean `{meant}`?")
    verdict = verdict_on(api_version, kind)
    if verdict is not None:
        return verdict.code(top.at("kind"), kind=kind, api_version=api_version, advice=verdict.advice)
    if meant := _meant_group(group, kind):
        return codes.MISTYPED_GROUP(top.at("apiVersion"), kind=kind, api_version=api_version, meant=meant)
    return codes.PASSED_OVER(top.at("kind"), kind=kind, api_version=api_version)


def verdict_on(api_version: str, kind: str) -> Verdict | None:
    """The row of the table. A version's row precedes a group's; a kind's row precedes that for all kinds."""
    places = (api_version, api_version.rpartition("/")[0])
    rows = ((place, name) for place in places for name in (kind, ANY_KIND))
    return next((VERDICTS[row] for row in rows if row in VERDICTS), None)


def _unknown(top: Origin, api_version: str, kind: str, hint: str) -> Diagnostic:
    return codes.UNKNOWN_TYPE(top.at("kind"), kind=kind, api_version=api_version, hint=hint, rejected=True)


def _type_hint(kind: str, siblings: list[Kind]) -> str:
    """A suggestion: the group that has the kind, or a similar kind in the group."""
    versions = [f"`{version}`" for known in KINDS if known.name == kind for version in known.api_versions]
    if versions:
        return f", only in {', '.join(versions)}"
    return name_hint(kind, [known.name for known in siblings])


def _meant_kind(group: str, kind: str) -> str:
    """The kind of a Kubernetes group with a similar spelling, if the group lacks this kind."""
    names = _KUBERNETES_KINDS.get(group, ())
    return "" if kind in names else next(iter(get_close_matches(kind, names, n=1, cutoff=_ALIKE_KINDS)), "")


def _meant_group(group: str, kind: str) -> str:
    """The group that has the kind, if its spelling is similar to this one."""
    homes = [known.group for known in KINDS if known.name == kind and known.group]
    return next(iter(get_close_matches(group, homes, n=1, cutoff=_ALIKE_GROUPS)), "")
