"""A proxy that is assumed because the input has no workload for it: `router:istio-system,istio=ingressgateway`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Self

from meshcompile.documents import Document, Origin
from meshcompile.errors import InvalidArgument
from meshcompile.inject.labels import TEMPLATES, gateway_labels, sidecar_labels
from meshcompile.models.base import ObjectMeta, Resource, placed
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Container, ContainerPort, Pod, PodSpec
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.gateway import Gateway
from meshcompile.proxy import ProxyType
from meshcompile.values.labels import NO_LABELS, Labels, selects

FORM = "TYPE:NAMESPACE[,LABEL=VALUE...]"
_TYPES = (ProxyType.SIDECAR, ProxyType.ROUTER)


@dataclass(frozen=True)
class AssumedProxy:
    """A proxy without an object in the input: its type, its namespace and the labels of its Pod.

    Its text form is `TYPE:NAMESPACE[,LABEL=VALUE...]`, such as `sidecar:shop,app=web`.
    """

    type: ProxyType
    namespace: str
    labels: Labels = field(default_factory=lambda: NO_LABELS, hash=False)

    def __post_init__(self) -> None:
        """Raises InvalidArgument for a proxy without a namespace, and for one that is neither sidecar nor router."""
        if self.type not in _TYPES:
            raise InvalidArgument(f"a {self.type} cannot be assumed: only {' and '.join(_TYPES)} can")
        if not self.namespace:
            raise InvalidArgument(f"an assumed proxy has a namespace: {FORM}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The proxy that a text describes.

        Raises InvalidArgument for an invalid text.
        """
        kind, _, rest = text.partition(":")
        namespace, *labels = rest.split(",")
        if kind not in tuple(ProxyType):
            near = get_close_matches(kind, _TYPES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"an assumed proxy is {FORM}"
            raise InvalidArgument(f"proxy {text!r}: there is no type {kind!r}; {hint}")
        wrong = next((label for label in labels if not all(label.partition("="))), None)
        if wrong is not None:
            raise InvalidArgument(f"proxy {text!r}: expected LABEL=VALUE, found {wrong!r}")
        return cls(
            ProxyType(kind), namespace, {key: value for key, _, value in (each.partition("=") for each in labels)}
        )

    def __str__(self) -> str:
        return ",".join((f"{self.type}:{self.namespace}", *(f"{key}={value}" for key, value in self.labels.items())))

    @property
    def pod_name(self) -> str:
        """The name of its Pod."""
        return f"assumed-{self.type}"


def is_assumed(name: str) -> bool:
    """True for a text that describes an assumed proxy. Names of proxies contain no colon."""
    return ":" in name


def assumed_proxy(proxy: AssumedProxy | str) -> AssumedProxy:
    """The proxy itself, or the one that a text describes."""
    return AssumedProxy.parse(proxy) if isinstance(proxy, str) else proxy


def assumed_proxy_pod(proxy: AssumedProxy, resources: Iterable[Resource], name: str = "") -> Pod:
    """The Pod of a proxy, as a manifest with the proxy injected. `name` is the name of the Pod if it has another.

    If a Service that selects it has a named target port, only the Pod's containers could define its number. The
    Service's own port number is used instead.
    """
    services = (resource for resource in resources if isinstance(resource, Service))
    ports = tuple(dict.fromkeys(port for service in services for port in _named_ports(proxy, service)))
    labels, annotations = proxy.labels, dict[str, str]()
    name = name or proxy.pod_name
    envoy, app = Container(name=PROXY_CONTAINER, image="auto"), Container(name="app", image="app", ports=ports)
    match proxy.type:
        case ProxyType.ROUTER:
            added, annotations = gateway_labels(labels, name), {TEMPLATES: "gateway"}
            containers: tuple[Container, ...] = (envoy.model_copy(update={"ports": ports}),)
        case _:
            added, containers = sidecar_labels(labels, name), (app, envoy)
    pod = Pod(
        metadata=ObjectMeta(name=name, namespace=proxy.namespace, labels={**labels, **added}, annotations=annotations),
        spec=PodSpec(containers=containers),
    )
    return placed(pod, Origin(Document(f"<{proxy}>", {})))


def _named_ports(proxy: AssumedProxy, service: Service) -> Iterable[ContainerPort]:
    spec = service.spec
    if service.namespace != proxy.namespace or not spec.selector or not selects(spec.selector, proxy.labels):
        return
    for port in spec.ports:
        if isinstance(port.target_port, str) and port.target_port:
            yield ContainerPort(name=port.target_port, container_port=port.port)


def assumable_gateways(resources: Iterable[Resource], root_namespace: str) -> tuple[AssumedProxy, ...]:
    """The routers that Gateways select, each once, with the namespace and additional labels of a Service that
    selects them.
    """
    ordered = sorted(resources, key=lambda each: (each.namespace, each.name))
    services = [each for each in ordered if isinstance(each, Service)]
    found: dict[str, AssumedProxy] = {}
    for gateway in (each for each in ordered if isinstance(each, Gateway)):
        wanted = gateway.spec.selector
        service = next((each for each in services if wanted and selects(wanted, each.spec.selector)), None)
        proxy = (
            AssumedProxy(ProxyType.ROUTER, service.namespace, {**wanted, **service.spec.selector})
            if service is not None
            else AssumedProxy(ProxyType.ROUTER, root_namespace, wanted)
        )
        found.setdefault(str(proxy), proxy)
    return tuple(found.values())
