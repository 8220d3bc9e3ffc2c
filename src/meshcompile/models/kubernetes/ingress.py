"""Kubernetes Ingress and IngressClass: HTTP routes into the cluster, the predecessor of gateways."""

from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource


class ServiceBackendPort(KubernetesNode):
    """A port of a Service, by number or by name."""

    name: str = ""
    """Name of the port."""
    number: Int = 0
    """Number of the port. Takes precedence over the name."""


class IngressServiceBackend(KubernetesNode):
    """A Service in the namespace of the Ingress."""

    name: str = ""
    """Name of the Service."""
    port: ServiceBackendPort = ServiceBackendPort.model_construct()
    """Port of the Service."""


class ResourceBackend(KubernetesNode):
    """An object other than a Service that handles requests. Istio ignores it."""

    api_group: str | None = None
    """API group of the object."""
    kind: str = ""
    """Kind of the object."""
    name: str = ""
    """Name of the object."""


class IngressBackend(KubernetesNode):
    """The backend that receives requests."""

    service: IngressServiceBackend | None = None
    """Service that receives the requests."""
    resource: ResourceBackend | None = None
    """Another object that handles the requests. Istio ignores it."""


class HTTPIngressPath(KubernetesNode):
    """A path and its backend."""

    path: str = ""
    """Path of the request. Empty matches all requests."""
    path_type: str | None = None
    """`Exact`, `Prefix` or `ImplementationSpecific`."""
    backend: IngressBackend = IngressBackend.model_construct()
    """Backend for the path."""


class HTTPIngressRuleValue(KubernetesNode):
    """Paths of a host."""

    paths: tuple[HTTPIngressPath, ...] = ()
    """Paths. More specific ones are matched first."""


class IngressRule(KubernetesNode):
    """A host and its paths."""

    host: str = ""
    """Host of the request. A leading `*.` is a wildcard. Empty matches all hosts."""
    http: HTTPIngressRuleValue | None = None
    """Paths of the host."""


class IngressTLS(KubernetesNode):
    """A certificate for hosts."""

    hosts: tuple[str, ...] = ()
    """Hosts that the certificate is for."""
    secret_name: str = ""
    """Secret with the key and certificate."""


class IngressSpec(KubernetesNode):
    """The specification of an Ingress."""

    ingress_class_name: str | None = None
    """IngressClass that handles the Ingress."""
    default_backend: IngressBackend | None = None
    """Backend for requests that match no rule."""
    tls: tuple[IngressTLS, ...] = ()
    """Certificates. Each becomes an HTTPS server."""
    rules: tuple[IngressRule, ...] = ()
    """Routes, by host."""


class Ingress(KubernetesResource):
    """A Kubernetes Ingress. It becomes a Gateway and VirtualServices of the ingress gateway."""

    api_version: Literal["networking.k8s.io/v1"] = "networking.k8s.io/v1"
    kind: Literal["Ingress"] = "Ingress"
    spec: IngressSpec = Field(default_factory=IngressSpec)
    """Specification of the Ingress."""


class IngressClassSpec(KubernetesNode):
    """Which controller handles the Ingress resources of a class."""

    controller: str = ""
    """Name of the controller. Istio's is `istio.io/ingress-controller`."""


class IngressClass(KubernetesResource):
    """A Kubernetes IngressClass. It tells which Ingress resources Istio handles."""

    api_version: Literal["networking.k8s.io/v1"] = "networking.k8s.io/v1"
    kind: Literal["IngressClass"] = "IngressClass"
    spec: IngressClassSpec = Field(default_factory=IngressClassSpec)
    """Specification of the class."""
