"""The template `gateway`: a proxy that is the whole application.

Follows files/gateway-injection-template.yaml of the chart `istiod`.
"""

from __future__ import annotations

from meshcompile.inject.environment import gateway_environment
from meshcompile.inject.input import PROXY, TemplateInput
from meshcompile.inject.labels import gateway_labels
from meshcompile.inject.marks import proxy_annotations
from meshcompile.inject.parts import METRICS_PORT, USER, Patch, image, proxy_arguments, pull_policy
from meshcompile.inject.printed import printed, unquoted
from meshcompile.inject.volumes import gateway_mounts, gateway_volumes, pull_secrets

_LOW_PORTS = {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]}
"""Lets the proxy bind to ports below 1024 without being root."""


def gateway_patch(given: TemplateInput) -> Patch:
    """What the template adds to a Pod."""
    labels = gateway_labels(given.labels, given.owner.name)
    return {
        "metadata": {"labels": labels, "annotations": proxy_annotations(given)},
        "spec": {
            "securityContext": given.values.gateways.security_context or _LOW_PORTS,
            "containers": [_proxy(given)],
            "volumes": list(gateway_volumes(given)),
            **pull_secrets(given),
        },
    }


def _proxy(given: TemplateInput) -> Patch:
    proxy = given.values.proxy
    return {
        "name": PROXY,
        "image": image(given, proxy.image),
        "ports": [METRICS_PORT],
        "args": proxy_arguments(given, "router"),
        **({"lifecycle": proxy.lifecycle} if proxy.lifecycle else {}),
        "securityContext": {"runAsUser": USER, "runAsGroup": USER},
        "env": list(gateway_environment(given)),
        **pull_policy(given),
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": 15021},
            "initialDelaySeconds": unquoted(printed(proxy.readiness_initial_delay_seconds)),
            "periodSeconds": unquoted(printed(proxy.readiness_period_seconds)),
            "timeoutSeconds": 3,
            "failureThreshold": unquoted(printed(proxy.readiness_failure_threshold)),
        },
        "volumeMounts": list(gateway_mounts(given)),
    }
