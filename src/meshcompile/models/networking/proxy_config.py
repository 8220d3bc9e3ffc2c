"""ProxyConfig: settings of the proxies of some workloads."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node
from meshcompile.models.common import Int32Value, IstioResource, WorkloadSelector, size


class ProxyImage(Node):
    """Which image the proxy runs."""

    image_type: str = ""
    """Variant of the image: `default`, `debug` or `distroless`."""


class ProxyConfigSpec(Node):
    """Settings of proxies, laid over the mesh's `defaultConfig`."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; if absent, all, or in the root namespace the whole mesh."""
    concurrency: Annotated[Int32Value, Field(ge=0)] = None
    """Number of worker threads; 0 is one for each core."""
    environment_variables: Mapping[str, Annotated[str, size(2048)]] = {}
    """Environment of the proxy; `ISTIO_META_...` becomes node metadata."""
    image: ProxyImage | None = None
    """Image of the proxy."""


class ProxyConfig(IstioResource):
    """Settings that a proxy starts with; istiod sees them as node metadata."""

    api_version: Literal["networking.istio.io/v1beta1"] = "networking.istio.io/v1beta1"
    kind: Literal["ProxyConfig"] = "ProxyConfig"
    spec: ProxyConfigSpec = Field(default_factory=ProxyConfigSpec)
