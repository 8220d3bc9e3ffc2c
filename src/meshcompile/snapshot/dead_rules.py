"""Rules of VirtualServices that have no effect on any proxy, or not the intended effect."""

from collections.abc import Iterator

from meshcompile.codes.http_rules import EMPTY_MATCH
from meshcompile.codes.routes import (
    FAULT_WITHOUT_EFFECT,
    MATCH_FOR_OTHER_GATEWAYS,
    REDIRECT_CODE_UNSUPPORTED,
    UNREACHABLE_RULE,
)
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import (
    HTTPMatchRequest,
    HTTPRoute,
    L4MatchAttributes,
    TLSMatchAttributes,
)
from meshcompile.snapshot.virtual_services import MergedVirtualService

# The redirect codes of Envoy; 0 means that none is set.
REDIRECT_CODES = frozenset({0, 301, 302, 303, 307, 308})
# An empty `uri: {}`.
UNSPECIFIED = StringMatch()


def dead_rules(virtual_service: MergedVirtualService) -> Iterator[Diagnostic]:
    """Findings about the rules of a VirtualService that do not depend on the proxy."""
    yield from _unreachable(virtual_service)
    yield from _for_other_gateways(virtual_service)
    for rule in virtual_service.http:
        yield from _without_effect(rule)


def _unreachable(virtual_service: MergedVirtualService) -> Iterator[Diagnostic]:
    """Rules and matches after one that matches every request of every proxy."""
    taken: Origin | None = None
    for rule in virtual_service.http:
        if taken is not None:
            yield _after(rule, taken)
            continue
        empty = _empty_item(rule)
        if empty is not None:
            yield EMPTY_MATCH(empty, suggestion="remove the item, or its dash if it begins the next one")
        for match in rule.match or (None,):
            if match is not None and taken is not None:
                if empty is None:
                    yield _after(match, taken)
            elif takes_every_request(match) and applies_everywhere(match):
                taken = rule.origin if match is None else match.origin


def _empty_item(rule: HTTPRoute) -> HTTPMatchRequest | None:
    """A match without any condition that stands beside others."""
    if len(rule.match) < 2:
        return None
    return next((match for match in rule.match if match == HTTPMatchRequest(name=match.name)), None)


def _after(unreachable: HTTPRoute | HTTPMatchRequest, taken: Origin) -> Diagnostic:
    return UNREACHABLE_RULE(unreachable, related=(Related("this matches every request", taken),))


def _for_other_gateways(virtual_service: MergedVirtualService) -> Iterator[Diagnostic]:
    """Matches that only name gateways to which the VirtualService is not bound."""
    for match in _matches(virtual_service):
        if match.gateways and not set(match.gateways) & set(virtual_service.gateways):
            yield MATCH_FOR_OTHER_GATEWAYS(
                match.at("gateways"),
                gateways=", ".join(match.gateways),
                bound=", ".join(virtual_service.gateways),
                related=(Related("bound here", virtual_service.origin.at("spec")),),
            )


def _matches(
    virtual_service: MergedVirtualService,
) -> Iterator[HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes]:
    for http in virtual_service.http:
        yield from http.match
    for tls in virtual_service.tls:
        yield from tls.match
    for tcp in virtual_service.tcp:
        yield from tcp.match


def _without_effect(rule: HTTPRoute) -> Iterator[Diagnostic]:
    if rule.redirect is not None and rule.redirect.redirect_code not in REDIRECT_CODES:
        yield REDIRECT_CODE_UNSUPPORTED(rule.redirect, code=rule.redirect.redirect_code)
    if rule.fault is None:
        return
    delay, abort = rule.fault.delay, rule.fault.abort
    if delay is not None and delay.fixed_delay is None:
        yield FAULT_WITHOUT_EFFECT(delay, fault="delay", missing="fixedDelay")
    if abort is not None and abort.http_status is None and abort.grpc_status is None:
        yield FAULT_WITHOUT_EFFECT(abort, fault="abort", missing="httpStatus or grpcStatus")


def takes_every_request(match: HTTPMatchRequest | None) -> bool:
    """True if a match accepts every request where it applies: prefix `/` or regex `.*`, and no further condition.

    Follows istiod's `IsCatchAllRoute`: prefix "" and regex `/.*` match the same requests, but do not count.
    """
    if match is None:
        return True
    conditions = match.headers or match.without_headers or match.query_params
    if conditions or match.method is not None or match.authority is not None or match.scheme is not None:
        return False
    uri = match.uri
    return uri is None or uri.prefix == "/" or uri.regex == ".*" or uri == UNSPECIFIED


def applies_everywhere(match: HTTPMatchRequest | None) -> bool:
    """True if a match applies to every proxy and port."""
    return match is None or not (match.port or match.gateways or match.source_labels or match.source_namespace)
