"""What a template of the injector knows about a Pod and its mesh."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from meshcompile.inject.printed import NIL, printed
from meshcompile.inject.typed import Json
from meshcompile.inject.values import InjectionValues, Printable
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig

PROXY = "istio-proxy"
TPROXY, NONE = "TPROXY", "NONE"

INTERCEPTION_MODE = "sidecar.istio.io/interceptionMode"
STATUS_PORT = "status.sidecar.istio.io/port"
NATIVE_SIDECAR = "sidecar.istio.io/nativeSidecar"
CAP_NET_BIND_SERVICE = "sidecar.istio.io/capNetBindService"
PROXY_IMAGE = "sidecar.istio.io/proxyImage"
PROXY_IMAGE_TYPE = "sidecar.istio.io/proxyImageType"


class WorkloadOwner(Struct, frozen=True):
    """The object that the Pods belong to. Its name may be empty."""

    api_version: str
    kind: str
    name: str
    namespace: str

    @property
    def full_name(self) -> str:
        """`NAMESPACE/NAME`, or only the name."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class TemplateInput(Struct, frozen=True, dict=True):
    """The input of the templates. `pod` is the Pod without what an earlier injection added."""

    owner: WorkloadOwner
    pod: Json
    proxy_config: ProxyConfig
    mesh: MeshConfig
    values: InjectionValues
    revision: str
    native_sidecars: bool

    @cached_property
    def labels(self) -> Mapping[str, str]:
        labels: Mapping[str, str] = self.pod["metadata"].get("labels", {})
        return labels

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        annotations: Mapping[str, str] = self.pod["metadata"].get("annotations", {})
        return annotations

    @property
    def containers(self) -> list[Any]:
        """The containers, but not the init containers."""
        return self.pod["spec"]["containers"] or []

    @cached_property
    def app_containers(self) -> tuple[str, ...]:
        """The names of the containers that are not the proxy."""
        return tuple(each["name"] for each in self.containers if each["name"] != PROXY)

    def annotation(self, name: str, default: Printable) -> str:
        """An annotation, also an empty one, or else the default as text."""
        return self.annotations.get(name, printed(default, NIL))

    @cached_property
    def interception_mode(self) -> str:
        """How traffic is redirected: REDIRECT, TPROXY or NONE."""
        return self.annotation(INTERCEPTION_MODE, self.proxy_config.interception_mode.value)

    @property
    def is_transparent(self) -> bool:
        return self.interception_mode == TPROXY

    @property
    def redirects(self) -> bool:
        """False if neither an init container nor CNI redirects traffic."""
        return self.interception_mode != NONE

    @property
    def status_port(self) -> str:
        """The port of the agent. Not that of the proxy config."""
        return self.annotation(STATUS_PORT, self.values.proxy.status_port)

    @property
    def binds_low_ports(self) -> bool:
        return self.annotation(CAP_NET_BIND_SERVICE, self.values.proxy.cap_net_bind_service) == "true"

    @cached_property
    def is_native(self) -> bool:
        """True if the proxy is an init container that keeps running."""
        return (self.annotations.get(NATIVE_SIDECAR) or printed(self.native_sidecars)) != "false"

    @cached_property
    def trust_domain(self) -> str:
        """The trust domain of the mesh, or that of the values if the mesh has none. May be empty."""
        return self.mesh.trust_domain or printed(self.values.global_.trust_domain or "")

    def metadata(self, name: str) -> str:
        """An entry of the proxy's metadata. Empty if there is none."""
        return self.proxy_config.proxy_metadata.get(name, "")

    def image_of(self, image: str | None) -> str:
        """The image of a container whose values name `image`: a whole image only if it contains a `/`."""
        named = self.annotation(PROXY_IMAGE, image)
        return named if "/" in named else self.proxy_image

    @cached_property
    def proxy_image(self) -> str:
        """The image of the proxy by hub, name, tag and type."""
        values = self.values.global_
        given = self.proxy_config.image
        image_type = values.variant or "" if given is None else given.image_type
        tag = tag_of_type(printed(values.tag, NIL), self.annotations.get(PROXY_IMAGE_TYPE, image_type))
        return f"{values.hub or ''}/{values.proxy.image or 'proxyv2'}:{tag}"


def tag_of_type(tag: str, image_type: str) -> str:
    """The tag of an image of this type. `default` is the type without a suffix."""
    if not image_type:
        return tag
    for suffix in ("-distroless", "-debug"):
        if tag.endswith(suffix):
            tag = tag.removesuffix(suffix)
            break
    return tag if image_type == "default" else f"{tag}-{image_type}"
