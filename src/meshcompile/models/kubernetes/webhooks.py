"""Kubernetes' admission webhooks: how the API server reaches Istio's injection and validation."""

from typing import Literal

from meshcompile.models.kubernetes.base import KubernetesNode, KubernetesResource, LabelSelector


class ServiceReference(KubernetesNode):
    """The Service of a webhook."""

    namespace: str = ""
    """Its namespace."""
    name: str = ""
    """Its name."""


class WebhookClientConfig(KubernetesNode):
    """The address of a webhook: a URL or a Service."""

    url: str | None = None
    """The URL, for a webhook outside of the cluster."""
    service: ServiceReference | None = None
    """The Service, for a webhook in the cluster."""


class MutatingWebhook(KubernetesNode):
    """A webhook that may change objects, such as Istio's sidecar injection."""

    name: str = ""
    """Its name, with a domain."""
    client_config: WebhookClientConfig = WebhookClientConfig.model_construct()
    """Its address."""
    namespace_selector: LabelSelector | None = None
    """Selects by the labels of an object's namespace; absent selects all."""
    object_selector: LabelSelector | None = None
    """Selects by the labels of the object; absent selects all."""


class ValidatingWebhook(KubernetesNode):
    """A webhook that may refuse objects, such as Istio's validation."""

    name: str = ""
    """Its name, with a domain."""
    client_config: WebhookClientConfig = WebhookClientConfig.model_construct()
    """Its address."""


class MutatingWebhookConfiguration(KubernetesResource):
    """Webhooks that may change objects; Istio's inject the sidecar."""

    api_version: Literal["admissionregistration.k8s.io/v1"] = "admissionregistration.k8s.io/v1"
    kind: Literal["MutatingWebhookConfiguration"] = "MutatingWebhookConfiguration"
    webhooks: tuple[MutatingWebhook, ...] = ()
    """The webhooks."""


class ValidatingWebhookConfiguration(KubernetesResource):
    """Webhooks that may refuse objects; Istio's validate its own kinds."""

    api_version: Literal["admissionregistration.k8s.io/v1"] = "admissionregistration.k8s.io/v1"
    kind: Literal["ValidatingWebhookConfiguration"] = "ValidatingWebhookConfiguration"
    webhooks: tuple[ValidatingWebhook, ...] = ()
    """The webhooks."""
