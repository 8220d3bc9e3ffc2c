"""Kubernetes Ingress and IngressClass: HTTP routes from outside, older than Gateways."""

from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource


class ServiceBackendPort(KubernetesNode):
    """A port of a Service, by number or by name."""

    name: str = ""
    """Its name."""
    number: Int = 0
    """Its number; wins over the name."""


class IngressServiceBackend(KubernetesNode):
    """A Service in the namespace of the Ingress."""

    name: str = ""
    """Its name."""
    port: ServiceBackendPort = ServiceBackendPort()
    """Its port."""


class ResourceBackend(KubernetesNode):
    """An object that serves instead of a Service; Istio ignores it."""

    api_group: str | None = None
    """Its API group."""
    kind: str = ""
    """Its kind."""
    name: str = ""
    """Its name."""


class IngressBackend(KubernetesNode):
    """Where requests go."""

    service: IngressServiceBackend | None = None
    """To a Service."""
    resource: ResourceBackend | None = None
    """To another object, which Istio ignores."""


class HTTPIngressPath(KubernetesNode):
    """Requests by their path."""

    path: str = ""
    """The path; empty means all."""
    path_type: str | None = None
    """`Exact`, `Prefix` or `ImplementationSpecific`."""
    backend: IngressBackend = IngressBackend()
    """Where they go."""


class HTTPIngressRuleValue(KubernetesNode):
    """The paths of a host."""

    paths: tuple[HTTPIngressPath, ...] = ()
    """The paths; the more specific one is tried first."""


class IngressRule(KubernetesNode):
    """Requests by their host."""

    host: str = ""
    """The host, `*.` in front for a wildcard; empty means all."""
    http: HTTPIngressRuleValue | None = None
    """The paths of the host."""


class IngressTLS(KubernetesNode):
    """A certificate for hosts."""

    hosts: tuple[str, ...] = ()
    """The hosts."""
    secret_name: str = ""
    """The Secret that holds certificate and key."""


class IngressSpec(KubernetesNode):
    """The specification of an Ingress."""

    ingress_class_name: str | None = None
    """The IngressClass that is to serve it."""
    default_backend: IngressBackend | None = None
    """Where requests go that match no rule."""
    tls: tuple[IngressTLS, ...] = ()
    """The certificates: each makes an HTTPS server."""
    rules: tuple[IngressRule, ...] = ()
    """The routes."""


class Ingress(KubernetesResource):
    """A Kubernetes Ingress: a Gateway and VirtualServices on the ingress gateway."""

    api_version: Literal["networking.k8s.io/v1"] = "networking.k8s.io/v1"
    kind: Literal["Ingress"] = "Ingress"
    spec: IngressSpec = Field(default_factory=IngressSpec)
    """Its specification."""


class IngressClassSpec(KubernetesNode):
    """Who serves the Ingresses of a class."""

    controller: str = ""
    """The controller; Istio's is `istio.io/ingress-controller`."""


class IngressClass(KubernetesResource):
    """A Kubernetes IngressClass: tells Istio's Ingresses from those of others."""

    api_version: Literal["networking.k8s.io/v1"] = "networking.k8s.io/v1"
    kind: Literal["IngressClass"] = "IngressClass"
    spec: IngressClassSpec = Field(default_factory=IngressClassSpec)
    """Who serves it."""
