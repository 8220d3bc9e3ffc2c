"""Istio's admission webhooks. Follows istioctl's `webhook.Analyzer` and `ExternalControlPlaneAnalyzer`."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from itertools import product
from urllib.parse import urlsplit

from meshcompile.analyze.context import Context
from meshcompile.analyze.injectors import selects_pod
from meshcompile.analyze.places import whole
from meshcompile.codes.installation import CONTROL_PLANE_BY_ADDRESS, INVALID_CONTROL_PLANE, WEBHOOK_CONFLICT
from meshcompile.diagnostics import Diagnostic
from meshcompile.inject.decision import INJECT, NAMESPACE_INJECTION, REVISION
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.webhooks import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
    WebhookClientConfig,
)

Hook = tuple[MutatingWebhookConfiguration, MutatingWebhook]


def webhooks(context: Context) -> Iterator[Diagnostic]:
    """A finding for each webhook that overlaps with another one, or that cannot reach its control plane."""
    configurations = tuple(each for each in context.written.all(MutatingWebhookConfiguration) if _is_injector(each))
    hooks = [(configuration, hook) for configuration in configurations for hook in configuration.webhooks]
    yield from _overlaps(hooks)
    yield from _missing_services(context, hooks)
    for validator in context.written.all(ValidatingWebhookConfiguration):
        if validator.name == "istiod-default-validator" or validator.name.startswith("istio-validator"):
            for each in validator.webhooks:
                yield from _control_plane(validator, each.name, each.client_config)
    for injector in context.written.all(MutatingWebhookConfiguration):
        if injector.name.startswith("istio-sidecar-injector"):
            for hook in injector.webhooks:
                yield from _control_plane(injector, hook.name, hook.client_config)


def _is_injector(configuration: MutatingWebhookConfiguration) -> bool:
    """True for webhooks of Istio: those with its domain, and those for a revision."""
    return any(hook.name.endswith("istio.io") for hook in configuration.webhooks) or bool(_revisions(configuration))


def _revisions(configuration: MutatingWebhookConfiguration) -> set[str]:
    """The revisions that a configuration is for."""
    labels = configuration.metadata.labels
    found = {labels[REVISION]} if REVISION in labels else set()
    for hook in configuration.webhooks:
        for selector in (hook.namespace_selector, hook.object_selector):
            if selector is not None:
                if REVISION in selector.match_labels:
                    found.add(selector.match_labels[REVISION])
                found.update(v for each in selector.match_expressions if each.key == REVISION for v in each.values)
    return found


def _overlaps(hooks: Sequence[Hook]) -> Iterator[Diagnostic]:
    """A finding for each set of other webhooks that are called together with a webhook."""
    revisions = sorted({revision for configuration, _ in hooks for revision in _revisions(configuration)})
    said: set[tuple[str, str]] = set()
    for namespace, pod in product(_labels(NAMESPACE_INJECTION, revisions), _labels(INJECT, revisions)):
        called = {f"{of.name}/{hook.name}": (of, hook) for of, hook in hooks if selects_pod(hook, namespace, pod)}
        for name, (configuration, hook) in called.items() if len(called) > 1 else ():
            others = ", ".join(sorted(other for other in called if other != name))
            if (name, others) not in said:
                said.add((name, others))
                problem = f"the webhook is called for Pods together with {others}, so they are injected twice"
                yield WEBHOOK_CONFLICT(hook.at("name"), reported=whole(configuration), problem=problem)


def _labels(key: str, revisions: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """The labels that decide on injection, in every combination that Istio documents."""
    values = ("enabled", "disabled") if key == NAMESPACE_INJECTION else ("true", "false")
    for revision in (None, *revisions):
        of_revision = {} if revision is None else {REVISION: revision}
        yield of_revision
        yield from ({key: value, **of_revision} for value in values)


def _missing_services(context: Context, hooks: Sequence[Hook]) -> Iterator[Diagnostic]:
    for configuration, hook in hooks:
        called = hook.client_config.service
        if called is None:
            continue
        if not any(service.name == called.name for service in context.written.services.get(called.namespace, ())):
            problem = f"the webhook calls Service {called.namespace}/{called.name}, which does not exist"
            yield WEBHOOK_CONFLICT(called, reported=whole(configuration), problem=problem)


def _control_plane(resource: Resource, webhook: str, client: WebhookClientConfig) -> Iterator[Diagnostic]:
    if client.url is None:
        if client.service is None:
            yield INVALID_CONTROL_PLANE(
                client, reported=whole(resource), webhook=webhook, problem="it has no Service and no URL"
            )
        return
    try:
        address = urlsplit(client.url)
        host, _ = address.hostname or "", address.port
    except ValueError:
        yield INVALID_CONTROL_PLANE(
            client.at("url"), reported=whole(resource), webhook=webhook, problem=f"`{client.url}` is not a URL"
        )
        return
    if _is_address(host):
        yield CONTROL_PLANE_BY_ADDRESS(client.at("url"), reported=whole(resource), webhook=webhook, address=client.url)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
