"""What a route says about timeouts, retries, copies and hashes."""

from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct

from meshcompile.envoy.config.route import (
    RetryPolicy,
    RouteAction,
    RouteActionHashPolicy,
    RouteActionRequestMirrorPolicy,
    VirtualHost,
)
from meshcompile.simulate.grpc import is_grpc
from meshcompile.simulate.route_match import percent
from meshcompile.simulate.streams import HttpStream

DEFAULT_TIMEOUT = 15.0
MIRROR_SUFFIX = "-shadow"


class RequestMirror(Struct, frozen=True):
    """A copy of the request. `share` is the share of requests that are copied."""

    cluster: str
    share: Fraction
    authority: str
    pointer: str


class RetryRules(Struct, frozen=True):
    """When a request is tried again. `attempts` counts the tries after the first one."""

    conditions: tuple[str, ...]
    attempts: int
    per_try_timeout: float | None
    status_codes: tuple[int, ...]
    pointer: str


class RoutePolicies(Struct, frozen=True):
    """What a route says about a request that it forwards. Times are in seconds; None means no limit."""

    timeout: float | None
    retries: RetryRules | None = None
    mirrors: tuple[RequestMirror, ...] = ()
    hashes: tuple[str, ...] = ()
    priority: str = "DEFAULT"


def route_policies(action: RouteAction, host: VirtualHost, stream: HttpStream, pointer: str) -> RoutePolicies:
    """The policies of a route, after what headers of the request change. `pointer` is the place of the route."""
    return RoutePolicies(
        timeout=_timeout(action, stream),
        retries=_retries(action, host, stream, pointer),
        mirrors=tuple(_mirrors(action, host, stream, pointer)),
        hashes=tuple(map(_hashed, action.hash_policy)),
        priority=action.priority,
    )


def seconds(duration: str | None) -> float | None:
    """The seconds of a protobuf duration; None for None."""
    return None if duration is None else float(duration.removesuffix("s"))


def _timeout(action: RouteAction, stream: HttpStream) -> float | None:
    given = seconds(action.timeout)
    timeout = DEFAULT_TIMEOUT if given is None else given
    if action.max_stream_duration is not None and is_grpc(stream.headers):
        longest = seconds(action.max_stream_duration.grpc_timeout_header_max)
        wanted = _grpc_timeout(stream.headers.first("grpc-timeout"))
        if longest is not None and wanted is not None:
            timeout = wanted if not longest else min(wanted, longest)
    wished = stream.headers.first("x-envoy-upstream-rq-timeout-ms")
    if wished.isdecimal():
        timeout = int(wished) / 1000
    return timeout or None


UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def _grpc_timeout(text: str) -> float | None:
    return int(text[:-1]) * UNITS[text[-1]] if text[:-1].isdecimal() and text[-1] in UNITS else None


def _retries(action: RouteAction, host: VirtualHost, stream: HttpStream, pointer: str) -> RetryRules | None:
    """The rules of the route, else of the virtual host, and what the request asks for in headers."""
    own = action.retry_policy
    policy = own or host.retry_policy or RetryPolicy()
    place = f"{pointer}/route/retryPolicy" if own else f"{pointer.rpartition('/routes/')[0]}/retryPolicy"
    wished = [stream.headers.first(name) for name in ("x-envoy-retry-on", "x-envoy-retry-grpc-on")]
    conditions = tuple(dict.fromkeys(filter(None, ",".join((policy.retry_on, *wished)).split(","))))
    if not conditions:
        return None
    most = stream.headers.first("x-envoy-max-retries")
    attempts = 1 if policy.num_retries is None else policy.num_retries
    return RetryRules(
        conditions=conditions,
        attempts=int(most) if most.isdecimal() else attempts,
        per_try_timeout=seconds(policy.per_try_timeout) or None,
        status_codes=policy.retriable_status_codes,
        pointer=place,
    )


def _mirrors(action: RouteAction, host: VirtualHost, stream: HttpStream, pointer: str) -> Iterator[RequestMirror]:
    own = action.request_mirror_policies
    place = f"{pointer}/route" if own else pointer.rpartition("/routes/")[0]
    for index, mirror in enumerate(own or host.request_mirror_policies):
        fraction = mirror.runtime_fraction
        yield RequestMirror(
            mirror.cluster or stream.headers.first(mirror.cluster_header),
            percent(fraction.default_value) if fraction else Fraction(1),
            _mirror_authority(mirror, stream.authority),
            f"{place}/requestMirrorPolicies/{index}",
        )


def _mirror_authority(mirror: RouteActionRequestMirrorPolicy, authority: str) -> str:
    if mirror.host_rewrite_literal:
        return mirror.host_rewrite_literal
    if mirror.disable_shadow_host_suffix_append:
        return authority
    at = authority.rfind(":")
    if at < 0 or authority.rfind("]") > at:
        return authority + MIRROR_SUFFIX
    return f"{authority[:at]}{MIRROR_SUFFIX}{authority[at:]}"


def _hashed(policy: RouteActionHashPolicy) -> str:
    """What a hash policy hashes, in words."""
    match policy:
        case RouteActionHashPolicy(header=header) if header is not None:
            return f"header {header.header_name}"
        case RouteActionHashPolicy(cookie=cookie) if cookie is not None:
            return f"cookie {cookie.name}"
        case RouteActionHashPolicy(query_parameter=parameter) if parameter is not None:
            return f"parameter {parameter.name}"
        case RouteActionHashPolicy(filter_state=state) if state is not None:
            return f"filter state {state.key}"
        case _:
            return "source address"
