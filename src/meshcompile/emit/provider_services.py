"""The services of extension providers, as Envoy calls them."""

from meshcompile.envoy.config.core import (
    GrpcService,
    GrpcServiceEnvoyGrpc,
    HeaderValue,
    HeaderValueOption,
    HttpService,
    HttpUri,
)
from meshcompile.resolve.security.providers import ProviderService
from meshcompile.resolve.telemetry.tracers import GrpcEndpoint, HttpEndpoint


def envoy_grpc(service: ProviderService) -> GrpcServiceEnvoyGrpc:
    return GrpcServiceEnvoyGrpc(cluster_name=service.cluster, authority=service.hostname)


def grpc_service(endpoint: GrpcEndpoint) -> GrpcService:
    """A gRPC service, with the initial metadata of its calls."""
    return GrpcService(
        envoy_grpc=envoy_grpc(endpoint.service),
        timeout=None if endpoint.timeout is None else endpoint.timeout.json,
        initial_metadata=tuple(HeaderValue(key=name, value=value) for name, value in endpoint.metadata),
    )


def http_service(endpoint: HttpEndpoint) -> HttpService:
    """An HTTP URI, with the headers of its requests."""
    timeout = None if endpoint.timeout is None else endpoint.timeout.json
    return HttpService(
        http_uri=HttpUri(uri=endpoint.uri, cluster=endpoint.cluster, timeout=timeout),
        request_headers_to_add=tuple(
            HeaderValueOption(header=HeaderValue(key=name, value=value), append_action="OVERWRITE_IF_EXISTS_OR_ADD")
            for name, value in endpoint.headers
        ),
    )
