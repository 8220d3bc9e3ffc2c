"""What a client wants and has, and what a request makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.serve.discovery import Answered, DeltaRequest, SotwRequest, XdsRequest
from meshcompile.serve.resumed_clusters import clusters_version, stand_ins, undiscovered_names
from meshcompile.serve.xds_resources import (
    CLUSTERS,
    ENDPOINTS,
    LISTENERS,
    ROUTES,
    STATE_OF_THE_WORLD,
    ResourceSet,
    ServedResources,
    XdsResource,
)

EVERYTHING = "*"
Held = Mapping[str, XdsResource]


class XdsProtocol(StrEnum):
    """The variant of the protocol: every response has the state of the world, or what changed."""

    SOTW = "sotw"
    DELTA = "delta"


class Subscription(Struct, frozen=True):
    """What a client wants of a type, and what it was sent.

    `held` are the resources that the client has if it accepts everything, with those that leave later. `nonce` is that
    of the last response, and `is_answered` whether the client has acknowledged or rejected it. `accepted` is the
    version of the last response that it acknowledged. `error` is the reason for which it rejected the last one.
    `is_owed` holds for a client that came back until its first request is answered. With `is_warming`, the client
    answers only once it has no stand-ins any more.
    """

    is_wildcard: bool = False
    names: frozenset[str] = frozenset()
    held: Held = {}
    nonce: str = ""
    version: str = ""
    is_answered: bool = True
    accepted: str = ""
    error: str | None = None
    is_owed: bool = False
    is_warming: bool = False

    def wanted(self, everything: ResourceSet) -> Held:
        """The resources that the client should have. The whole set itself if these are all."""
        resources = everything.resources
        if self.held is resources:
            return resources
        if self.is_wildcard or self.names >= resources.keys():
            return resources
        return {name: resources[name] for name in self.names if name in resources}


class StreamState(Struct, frozen=True):
    """A stream. `responses` is their number so far, from which nonces are made.

    `has_resumed` holds for a client that came back with resources, until it has subscribed to everything again. `rests`
    are those in which it has not asked for clusters.
    """

    protocol: XdsProtocol
    subscriptions: Mapping[str, Subscription] = {}
    responses: int = 0
    has_resumed: bool = False
    rests: int = 0

    def with_subscription(self, type_url: str, subscription: Subscription) -> StreamState:
        return replace(self, subscriptions={**self.subscriptions, type_url: subscription})


class Asked(Struct, frozen=True):
    """A state after a request, and what must be answered even if the client has it.

    `names` of the type `type_url` are sent. With `must_answer`, there is a response even without resources.
    """

    state: StreamState
    type_url: str = ""
    names: frozenset[str] = frozenset()
    must_answer: bool = False


def asked(state: StreamState, request: XdsRequest, resources: ServedResources) -> Asked:
    """The state after a request."""
    match request:
        case SotwRequest():
            found = _asked_sotw(state, request, resources)
        case DeltaRequest():
            found = _asked_delta(state, request)
    return replace(found, state=_with_shared_names(found.state, request.type_url, resources))


def _with_shared_names(state: StreamState, type_url: str, resources: ServedResources) -> StreamState:
    """The state without copies of the names that the resources have, of which a client may name thousands."""
    subscription = state.subscriptions[type_url]
    names = resources.sets[type_url].shared_names(subscription.names)
    return (
        state if names is subscription.names else state.with_subscription(type_url, replace(subscription, names=names))
    )


def _asked_sotw(state: StreamState, request: SotwRequest, resources: ServedResources) -> Asked:
    """The state after a request without delta. One with an earlier nonce is stale: it changes nothing."""
    before = state.subscriptions.get(request.type_url)
    names = frozenset(request.names)
    if before is None and request.version and request.type_url in _RESUMED:
        return Asked(_resumed_sotw(state, request, resources))
    if before is None or not request.answered.nonce:
        is_wildcard = EVERYTHING in names or (not names and request.type_url in STATE_OF_THE_WORLD)
        first = Subscription(is_wildcard, names - {EVERYTHING})
        return Asked(state.with_subscription(request.type_url, first), request.type_url, must_answer=True)
    if request.answered.nonce != before.nonce:
        return Asked(state)
    is_wildcard = EVERYTHING in names or (not names and before.is_wildcard)
    now = _with_names(_after(before, request.answered), is_wildcard, names - {EVERYTHING})
    return Asked(state.with_subscription(request.type_url, now))


def _resumed_sotw(state: StreamState, request: SotwRequest, resources: ServedResources) -> StreamState:
    """The state after the first request of a client that came back: it may have everything, or is owed an answer."""
    names = frozenset(request.names)
    everything = resources.sets[request.type_url]
    is_wildcard = EVERYTHING in names or (not names and request.type_url in STATE_OF_THE_WORLD)
    first = Subscription(is_wildcard, names - {EVERYTHING}, accepted=request.version)
    if request.type_url in STATE_OF_THE_WORLD and request.version == response_version(
        request.type_url, first.wanted(everything), resources
    ):
        same = replace(first, held=first.wanted(everything), version=request.version)
        return _seen(state.with_subscription(request.type_url, same))
    held = stand_ins(undiscovered_names(request.version)) if request.type_url == CLUSTERS else {}
    owed = state.with_subscription(request.type_url, replace(first, held=held, is_owed=True))
    return _seen(replace(owed, has_resumed=True))


def _seen(state: StreamState) -> StreamState:
    """The state in which a client has subscribed to everything if it has subscribed to all types in question."""
    return replace(state, has_resumed=state.has_resumed and not state.subscriptions.keys() >= _RESUMED)


_RESUMED = frozenset({CLUSTERS, ENDPOINTS, LISTENERS, ROUTES})
"""The types in which a client that comes back may still use what it has."""


def _asked_delta(state: StreamState, request: DeltaRequest) -> Asked:
    """The state after a request with delta. Subscriptions count in every request, also in one with a stale nonce."""
    before = state.subscriptions.get(request.type_url)
    if before is None:
        return _first_delta(state, request)
    subscribed = frozenset(request.subscribe)
    answered = _after(before, request.answered) if request.answered.nonce == before.nonce else before
    is_wildcard = (before.is_wildcard or EVERYTHING in subscribed) and EVERYTHING not in request.unsubscribe
    names = (before.names | subscribed).difference(request.unsubscribe) - {EVERYTHING}
    now = _with_names(answered, is_wildcard, names)
    asked = subscribed - {EVERYTHING}
    return Asked(state.with_subscription(request.type_url, now), request.type_url, asked, must_answer=bool(subscribed))


def _first_delta(state: StreamState, request: DeltaRequest) -> Asked:
    """The state after the first request for a type. A client that comes back says what it has."""
    subscribed = frozenset(request.subscribe)
    is_wildcard = EVERYTHING in subscribed or (not subscribed and request.type_url in STATE_OF_THE_WORLD)
    held = {name: XdsResource(name, version) for name, version in request.initial.items()}
    first = Subscription(is_wildcard, subscribed - {EVERYTHING}, held)
    asked = subscribed - {EVERYTHING} - (frozenset() if _warms(state, request) else held.keys())
    has_resumed = state.has_resumed or bool(held)
    return Asked(
        replace(state.with_subscription(request.type_url, first), has_resumed=has_resumed),
        request.type_url,
        asked,
        must_answer=not held,
    )


def _warms(state: StreamState, request: DeltaRequest) -> bool:
    """Whether a client asks for endpoints after it was sent clusters: it warms these with endpoints that it has."""
    clusters = state.subscriptions.get(CLUSTERS)
    return request.type_url == ENDPOINTS and clusters is not None and not clusters.is_answered


def _after(subscription: Subscription, answered: Answered) -> Subscription:
    """The subscription after the answer to its last response."""
    if answered.error is not None:
        return replace(subscription, is_answered=True, error=answered.error)
    return replace(subscription, is_answered=True, error=None, accepted=subscription.version)


def _with_names(subscription: Subscription, is_wildcard: bool, names: frozenset[str]) -> Subscription:
    """The subscription to these names. The client forgets what it does not ask for any more."""
    if is_wildcard == subscription.is_wildcard and names == subscription.names:
        return subscription
    held = subscription.held
    if not is_wildcard and not names >= held.keys():
        held = {name: resource for name, resource in held.items() if name in names}
    return replace(subscription, is_wildcard=is_wildcard, names=names, held=held)


def response_version(type_url: str, held: Held, resources: ServedResources) -> str:
    """The version of a response in the state of the world, after which the client has these resources."""
    version = resources.sets[type_url].version
    if type_url != CLUSTERS:
        return version
    return clusters_version(version, held.keys() - resources.sets[ENDPOINTS].resources.keys())
