"""The templates `grpc-agent` and `grpc-simple`: applications that speak xDS themselves.

Follow files/grpc-agent.yaml and files/grpc-simple.yaml of the chart `istiod`.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshcompile.inject.environment import agent_environment, pod_field, variable
from meshcompile.inject.input import PROXY, TemplateInput
from meshcompile.inject.labels import gateway_labels
from meshcompile.inject.marks import REWRITE_PROBES, proxy_annotations
from meshcompile.inject.parts import (
    Patch,
    image,
    named_entries,
    proxy_arguments,
    pull_policy,
    readiness_probe,
    resources,
)
from meshcompile.inject.printed import printed, unquoted
from meshcompile.inject.volumes import (
    USER_VOLUME_MOUNTS,
    agent_mounts,
    agent_volumes,
    mount,
    pull_secrets,
    workload_certificates,
)

AGENT_PORT = 15020
BOOTSTRAP_VOLUME, BOOTSTRAP_FOLDER = "grpc-io-proxyless-bootstrap", "/var/lib/grpc/data/"

_BOOTSTRAP_SCRIPT = """\
NODE_ID="sidecar~${INSTANCE_IP}~${POD_NAME}.${POD_NAMESPACE}~cluster.local"
SERVER_URI="dns:///istiod.${ISTIO_NAMESPACE}.svc:15010"
echo '
{
  "xds_servers": [
    {
      "server_uri": "'${SERVER_URI}'",
      "channel_creds": [{"type": "insecure"}],
      "server_features" : ["xds_v3"]
    }
  ],
  "node": {
    "id": "'${NODE_ID}'",
    "metadata": {
      "GENERATOR": "grpc"
    }
  }
}' > /var/lib/grpc/data/bootstrap.json"""
"""Writes the bootstrap of a gRPC client that asks istiod directly."""


def grpc_agent_patch(given: TemplateInput) -> Patch:
    """What the template `grpc-agent` adds: an agent that gets certificates and configuration for the application."""
    marks = {**proxy_annotations(given), REWRITE_PROBES: "false"}
    return {
        "metadata": {"labels": gateway_labels(given.labels, given.owner.name), "annotations": marks},
        "spec": {
            "containers": [_agent(given), *_clients(given)],
            "volumes": list(agent_volumes(given)),
            **pull_secrets(given),
        },
    }


def _agent(given: TemplateInput) -> Patch:
    wait = ["pilot-agent", "wait", f"--url=http://localhost:{AGENT_PORT}/healthz/ready"]
    runs = given.status_port != "0"
    observed = {"readinessProbe": readiness_probe(given, AGENT_PORT), "resources": resources(given)} if runs else {}
    mounts = [*(agent_mounts(given) if runs else ()), *named_entries(given, USER_VOLUME_MOUNTS)]
    return {
        "name": PROXY,
        "image": image(given, given.values.proxy.image),
        "ports": [{"containerPort": AGENT_PORT, "protocol": "TCP", "name": "mesh-metrics"}],
        "args": proxy_arguments(given, "sidecar"),
        "lifecycle": {"postStart": {"exec": {"command": wait}}},
        "env": list(agent_environment(given)),
        **pull_policy(given),
        **observed,
        **({"volumeMounts": mounts} if mounts else {}),
    }


def _clients(given: TemplateInput) -> Iterator[Patch]:
    """What the containers of the application need to reach the agent."""
    for name in given.app_containers:
        yield {
            "name": unquoted(name),
            "env": [
                variable("GRPC_XDS_EXPERIMENTAL_SECURITY_SUPPORT", "true"),
                variable("GRPC_XDS_BOOTSTRAP", "/etc/istio/proxy/grpc-bootstrap.json"),
            ],
            "volumeMounts": [
                mount("istio-data", "/var/lib/istio/data"),
                mount("istio-xds", "/etc/istio/proxy"),
                workload_certificates(given),
            ],
        }


def grpc_simple_patch(given: TemplateInput) -> Patch:
    """What the template `grpc-simple` adds: a bootstrap for clients that ask istiod without an agent."""
    return {
        "metadata": {"annotations": {REWRITE_PROBES: "false"}},
        "spec": {
            "initContainers": [_bootstrap(given)],
            "containers": [_simple_client(each["name"]) for each in given.containers],
            "volumes": [{"name": BOOTSTRAP_VOLUME, "emptyDir": {}}],
        },
    }


def _bootstrap(given: TemplateInput) -> Patch:
    return {
        "name": "grpc-bootstrap-init",
        "image": "busybox:1.28",
        "volumeMounts": [mount(BOOTSTRAP_VOLUME, BOOTSTRAP_FOLDER)],
        "env": [
            pod_field("INSTANCE_IP", "status.podIP"),
            pod_field("POD_NAME", "metadata.name"),
            pod_field("POD_NAMESPACE", "metadata.namespace"),
            variable("ISTIO_NAMESPACE", f"{printed(given.values.global_.istio_namespace)}\n"),
        ],
        "command": ["sh", "-c", _BOOTSTRAP_SCRIPT],
    }


def _simple_client(name: str) -> Patch:
    return {
        "name": unquoted(name),
        "env": [
            variable("GRPC_XDS_BOOTSTRAP", f"{BOOTSTRAP_FOLDER}bootstrap.json"),
            variable("GRPC_GO_LOG_VERBOSITY_LEVEL", "99"),
            variable("GRPC_GO_LOG_SEVERITY_LEVEL", "info"),
        ],
        "volumeMounts": [mount(BOOTSTRAP_VOLUME, BOOTSTRAP_FOLDER)],
    }
