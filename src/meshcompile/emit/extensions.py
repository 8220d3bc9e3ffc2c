"""Extension configurations, from their pieces."""

from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.resolve.extensions import Extensions


def extensions(pieces: Extensions) -> tuple[TypedExtensionConfig, ...]:
    """Every extension configuration of a proxy, sorted by name."""
    return ()
