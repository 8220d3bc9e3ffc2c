"""The tracing providers. Follows istiod's `configureFromProviderConfig`.

Lightstep, OpenCensus and Stackdriver no longer have a tracer. Providers for other signals have none either.
"""

from typing import TypeAlias

from msgspec import Struct

from meshcompile.golang.urls import joined
from meshcompile.models.mesh.extension_providers import (
    DatadogTracingProvider,
    DynatraceSampler,
    ExtensionProvider,
    GrpcService,
    HttpHeader,
    HttpService,
    OpenTelemetryTracingProvider,
    ResourceDetectors,
    ServiceAttributeEnrichment,
    SkyWalkingTracingProvider,
    ZipkinTracingProvider,
)
from meshcompile.proxy import Proxy
from meshcompile.resolve.security.providers import ProviderService, provider_service
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.values.durations import Duration

ZIPKIN_PATH = "/api/v2/spans"
ZIPKIN_TIMEOUT = Duration.of_seconds(5)
DYNATRACE_PATH = "api/v2/samplingConfiguration"
_SERVICE_NAME_ANNOTATION = "resource.opentelemetry.io/service.name"
_SERVICE_NAME_LABELS = ("app.kubernetes.io/instance", "app.kubernetes.io/name")


class HttpEndpoint(Struct, frozen=True):
    """A URI that Envoy posts to, and the cluster that it uses. Headers are pairs."""

    uri: str
    cluster: str
    timeout: Duration | None
    headers: tuple[tuple[str, str], ...] = ()


class GrpcEndpoint(Struct, frozen=True):
    """A gRPC service that Envoy calls. Metadata are pairs."""

    service: ProviderService
    timeout: Duration | None = None
    metadata: tuple[tuple[str, str], ...] = ()


class Zipkin(Struct, frozen=True):
    """Zipkin's collector.

    `collector` is None for proxies that know only the older fields (`service` and `path`).
    """

    service: ProviderService
    path: str
    collector: HttpEndpoint | None
    long_trace_ids: bool
    w3c_context: bool


class Datadog(Struct, frozen=True):
    """Datadog's agent."""

    service: ProviderService
    service_name: str


class SkyWalking(Struct, frozen=True):
    """SkyWalking's receiver."""

    service: ProviderService


class Sampler(Struct, frozen=True):
    """Dynatrace's sampler."""

    tenant: str
    cluster_id: int
    root_spans_per_minute: int
    api: HttpEndpoint


class OpenTelemetry(Struct, frozen=True):
    """An OpenTelemetry collector; `detectors` are `environment` and `dynatrace`, in order."""

    exporter: HttpEndpoint | GrpcEndpoint
    service_name: str
    detectors: tuple[str, ...] = ()
    sampler: Sampler | None = None


Backend: TypeAlias = Zipkin | Datadog | SkyWalking | OpenTelemetry


class Tracer(Struct, frozen=True):
    """The tracer that receives spans.

    `max_path_tag_length` is 0 when the provider sets none. `spawn_upstream_span` gives each upstream request its own
    span.
    """

    backend: Backend
    max_path_tag_length: int = 0
    spawn_upstream_span: bool = False

    @property
    def decides_sampling(self) -> bool:
        """True when the backend samples by itself and needs all requests."""
        return isinstance(self.backend, OpenTelemetry) and self.backend.sampler is not None


class SpanNaming(Struct, frozen=True):
    """The name of the service in traces. Some releases do not know OpenTelemetry's conventions for such names."""

    name: str
    knows_conventions: bool = True


def tracer(services: ServiceIndex, proxy: Proxy, provider: ExtensionProvider, naming: SpanNaming) -> Tracer | None:
    """The tracer of a provider; None when it has none, or its service is unknown."""
    router = proxy.is_router
    match provider:
        case ExtensionProvider(zipkin=ZipkinTracingProvider() as zipkin):
            return _tracer(_zipkin(services, proxy, zipkin), zipkin.max_tag_length, router)
        case ExtensionProvider(datadog=DatadogTracingProvider() as datadog):
            return _tracer(_datadog(services, naming, datadog), datadog.max_tag_length, router)
        case ExtensionProvider(skywalking=SkyWalkingTracingProvider() as skywalking):
            return _tracer(_sky_walking(services, skywalking), 0, True)
        case ExtensionProvider(opentelemetry=OpenTelemetryTracingProvider() as collector):
            backend = _open_telemetry(services, proxy, collector, naming)
            return _tracer(backend, collector.max_tag_length, router)
        case _:
            return None


def _tracer(backend: Backend | None, max_path_tag_length: int, spawn_upstream_span: bool) -> Tracer | None:
    return None if backend is None else Tracer(backend, max_path_tag_length, spawn_upstream_span)


def _zipkin(services: ServiceIndex, proxy: Proxy, zipkin: ZipkinTracingProvider) -> Zipkin | None:
    service = provider_service(services, zipkin.service, zipkin.port)
    if service is None:
        return None
    path = zipkin.path or ZIPKIN_PATH
    collector = HttpEndpoint(
        uri=f"http://{service.hostname}{path}",
        cluster=service.cluster,
        timeout=ZIPKIN_TIMEOUT if zipkin.timeout is None else zipkin.timeout,
        headers=_headers(zipkin.headers),
    )
    known = proxy.capabilities
    return Zipkin(
        service=service,
        path=path,
        collector=collector if known.zipkin_http_service else None,
        long_trace_ids=not zipkin.enable_64bit_trace_id,
        w3c_context=known.zipkin_trace_context and zipkin.trace_context_option == "USE_B3_WITH_W3C_PROPAGATION",
    )


def _datadog(services: ServiceIndex, naming: SpanNaming, datadog: DatadogTracingProvider) -> Datadog | None:
    service = provider_service(services, datadog.service, datadog.port)
    return None if service is None else Datadog(service, naming.name)


def _sky_walking(services: ServiceIndex, skywalking: SkyWalkingTracingProvider) -> SkyWalking | None:
    service = provider_service(services, skywalking.service, skywalking.port)
    return None if service is None else SkyWalking(service)


def _open_telemetry(
    services: ServiceIndex, proxy: Proxy, collector: OpenTelemetryTracingProvider, naming: SpanNaming
) -> OpenTelemetry | None:
    service = provider_service(services, collector.service, collector.port)
    exporter = None if service is None else _exporter(service, collector.http, collector.grpc)
    if service is None or exporter is None:
        return None
    dynatrace = collector.dynatrace_sampler
    sampler = None if dynatrace is None else _sampler(services, dynatrace, service, collector.http)
    if dynatrace is not None and sampler is None:
        return None
    enrichment = collector.service_attribute_enrichment
    follows_conventions = (
        naming.knows_conventions and enrichment is ServiceAttributeEnrichment.OTEL_SEMANTIC_CONVENTIONS
    )
    return OpenTelemetry(
        exporter=exporter,
        service_name=service_name(proxy) if follows_conventions else naming.name,
        detectors=_detectors(collector.resource_detectors or ResourceDetectors(), follows_conventions),
        sampler=sampler,
    )


def _exporter(
    service: ProviderService, http: HttpService | None, grpc: GrpcService | None
) -> HttpEndpoint | GrpcEndpoint | None:
    if http is not None:
        return _http_endpoint(service, http)
    grpc = grpc or GrpcService()
    return GrpcEndpoint(service, grpc.timeout, _headers(grpc.initial_metadata))


def _http_endpoint(service: ProviderService, http: HttpService, path: str | None = None) -> HttpEndpoint | None:
    uri = joined(service.hostname, http.path if path is None else path)
    return None if uri is None else HttpEndpoint(uri, service.cluster, http.timeout, _headers(http.headers))


def _sampler(
    services: ServiceIndex, dynatrace: DynatraceSampler, service: ProviderService, http: HttpService | None
) -> Sampler | None:
    """Dynatrace's sampler.

    It calls its own API, or the collector if that uses HTTP.
    """
    own = dynatrace.http_service
    if own is not None:
        at = provider_service(services, own.service, own.port)
        api = None if at is None else _http_endpoint(at, own.http or HttpService())
    else:
        api = None if http is None else _http_endpoint(service, http, DYNATRACE_PATH)
    if api is None:
        return None
    return Sampler(dynatrace.tenant, dynatrace.cluster_id, dynatrace.root_spans_per_minute, api)


def _detectors(resource_detectors: ResourceDetectors, follows_conventions: bool) -> tuple[str, ...]:
    """The resource detectors, in order.

    With OpenTelemetry's naming conventions, the environment detector is always on.
    """
    named = (
        *(("environment",) if resource_detectors.environment is not None else ()),
        *(("dynatrace",) if resource_detectors.dynatrace is not None else ()),
    )
    return tuple(dict.fromkeys((*named, "environment"))) if follows_conventions else named


def service_name(proxy: Proxy) -> str:
    """The name of the proxy's service by OpenTelemetry's conventions for Kubernetes."""
    metadata = proxy.node_metadata
    candidates = (
        metadata.annotations.get(_SERVICE_NAME_ANNOTATION, ""),
        *(proxy.labels.get(label, "") for label in _SERVICE_NAME_LABELS),
        metadata.workload_name,
        proxy.id.partition(".")[0] if "." in proxy.id else "",
        "" if "," in metadata.app_containers else metadata.app_containers,
    )
    return next(filter(None, candidates), "unknown_service")


def _headers(headers: tuple[HttpHeader, ...]) -> tuple[tuple[str, str], ...]:
    """Names and values.

    A value from istiod's environment is unknown here. It counts as empty, as if the variable were unset.
    """
    return tuple((header.name, header.value or "") for header in headers)
