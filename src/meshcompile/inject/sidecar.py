"""The template `sidecar`: the proxy beside an application, and what redirects traffic to it.

Follows files/injection-template.yaml of the chart `istiod`.
"""

from __future__ import annotations

from typing import Any

from meshcompile.inject.environment import proxy_metadata, sidecar_environment
from meshcompile.inject.input import PROXY, TemplateInput
from meshcompile.inject.labels import sidecar_labels, tunnel_label
from meshcompile.inject.marks import proxy_annotations, redirection_annotations
from meshcompile.inject.parts import (
    METRICS_PORT,
    USER,
    Patch,
    agent_log_level,
    image,
    proxy_arguments,
    pull_policy,
    readiness_probe,
    resources,
)
from meshcompile.inject.printed import in_double_quotes, printed, unquoted
from meshcompile.inject.traffic import iptables_arguments
from meshcompile.inject.volumes import pull_secrets, sidecar_mounts, sidecar_volumes

INIT, VALIDATION = "istio-init", "istio-validation"
HEALTH_PORT = 15021


def sidecar_patch(given: TemplateInput) -> Patch:
    """What the template adds to a Pod."""
    labels = dict(sidecar_labels(given.labels, given.owner.name))
    if given.metadata("ISTIO_META_ENABLE_HBONE") == "true":
        labels |= tunnel_label(given.labels)
    return {
        "metadata": {"labels": labels, "annotations": {**proxy_annotations(given), **redirection_annotations(given)}},
        "spec": {**_containers(given), "volumes": list(sidecar_volumes(given)), **pull_secrets(given)},
    }


def _containers(given: TemplateInput) -> Patch:
    first = [_redirection(given)] if given.redirects else []
    if given.is_native:
        return {"initContainers": [*first, {**_proxy(given), "restartPolicy": "Always"}]}
    return {"initContainers": first, "containers": [_proxy(given)]}


def _redirection(given: TemplateInput) -> Patch:
    """The init container that redirects traffic, or that checks that CNI has done it."""
    proxy = given.values.proxy
    metadata = list(proxy_metadata(given))
    return {
        "name": VALIDATION if given.values.uses_cni else INIT,
        "image": image(given, given.values.global_.proxy_init.image),
        "args": _redirection_arguments(given),
        **pull_policy(given),
        **({"env": metadata} if metadata else {}),
        "resources": resources(given),
        "securityContext": {
            "allowPrivilegeEscalation": unquoted(printed(proxy.privileged)),
            "privileged": unquoted(printed(proxy.privileged)),
            **(_of_validation() if given.values.uses_cni else _of_init()),
            **_seccomp(given),
        },
    }


def _of_init() -> Patch:
    return {
        "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
        "readOnlyRootFilesystem": False,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "runAsUser": 0,
    }


def _of_validation() -> Patch:
    return {
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsGroup": USER,
        "runAsNonRoot": True,
        "runAsUser": USER,
    }


def _redirection_arguments(given: TemplateInput) -> list[Any]:
    values, mesh = given.values, given.mesh
    skip = ["--run-validation", "--skip-rule-apply"]
    force = ["--force-apply"] if values.global_.proxy_init.force_apply_iptables else []
    return [
        "istio-iptables",
        *("-p", str(mesh.proxy_listen_port or 15001)),
        *("-z", str(mesh.proxy_inbound_listen_port or 15006)),
        *("-u", str(USER)),
        *("-m", in_double_quotes(given.interception_mode)),
        *iptables_arguments(given),
        in_double_quotes(agent_log_level(given)),
        *(["--log_as_json"] if values.global_.log_as_json else []),
        *(skip if values.uses_cni else force),
        *(["--native-nftables"] if values.global_.native_nftables else []),
    ]


def _proxy(given: TemplateInput) -> Patch:
    """The container of the proxy."""
    outliers = given.values.proxy.outlier_log_path
    return {
        "name": PROXY,
        "image": image(given, given.values.proxy.image),
        "ports": [METRICS_PORT],
        "args": [
            *proxy_arguments(given, "sidecar"),
            *([unquoted(f"--outlierLogPath={printed(outliers)}")] if outliers else []),
        ],
        **_lifecycle(given),
        "env": list(sidecar_environment(given)),
        **pull_policy(given),
        **_probes(given),
        "securityContext": {**_security_context(given), **_seccomp(given)},
        "resources": resources(given),
        "volumeMounts": list(sidecar_mounts(given)),
    }


def _lifecycle(given: TemplateInput) -> Patch:
    """What runs when the proxy starts or stops: as the values say, or to hold the application, or to drain."""
    proxy, hold = given.values.proxy, given.proxy_config.hold_application_until_proxy_starts
    if proxy.lifecycle:
        return {"lifecycle": proxy.lifecycle}
    if given.is_native:
        port = unquoted(f"--debug-port={given.status_port}")
        return {"lifecycle": {"preStop": {"exec": {"command": ["pilot-agent", "request", port, "POST", "drain"]}}}}
    if hold or proxy.hold_application_until_proxy_starts:
        return {"lifecycle": {"postStart": {"exec": {"command": ["pilot-agent", "wait"]}}}}
    return {}


def _probes(given: TemplateInput) -> Patch:
    """The probes of the proxy. The status port 0 stands for none."""
    startup = given.values.proxy.startup_probe
    if given.status_port == "0":
        return {}
    readiness = {"readinessProbe": readiness_probe(given, HEALTH_PORT)}
    if not startup.enabled:
        return readiness
    probe = {
        "httpGet": {"path": "/healthz/ready", "port": HEALTH_PORT},
        "initialDelaySeconds": 0,
        "periodSeconds": 1,
        "timeoutSeconds": 3,
        "failureThreshold": unquoted(printed(startup.failure_threshold)),
    }
    return {"startupProbe": probe, **readiness}


def _security_context(given: TemplateInput) -> Patch:
    if given.metadata("IPTABLES_TRACE_LOGGING") == "true":
        return {
            "allowPrivilegeEscalation": True,
            "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
            "privileged": True,
            **_as_root(),
        }
    privileged = unquoted(printed(given.values.proxy.privileged))
    transparent, low_ports = given.is_transparent, given.binds_low_ports
    added = [*(["NET_ADMIN"] if transparent else []), *(["NET_BIND_SERVICE"] if low_ports else [])]
    return {
        "allowPrivilegeEscalation": privileged,
        "capabilities": {**({"add": added} if added else {}), "drop": ["ALL"]},
        "privileged": privileged,
        **(_as_root() if added else _as_proxy()),
    }


def _as_root() -> Patch:
    return {"readOnlyRootFilesystem": True, "runAsGroup": USER, "runAsNonRoot": False, "runAsUser": 0}


def _as_proxy() -> Patch:
    return {"readOnlyRootFilesystem": True, "runAsGroup": USER, "runAsNonRoot": True, "runAsUser": USER}


def _seccomp(given: TemplateInput) -> Patch:
    profile = given.values.proxy.seccomp_profile
    return {"seccompProfile": profile} if profile else {}
