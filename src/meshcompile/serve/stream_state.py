"""One stream of aggregated discovery as a value: what its client subscribed to and has.

A step takes the state, an event and the resources that the proxy should have, and returns the next state with the
responses to send. There is no IO, so every order of events can be tried.

- `requested`: the client subscribes, acknowledges or rejects. `pushed`: the resources changed. `rested`: nothing
  happened for a while.
- Pushes are in the order of PUSH_ORDER. Envoy warms a changed cluster until it gets its endpoints again, and a changed
  listener until it gets its routes, so both are sent again even if they are unchanged.
- Clusters and endpoints leave last: they stay until the client has accepted the listeners and routes that do not need
  them. If it rejects those, its old routes need the old clusters.
- Listeners and routes wait until the client has answered for the clusters and endpoints that they may need, but not
  longer than until `rested`. Endpoints never wait, because Envoy may answer for clusters only once it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.serve.discovery import Answered, DeltaRequest, SotwRequest, XdsRequest, XdsResponse
from meshcompile.serve.xds_resources import (
    CLUSTERS,
    ENDPOINTS,
    LISTENERS,
    PUSH_ORDER,
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
    """

    is_wildcard: bool = False
    names: frozenset[str] = frozenset()
    held: Held = {}
    nonce: str = ""
    version: str = ""
    is_answered: bool = True
    accepted: str = ""
    error: str | None = None

    def wanted(self, everything: ResourceSet) -> Held:
        """The resources that the client should have. The whole set itself if these are all."""
        resources = everything.resources
        if self.is_wildcard or self.names >= resources.keys():
            return resources
        return {name: resources[name] for name in self.names if name in resources}


class StreamState(Struct, frozen=True):
    """A stream. `responses` is their number so far, from which nonces are made.

    `has_resumed` holds for a client that came back with resources, until it has subscribed to everything again.
    """

    protocol: XdsProtocol
    subscriptions: Mapping[str, Subscription] = {}
    responses: int = 0
    has_resumed: bool = False

    def with_subscription(self, type_url: str, subscription: Subscription) -> StreamState:
        return replace(self, subscriptions={**self.subscriptions, type_url: subscription})


class StreamStep(Struct, frozen=True):
    """The next state of a stream, and the responses to send, in order."""

    state: StreamState
    responses: tuple[XdsResponse, ...] = ()

    def then(self, following: StreamStep) -> StreamStep:
        """Both steps as one."""
        return StreamStep(following.state, (*self.responses, *following.responses))


def requested(state: StreamState, request: XdsRequest, resources: ServedResources) -> StreamStep:
    """The answer to a request. A type that the server does not know has no answer."""
    if request.type_url not in resources.sets:
        return StreamStep(state)
    match request:
        case SotwRequest():
            asked = _asked_sotw(state, request)
        case DeltaRequest():
            asked = _asked_delta(state, request)
    return _converged(asked, resources)


def pushed(state: StreamState, resources: ServedResources) -> StreamStep:
    """The responses after the resources changed: none if the client has everything."""
    return _converged(_Asked(state), resources)


def rested(state: StreamState, resources: ServedResources) -> StreamStep:
    """A client that came back has subscribed to everything: what it does not need any more may leave."""
    return _converged(_Asked(replace(state, has_resumed=False)), resources, waits=False)


def is_waiting(state: StreamState) -> bool:
    """Whether `rested` may have something to do."""
    return state.has_resumed or not _is_answered(state)


class _Asked(Struct, frozen=True):
    """A state after a request, and what must be answered even if the client has it.

    `names` of the type `type_url` are sent. With `must_answer`, there is a response even without resources.
    """

    state: StreamState
    type_url: str = ""
    names: frozenset[str] = frozenset()
    must_answer: bool = False


def _asked_sotw(state: StreamState, request: SotwRequest) -> _Asked:
    """The state after a request without delta. One with an earlier nonce is stale: it changes nothing."""
    before = state.subscriptions.get(request.type_url)
    names = frozenset(request.names)
    if before is None or not request.answered.nonce:
        is_wildcard = EVERYTHING in names or (not names and request.type_url in STATE_OF_THE_WORLD)
        first = Subscription(is_wildcard, names - {EVERYTHING})
        return _Asked(state.with_subscription(request.type_url, first), request.type_url, must_answer=True)
    if request.answered.nonce != before.nonce:
        return _Asked(state)
    is_wildcard = EVERYTHING in names or (not names and before.is_wildcard)
    now = _with_names(_after(before, request.answered), is_wildcard, names - {EVERYTHING})
    return _Asked(state.with_subscription(request.type_url, now))


def _asked_delta(state: StreamState, request: DeltaRequest) -> _Asked:
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
    return _Asked(state.with_subscription(request.type_url, now), request.type_url, asked, must_answer=bool(subscribed))


def _first_delta(state: StreamState, request: DeltaRequest) -> _Asked:
    """The state after the first request for a type. A client that comes back says what it has."""
    subscribed = frozenset(request.subscribe)
    is_wildcard = EVERYTHING in subscribed or (not subscribed and request.type_url in STATE_OF_THE_WORLD)
    held = {name: XdsResource(name, version) for name, version in request.initial.items()}
    first = Subscription(is_wildcard, subscribed - {EVERYTHING}, held)
    asked = subscribed - {EVERYTHING} - held.keys()
    has_resumed = state.has_resumed or bool(held)
    return _Asked(
        replace(state.with_subscription(request.type_url, first), has_resumed=has_resumed),
        request.type_url,
        asked,
        must_answer=not held,
    )


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


def _converged(asked: _Asked, resources: ServedResources, waits: bool = True) -> StreamStep:
    """The responses after which the client has what it should have, type by type."""
    step = StreamStep(asked.state)
    keeps = asked.state.has_resumed or not _is_settled(asked.state, resources)
    again = {asked.type_url: asked.names}
    for type_url in PUSH_ORDER:
        subscription = step.state.subscriptions.get(type_url)
        if subscription is None or (waits and _must_wait(step.state, type_url, asked, resources)):
            continue
        push = _Push.of(subscription, resources.sets[type_url], again.get(type_url, frozenset()))
        must_answer = asked.must_answer and type_url == asked.type_url
        step = step.then(push.step(step.state, type_url, keeps and type_url in (CLUSTERS, ENDPOINTS), must_answer))
        if dependents := _DEPENDENTS.get(type_url):
            again[dependents] = again.get(dependents, frozenset()) | _dependent_names(step.state, push, dependents)
    return step


def _must_wait(state: StreamState, type_url: str, asked: _Asked, resources: ServedResources) -> bool:
    """Whether a type that the client has already waits for clusters or endpoints."""
    is_asked = type_url == asked.type_url and (asked.must_answer or bool(asked.names))
    if type_url not in (LISTENERS, ROUTES) or is_asked:
        return False
    return bool(state.subscriptions[type_url].held) and not _is_warm(state, resources)


def _is_warm(state: StreamState, resources: ServedResources) -> bool:
    """Whether the client has answered for clusters and endpoints, and knows all endpoints that it needs."""
    clusters, endpoints = state.subscriptions.get(CLUSTERS), state.subscriptions.get(ENDPOINTS)
    if clusters is None or endpoints is None:
        return True
    discovering = resources.sets[ENDPOINTS].resources.keys() & clusters.held.keys()
    return _is_answered(state) and (endpoints.is_wildcard or endpoints.names >= discovering)


def _is_answered(state: StreamState) -> bool:
    answers = (state.subscriptions.get(type_url) for type_url in (CLUSTERS, ENDPOINTS))
    return all(subscription.is_answered for subscription in answers if subscription is not None)


_DEPENDENTS = {CLUSTERS: ENDPOINTS, LISTENERS: ROUTES}
"""The type that Envoy needs again to warm a changed resource."""


def _dependent_names(state: StreamState, push: _Push, dependents: str) -> frozenset[str]:
    """The names to send again: the endpoints of changed clusters, and all routes if a listener changed."""
    subscription = state.subscriptions.get(dependents)
    if subscription is None or not push.changed:
        return frozenset()
    known = frozenset(subscription.held)
    return known & push.changed.keys() if dependents == ENDPOINTS else known


def _is_settled(state: StreamState, resources: ServedResources) -> bool:
    """Whether the client has accepted the listeners and routes that it should have."""
    return all(
        subscription.is_answered
        and subscription.error is None
        and not _changed(subscription.held, subscription.wanted(resources.sets[type_url]))
        for type_url in (LISTENERS, ROUTES)
        if (subscription := state.subscriptions.get(type_url)) is not None
    )


def _changed(held: Held, wanted: Held) -> Held:
    """The wanted resources that are not held in their version."""
    if held is wanted:
        return {}
    return {
        name: resource
        for name, resource in wanted.items()
        if (known := held.get(name)) is not resource and (known is None or known.version != resource.version)
    }


class _Push(Struct, frozen=True):
    """What may be sent of a type: changed resources, those to send again, missing and leaving ones."""

    subscription: Subscription
    version: str
    wanted: Held
    changed: Held
    again: Held
    missing: frozenset[str]
    leaving: Held

    @classmethod
    def of(cls, subscription: Subscription, everything: ResourceSet, again: frozenset[str]) -> _Push:
        wanted, held = subscription.wanted(everything), subscription.held
        return cls(
            subscription,
            everything.version,
            wanted,
            _changed(held, wanted),
            {name: wanted[name] for name in again if name in wanted},
            frozenset(name for name in again if name not in wanted),
            {} if held is wanted else {name: each for name, each in held.items() if name not in wanted},
        )

    def step(self, state: StreamState, type_url: str, keeps: bool, must_answer: bool) -> StreamStep:
        """The response, if there is anything to say. With `keeps`, what leaves stays for now."""
        gone = {} if keeps else self.leaving
        if not (self.changed or self.again or self.missing or gone or must_answer):
            return StreamStep(state)
        held = {**self.wanted, **self.leaving} if keeps and self.leaving else self.wanted
        response = XdsResponse(type_url, str(state.responses + 1), self.version, *self._content(state, type_url, held))
        if not (response.resources or response.removed or must_answer or type_url in STATE_OF_THE_WORLD):
            return StreamStep(state.with_subscription(type_url, replace(self.subscription, held=held)))
        sent = replace(self.subscription, held=held, nonce=response.nonce, version=self.version, is_answered=False)
        counted = replace(state, responses=state.responses + 1)
        return StreamStep(counted.with_subscription(type_url, sent), (response,))

    def _content(
        self, state: StreamState, type_url: str, held: Held
    ) -> tuple[tuple[XdsResource, ...], tuple[str, ...]]:
        """The resources of the response, and the names that it removes."""
        named = {**self.changed, **self.again}
        if state.protocol is XdsProtocol.DELTA:
            removed = self.missing.union(name for name in self.leaving if name not in held)
            return tuple(named.values()), tuple(sorted(removed))
        return tuple((held if type_url in STATE_OF_THE_WORLD else named).values()), ()
