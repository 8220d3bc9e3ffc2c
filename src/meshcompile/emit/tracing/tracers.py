"""Envoy's tracers. Follows istiod's `configureFromProviderConfig`."""

from meshcompile.emit.provider_services import envoy_grpc, grpc_service, http_service
from meshcompile.envoy.config.core import GrpcService, TypedExtensionConfig
from meshcompile.envoy.config.trace import (
    DatadogConfig,
    OpenTelemetryConfig,
    SkyWalkingConfig,
    TracingHttp,
    ZipkinConfig,
)
from meshcompile.envoy.extensions.tracers.opentelemetry.resource_detectors import (
    DynatraceResourceDetectorConfig,
    EnvironmentResourceDetectorConfig,
)
from meshcompile.envoy.extensions.tracers.opentelemetry.samplers import DynatraceSamplerConfig
from meshcompile.envoy.message import Packed
from meshcompile.resolve.telemetry.tracers import (
    Backend,
    Datadog,
    GrpcEndpoint,
    HttpEndpoint,
    OpenTelemetry,
    Sampler,
    SkyWalking,
    Zipkin,
)

_DETECTORS = {
    "environment": TypedExtensionConfig(
        name="envoy.tracers.opentelemetry.resource_detectors.environment",
        typed_config=EnvironmentResourceDetectorConfig(),
    ),
    "dynatrace": TypedExtensionConfig(
        name="envoy.tracers.opentelemetry.resource_detectors.dynatrace",
        typed_config=DynatraceResourceDetectorConfig(),
    ),
}


def tracer(backend: Backend) -> TracingHttp:
    """The tracer that sends spans."""
    match backend:
        case Zipkin():
            return _named("envoy.tracers.zipkin", _zipkin(backend))
        case Datadog():
            return _named("envoy.tracers.datadog", _datadog(backend))
        case SkyWalking():
            return _named("envoy.tracers.skywalking", _sky_walking(backend))
        case OpenTelemetry():
            return _named("envoy.tracers.opentelemetry", _open_telemetry(backend))


def _named(name: str, config: Packed) -> TracingHttp:
    return TracingHttp(name=name, typed_config=config)


def _zipkin(zipkin: Zipkin) -> ZipkinConfig:
    older = zipkin.collector is None
    return ZipkinConfig(
        collector_endpoint_version="HTTP_JSON",
        trace_id_128bit=zipkin.long_trace_ids,
        shared_span_context=False,
        collector_service=None if zipkin.collector is None else http_service(zipkin.collector),
        collector_cluster=zipkin.service.cluster if older else "",
        collector_endpoint=zipkin.path if older else "",
        collector_hostname=zipkin.service.hostname if older else "",
        trace_context_option="USE_B3_WITH_W3C_PROPAGATION" if zipkin.w3c_context else "USE_B3",
    )


def _datadog(datadog: Datadog) -> DatadogConfig:
    return DatadogConfig(
        collector_cluster=datadog.service.cluster,
        service_name=datadog.service_name,
        collector_hostname=datadog.service.hostname,
    )


def _sky_walking(sky_walking: SkyWalking) -> SkyWalkingConfig:
    return SkyWalkingConfig(grpc_service=GrpcService(envoy_grpc=envoy_grpc(sky_walking.service)))


def _open_telemetry(collector: OpenTelemetry) -> OpenTelemetryConfig:
    exporter = collector.exporter
    return OpenTelemetryConfig(
        http_service=http_service(exporter) if isinstance(exporter, HttpEndpoint) else None,
        grpc_service=grpc_service(exporter) if isinstance(exporter, GrpcEndpoint) else None,
        service_name=collector.service_name,
        resource_detectors=tuple(_DETECTORS[name] for name in collector.detectors),
        sampler=None if collector.sampler is None else _sampler(collector.sampler),
    )


def _sampler(sampler: Sampler) -> TypedExtensionConfig:
    return TypedExtensionConfig(
        name="envoy.tracers.opentelemetry.samplers.dynatrace",
        typed_config=DynatraceSamplerConfig(
            tenant=sampler.tenant,
            cluster_id=sampler.cluster_id,
            root_spans_per_minute=sampler.root_spans_per_minute,
            http_service=http_service(sampler.api),
        ),
    )
