"""The Pods that admission webhooks are called for."""

from meshcompile.models.kubernetes.base import LabelSelector
from meshcompile.models.kubernetes.webhooks import MutatingWebhook
from meshcompile.snapshot.discovery import is_selected
from meshcompile.values.labels import Labels


def selects_pod(hook: MutatingWebhook, namespace: Labels, pod: Labels) -> bool:
    """True if a webhook is called for a Pod with these labels, in a namespace with these labels."""
    return _selects(hook.namespace_selector, namespace) and _selects(hook.object_selector, pod)


def _selects(selector: LabelSelector | None, labels: Labels) -> bool:
    return selector is None or is_selected(selector, labels)
