"""ProxyConfig: proxy settings for selected workloads."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node
from meshcompile.models.common import Int32Value, IstioResource, WorkloadSelector, size


class ProxyImage(Node):
    """The image that the proxy runs."""

    image_type: str = ""
    """Variant of the image: `default`, `debug` or `distroless`."""


class ProxyConfigSpec(Node):
    """Proxy settings that override the mesh-wide `defaultConfig`."""

    selector: WorkloadSelector | None = None
    """Workloads in the namespace of the resource. If absent, the whole namespace or, for a resource in the root
    namespace, the whole mesh.
    """
    concurrency: Annotated[Int32Value, Field(ge=0)] = None
    """Number of worker threads. 0 means one per core."""
    environment_variables: Mapping[str, Annotated[str, size(2048)]] = {}
    """Environment variables of the proxy. `ISTIO_META_...` variables become node metadata."""
    image: ProxyImage | None = None
    """Image that the proxy runs."""


class ProxyConfig(IstioResource):
    """Settings that a proxy starts with. istiod sees them as node metadata."""

    api_version: Literal["networking.istio.io/v1beta1"] = "networking.istio.io/v1beta1"
    kind: Literal["ProxyConfig"] = "ProxyConfig"
    spec: ProxyConfigSpec = Field(default_factory=ProxyConfigSpec)
