"""Extension configurations that patches add. Follows istiod's `InsertedExtensionConfigurations`."""

from collections.abc import Collection, Iterable, Iterator

from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation
from meshcompile.patch.patcher import Patcher
from meshcompile.resolve.envoy_filters import Condition


def patched_extensions(
    patcher: Patcher, extensions: Iterable[TypedExtensionConfig], discovered: Collection[str]
) -> tuple[TypedExtensionConfig, ...]:
    """The extension configurations, with those that patches add under a discovered name; sorted by name."""
    return tuple(sorted((*_added(patcher, discovered), *extensions), key=lambda extension: extension.name))


def _added(patcher: Patcher, discovered: Collection[str]) -> Iterator[TypedExtensionConfig]:
    """The extension configurations that patches add. The context of a patch is ignored."""
    for active in patcher.patches(ApplyTo.EXTENSION_CONFIG):
        if active.operation is not Operation.ADD:
            patcher.missed(active.patch, Condition.OPERATION)
        elif active.message.name in discovered:
            patcher.changed(active.patch, f"extension {active.message.name}", None, active.message)
            yield active.message
        else:
            patcher.missed(active.patch, Condition.DISCOVERY)
