"""The fault filter: first the delay, then the abort, each with its share of the requests."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from meshcompile.envoy.extensions.filters.common.fault import FaultDelay
from meshcompile.envoy.extensions.filters.http.fault import FaultAbort, HTTPFault
from meshcompile.envoy.type import FractionalPercent
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed
from meshcompile.simulate.header_match import all_hold
from meshcompile.simulate.outcomes import ProxyOutcome
from meshcompile.simulate.route_match import percent
from meshcompile.simulate.route_policies import seconds
from meshcompile.simulate.streams import HttpStream


def fault(filter_: HttpFilterConfig, course: Course) -> Passed:
    """All combinations of delays and aborts that can happen."""
    config = filter_.per_route if isinstance(filter_.per_route, HTTPFault) else filter_.config
    if not isinstance(config, HTTPFault) or not _applies(config, course):
        yield course
        return
    for delayed in _delayed(filter_, config.delay, course):
        yield from _aborted(filter_, config.abort, delayed)


def _applies(config: HTTPFault, course: Course) -> bool:
    if config.upstream_cluster and config.upstream_cluster != course.choice.cluster:
        return False
    if config.downstream_nodes and course.stream.headers.first("x-envoy-downstream-service-node") not in (
        config.downstream_nodes
    ):
        return False
    return all_hold(config.headers)(course.stream.headers)


def _delayed(filter_: HttpFilterConfig, delay: FaultDelay | None, course: Course) -> Iterator[Course]:
    duration = None if delay is None else _duration(delay, course.stream)
    if delay is None or not duration:
        yield course
        return
    header = "x-envoy-fault-delay-request-percentage" if delay.header_delay is not None else ""
    share = _share(delay.percentage, course.stream, header)
    if share:
        step = course.of(share).after("fault", filter_.name, f"delays by {duration:g}s", filter_.pointer)
        yield replace(step, delay=course.delay + duration, flags=(*course.flags, "DI"))
    if share < 1:
        yield course.of(1 - share)


def _duration(delay: FaultDelay, stream: HttpStream) -> float | None:
    if delay.header_delay is not None:
        wished = stream.headers.first("x-envoy-fault-delay-request")
        return int(wished) / 1000 if wished.isdecimal() else None
    return seconds(delay.fixed_delay)


def _share(percentage: FractionalPercent | None, stream: HttpStream, header: str) -> Fraction:
    """The share of faulty requests. A request may ask for less in a header."""
    configured = percent(percentage)
    wished = stream.headers.first(header)
    if not wished.isdecimal():
        return configured
    denominator = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
    unit = denominator[percentage.denominator] if percentage else 100
    return min(configured, Fraction(int(wished), unit))


def _aborted(filter_: HttpFilterConfig, abort: FaultAbort | None, course: Course) -> Iterable[Course | ProxyOutcome]:
    status = None if abort is None else _status(abort, course.stream)
    if abort is None or status is None:
        yield course
        return
    header = "x-envoy-fault-abort-request-percentage" if abort.header_abort is not None else ""
    share = _share(abort.percentage, course.stream, header)
    if share:
        step = course.of(share).after("fault", filter_.name, f"aborts with {status}", filter_.pointer)
        yield step.reply(status, "fault_filter_abort", "fault filter abort", flags=("FI",))
    if share < 1:
        yield course.of(1 - share)


def _status(abort: FaultAbort, stream: HttpStream) -> int | None:
    """The HTTP status of an abort. A status of gRPC comes with 200."""
    if abort.header_abort is not None:
        wished = stream.headers.first("x-envoy-fault-abort-request")
        if wished.isdecimal() and 200 <= int(wished) < 600:
            return int(wished)
        grpc = stream.headers.first("x-envoy-fault-abort-grpc-request")
        return 200 if grpc.isdecimal() else None
    return 200 if abort.grpc_status is not None else abort.http_status
