"""Requests of gRPC, and the responses that proxies make for them."""

from meshcompile.simulate.header_map import HeaderMap

UNKNOWN = 2
STATUSES = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}


def is_grpc(headers: HeaderMap) -> bool:
    """Whether a request is one of gRPC."""
    content_type = headers.joined("content-type") or ""
    return content_type == "application/grpc" or content_type.startswith("application/grpc+")


def grpc_status(http_status: int, headers: HeaderMap) -> int | None:
    """The status of gRPC for a response of the proxy; None for requests that are not of gRPC."""
    return STATUSES.get(http_status, UNKNOWN) if is_grpc(headers) else None
