"""Rules of EnvoyFilters: istiod's `envoyfilter.ValidateEnvoyFilter`."""

from meshcompile.models.networking.envoy_filter import EnvoyFilter
from meshcompile.validate.checks import Found


def violations(resource: EnvoyFilter) -> Found:
    """What is wrong with an EnvoyFilter."""
    yield from ()
