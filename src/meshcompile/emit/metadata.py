"""Metadata that name the Istio resource of a message. Follows istiod's `util.BuildConfigInfoMetadata`."""

from meshcompile.envoy.config.core import Metadata


def config_metadata(path: str) -> Metadata | None:
    """The path of the resource in the Kubernetes API; None for a message without a resource."""
    return Metadata(filter_metadata={"istio": {"config": path}}) if path else None
