"""Extension configurations that patches add. Follows istiod's `InsertedExtensionConfigurations`."""

from collections.abc import Collection, Iterable, Iterator

from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation
from meshcompile.patch.patcher import Patcher
from meshcompile.resolve.envoy_filters import Condition


def patched_extensions(
    patcher: Patcher, extensions: Iterable[TypedExtensionConfig], discovered: Collection[str]
) -> tuple[TypedExtensionConfig, ...]:
    """The extension configurations with those that patches add under a discovered name; sorted by name."""
    return tuple(sorted((*_added(patcher, discovered), *extensions), key=lambda extension: extension.name))


def _added(patcher: Patcher, discovered: Collection[str]) -> Iterator[TypedExtensionConfig]:
    """What is added; the context of a patch does not matter."""
    for each in patcher.patches(ApplyTo.EXTENSION_CONFIG):
        if each.operation is not Operation.ADD:
            patcher.missed(each.patch, Condition.OPERATION)
        elif each.message.name in discovered:
            patcher.changed(each.patch, f"extension {each.message.name}", None, each.message)
            yield each.message
        else:
            patcher.missed(each.patch, Condition.DISCOVERY)
