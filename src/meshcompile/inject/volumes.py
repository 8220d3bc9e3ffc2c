"""The volumes of the proxy, and where its container mounts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshcompile.inject.environment import BOOTSTRAP_OVERRIDE
from meshcompile.inject.input import TemplateInput
from meshcompile.inject.parts import Patch, named_entries
from meshcompile.inject.printed import printed, unquoted
from meshcompile.inject.problems import InjectionProblem

USER_VOLUMES = "sidecar.istio.io/userVolume"
USER_VOLUME_MOUNTS = "sidecar.istio.io/userVolumeMount"
GKE_CERTIFICATES = "GkeWorkloadCertificate"
TRUST_BUNDLES = "ENABLE_CLUSTER_TRUST_BUNDLE_API"

Patches = Iterator[Patch]


def mount(name: str, path: str) -> Patch:
    return {"name": name, "mountPath": path}


def read_only(name: str, path: str) -> Patch:
    return {"name": name, "mountPath": path, "readOnly": True}


def sidecar_mounts(given: TemplateInput) -> Patches:
    """The mounts of a sidecar."""
    yield from gateway_mounts_before_podinfo(given, ("istio-ca-crl", "/var/run/secrets/istio/crl"))
    yield mount("istio-podinfo", "/etc/istio/pod")
    if given.values.proxy.tracer == "lightstep" and (certificates := _lightstep(given)) is not None:
        yield read_only("lightstep-certs", certificates)
    yield from named_entries(given, USER_VOLUME_MOUNTS)


def gateway_mounts(given: TemplateInput) -> Patches:
    """The mounts of a gateway."""
    yield from gateway_mounts_before_podinfo(given)
    yield mount("istio-podinfo", "/etc/istio/pod")


def gateway_mounts_before_podinfo(given: TemplateInput, *of_istiod: tuple[str, str]) -> Patches:
    """The mounts of every Envoy. `of_istiod` are mounted only if istiod signs certificates."""
    yield mount("workload-socket", "/var/run/secrets/workload-spiffe-uds")
    yield mount("credential-socket", "/var/run/secrets/credential-uds")
    yield workload_certificates(given)
    if _istiod_signs(given):
        yield mount("istiod-ca-cert", "/var/run/secrets/istio")
        yield from (mount(*each) for each in of_istiod)
    yield mount("istio-data", "/var/lib/istio/data")
    if BOOTSTRAP_OVERRIDE in given.annotations:
        yield mount("custom-bootstrap-volume", "/etc/istio/custom-bootstrap")
    yield mount("istio-envoy", "/etc/istio/proxy")
    yield mount("istio-token", "/var/run/secrets/tokens")
    if given.values.global_.mount_mtls_certs:
        yield read_only("istio-certs", "/etc/certs/")


def agent_mounts(given: TemplateInput) -> Patches:
    """The mounts of an agent without Envoy."""
    yield mount("workload-socket", "/var/run/secrets/workload-spiffe-uds")
    yield workload_certificates(given)
    if _istiod_signs(given):
        yield mount("istiod-ca-cert", "/var/run/secrets/istio")
    yield mount("istio-data", "/var/lib/istio/data")
    yield mount("istio-xds", "/etc/istio/proxy")
    yield mount("istio-token", "/var/run/secrets/tokens")
    if given.values.global_.mount_mtls_certs:
        yield read_only("istio-certs", "/etc/certs/")
    yield mount("istio-podinfo", "/etc/istio/pod")


def workload_certificates(given: TemplateInput) -> Patch:
    """The mount of the workload's certificates."""
    path = "/var/run/secrets/workload-spiffe-credentials"
    return read_only("gke-workload-certificate", path) if _uses_gke(given) else mount("workload-certs", path)


def sidecar_volumes(given: TemplateInput) -> Patches:
    """The volumes of a sidecar."""
    yield _user_chosen("workload-socket")
    yield _user_chosen("credential-socket")
    yield _certificate_volume(given, _user_chosen("workload-certs"))
    yield from _bootstrap_volume(given)
    yield _in_memory("istio-envoy")
    yield from _shared_volumes(given)
    name = given.values.pilot.crl_config_map_name
    config_map = {"name": unquoted(printed(name or "istio-ca-crl")), "optional": True}
    yield {"name": "istio-ca-crl", "configMap": config_map}
    yield from _mtls_volume(given)
    yield from named_entries(given, USER_VOLUMES)
    if given.values.proxy.tracer == "lightstep" and _lightstep(given) is not None:
        yield {"name": "lightstep-certs", "secret": {"optional": True, "secretName": "lightstep.cacert"}}


def gateway_volumes(given: TemplateInput) -> Patches:
    """The volumes of a gateway."""
    yield _user_chosen("workload-socket")
    yield _empty("credential-socket")
    yield _certificate_volume(given, _empty("workload-certs"))
    yield from _bootstrap_volume(given)
    yield _in_memory("istio-envoy")
    yield from _shared_volumes(given)
    yield from _mtls_volume(given)


def agent_volumes(given: TemplateInput) -> Patches:
    """The volumes of an agent without Envoy."""
    yield _user_chosen("workload-socket")
    yield _certificate_volume(given, _user_chosen("workload-certs"))
    yield from _bootstrap_volume(given)
    yield _in_memory("istio-xds")
    yield from _shared_volumes(given)
    yield from _mtls_volume(given)
    yield from named_entries(given, USER_VOLUMES)


def pull_secrets(given: TemplateInput) -> Patch:
    """The secrets for the registry of the proxy's image."""
    names = given.values.global_.image_pull_secrets
    return {"imagePullSecrets": [{"name": unquoted(printed(name))} for name in names]} if names else {}


def _user_chosen(name: str) -> Patch:
    """A volume without a source: the user's volume of this name keeps its own."""
    return {"emptyDir": None, "name": name}


def _empty(name: str) -> Patch:
    return {"emptyDir": {}, "name": name}


def _in_memory(name: str) -> Patch:
    return {"emptyDir": {"medium": "Memory"}, "name": name}


def _certificate_volume(given: TemplateInput, default: Patch) -> Patch:
    if not _uses_gke(given):
        return default
    return {"name": "gke-workload-certificate", "csi": {"driver": "workloadcertificates.security.cloud.google.com"}}


def _bootstrap_volume(given: TemplateInput) -> Patches:
    if BOOTSTRAP_OVERRIDE in given.annotations:
        name = unquoted(given.annotations[BOOTSTRAP_OVERRIDE])
        yield {"name": "custom-bootstrap-volume", "configMap": {"name": name}}


def _shared_volumes(given: TemplateInput) -> Patches:
    """The volumes of every proxy: data, what it knows about its Pod, its token and the root certificate."""
    yield _empty("istio-data")
    items = [_pod_info("labels"), _pod_info("annotations")]
    yield {"name": "istio-podinfo", "downwardAPI": {"items": items}}
    audience = unquoted(printed(given.values.global_.sds.token.aud))
    token = {"path": "istio-token", "expirationSeconds": 43200, "audience": audience}
    yield {"name": "istio-token", "projected": {"sources": [{"serviceAccountToken": token}]}}
    if _istiod_signs(given):
        yield {"name": "istiod-ca-cert", **_root_certificate(given)}


def _pod_info(field: str) -> Patch:
    return {"path": field, "fieldRef": {"fieldPath": f"metadata.{field}"}}


def _root_certificate(given: TemplateInput) -> Patch:
    bundle = given.values.global_.trust_bundle_name
    match (given.values.pilot.env or {}).get(TRUST_BUNDLES):
        case True:
            name = unquoted(f"istio.io:istiod-ca:{printed(bundle or 'root-cert')}")
            return {"projected": {"sources": [{"clusterTrustBundle": {"name": name, "path": "root-cert.pem"}}]}}
        case None | False:
            return {"configMap": {"name": unquoted(printed(bundle or "istio-ca-root-cert"))}}
        case _:
            raise InjectionProblem(f"the value pilot.env.{TRUST_BUNDLES} must be true or false, without quotes")


def _mtls_volume(given: TemplateInput) -> Patches:
    if given.values.global_.mount_mtls_certs:
        account = given.pod["spec"].get("serviceAccountName") or "default"
        yield {"name": "istio-certs", "secret": {"optional": True, "secretName": f"istio.{account}"}}


def _istiod_signs(given: TemplateInput) -> bool:
    return given.values.global_.pilot_cert_provider == "istiod"


def _uses_gke(given: TemplateInput) -> bool:
    return given.values.global_.ca_name == GKE_CERTIFICATES


def _lightstep(given: TemplateInput) -> Any:
    """The folder of the certificates for a Lightstep satellite with TLS. None without TLS."""
    tracing = given.proxy_config.tracing
    if tracing is None or tracing.tls_settings is None:
        return None
    folder, slash, _ = tracing.tls_settings.ca_certificates.rpartition("/")
    return unquoted(f"{folder}{slash}")
