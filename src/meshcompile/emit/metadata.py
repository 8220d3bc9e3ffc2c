"""Metadata that tell which Istio resource a message was made from: istiod's `util.BuildConfigInfoMetadata`."""

from meshcompile.envoy.config.core import Metadata


def config_metadata(path: str) -> Metadata | None:
    """The path of the resource in the Kubernetes API; None when nothing asked for the message."""
    return Metadata(filter_metadata={"istio": {"config": path}}) if path else None
