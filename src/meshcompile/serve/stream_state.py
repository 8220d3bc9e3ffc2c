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
- A client that comes back has resources. With delta it says which. With the state of the world, the answer for clusters
  waits for the names of endpoints, so that what leaves can stay for now (`resumed_clusters`).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.serve.discovery import XdsRequest, XdsResponse
from meshcompile.serve.resumed_clusters import UNKNOWN, WARMING, endpoints_instead, stand_ins
from meshcompile.serve.subscriptions import (
    Asked,
    Held,
    StreamState,
    Subscription,
    XdsProtocol,
    asked,
    response_version,
)
from meshcompile.serve.xds_resources import (
    CLUSTERS,
    ENDPOINTS,
    LISTENERS,
    PUSH_ORDER,
    ROUTES,
    STATE_OF_THE_WORLD,
    ServedResources,
)

REST = 3.0
"""The number of seconds without a request after which a client that came back has subscribed to everything."""
RESTS = int(WARMING / REST) + 1
"""The number of rests after which no client is warming clusters of an earlier stream any more."""


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
    return _converged(asked(state, request, resources), resources)


def pushed(state: StreamState, resources: ServedResources) -> StreamStep:
    """The responses after the resources changed: none if the client has everything."""
    return _converged(Asked(state), resources)


def rested(state: StreamState, resources: ServedResources) -> StreamStep:
    """A client that came back has subscribed to everything: what it does not need any more may leave.

    If it is owed clusters, listeners and routes still wait for them. If it asks for endpoints alone, it is warming the
    clusters of an earlier stream, and gets endpoints for all of them.
    """
    clusters = state.subscriptions.get(CLUSTERS)
    if _asks_for_endpoints_alone(state) and state.rests < RESTS:
        counted = replace(state, rests=state.rests + 1)
        return StreamStep(counted) if state.rests else _with_all_endpoints(counted, resources)
    waits = clusters is not None and clusters.is_owed
    return _converged(Asked(replace(state, has_resumed=False)), resources, waits)


def _asks_for_endpoints_alone(state: StreamState) -> bool:
    return ENDPOINTS in state.subscriptions and CLUSTERS not in state.subscriptions


def _with_all_endpoints(state: StreamState, resources: ServedResources) -> StreamStep:
    """The endpoints of all clusters that the client asks for, also of those that it has already or that have left."""
    subscription, everything = state.subscriptions[ENDPOINTS], resources.sets[ENDPOINTS]
    held = subscription.wanted(everything)
    others = subscription.names - held.keys()
    removed = tuple(sorted(others)) if state.protocol is XdsProtocol.DELTA else ()
    if not removed:
        held = {**held, **endpoints_instead(others, everything.resources)}
    nonce = str(state.responses + 1)
    sent = replace(subscription, held=held, nonce=nonce, version=everything.version, is_answered=False)
    response = XdsResponse(ENDPOINTS, nonce, everything.version, tuple(held.values()), removed)
    counted = replace(state, responses=state.responses + 1)
    return StreamStep(counted.with_subscription(ENDPOINTS, sent), (response,))


def is_waiting(state: StreamState) -> bool:
    """Whether `rested` may have something to do."""
    return state.has_resumed or not _is_answered(state) or (_asks_for_endpoints_alone(state) and not state.rests)


def _converged(request: Asked, resources: ServedResources, waits: bool = True) -> StreamStep:
    """The responses after which the client has what it should have, type by type."""
    step = StreamStep(_with_stand_ins(request.state))
    keeps = request.state.has_resumed or not _is_settled(request.state, resources)
    again = {request.type_url: request.names}
    for type_url in PUSH_ORDER:
        subscription = step.state.subscriptions.get(type_url)
        if subscription is None:
            continue
        if waits and _must_wait(step.state, type_url, request, resources):
            step = replace(step, state=_owing(step.state, type_url, request))
            continue
        owed = subscription.names if subscription.is_owed else frozenset()
        push = _Push.of(subscription, resources, type_url, owed | again.get(type_url, frozenset()))
        must_answer = subscription.is_owed or (request.must_answer and type_url == request.type_url)
        step = step.then(push.step(step.state, keeps and type_url in (CLUSTERS, ENDPOINTS), must_answer))
        if dependents := _DEPENDENTS.get(type_url):
            again[dependents] = again.get(dependents, frozenset()) | _dependent_names(step.state, push, dependents)
    return step


def _with_stand_ins(state: StreamState) -> StreamState:
    """The state in which a client that is owed clusters has those whose endpoints it asks for."""
    clusters, endpoints = state.subscriptions.get(CLUSTERS), state.subscriptions.get(ENDPOINTS)
    if clusters is None or endpoints is None or not clusters.is_owed:
        return state
    return state.with_subscription(CLUSTERS, replace(clusters, held={**clusters.held, **stand_ins(endpoints.names)}))


def _must_wait(state: StreamState, type_url: str, request: Asked, resources: ServedResources) -> bool:
    """Whether a type that the client has already waits: for clusters or endpoints, or clusters for names."""
    subscription = state.subscriptions[type_url]
    if type_url == CLUSTERS:
        return subscription.is_owed and state.has_resumed and ENDPOINTS not in state.subscriptions
    if type_url not in (LISTENERS, ROUTES):
        return False
    if state.has_resumed and _asks_for_endpoints_alone(state):
        return True
    return (
        not _is_asked(type_url, request)
        and (subscription.is_owed or bool(subscription.held))
        and not _is_warm(state, resources)
    )


def _is_asked(type_url: str, request: Asked) -> bool:
    return type_url == request.type_url and (request.must_answer or bool(request.names))


def _owing(state: StreamState, type_url: str, request: Asked) -> StreamState:
    """The state in which an answer that waits is not forgotten."""
    subscription = state.subscriptions[type_url]
    if subscription.is_owed or not _is_asked(type_url, request):
        return state
    return state.with_subscription(type_url, replace(subscription, is_owed=True))


def _is_warm(state: StreamState, resources: ServedResources) -> bool:
    """Whether the client has answered for clusters and endpoints, and knows all endpoints that it needs."""
    clusters, endpoints = state.subscriptions.get(CLUSTERS), state.subscriptions.get(ENDPOINTS)
    if not _is_answered(state) or (state.has_resumed and _asks_for_endpoints_alone(state)):
        return False
    if clusters is None or endpoints is None or endpoints.is_wildcard:
        return True
    known = resources.sets[ENDPOINTS]
    return endpoints.names is known.names or endpoints.names >= known.resources.keys() & clusters.held.keys()


def _is_answered(state: StreamState) -> bool:
    answers = (state.subscriptions.get(type_url) for type_url in (CLUSTERS, ENDPOINTS))
    return all((each.is_answered or each.is_warming) and not each.is_owed for each in answers if each is not None)


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
        and not subscription.is_owed
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

    type_url: str
    subscription: Subscription
    resources: ServedResources
    wanted: Held
    changed: Held
    again: Held
    missing: frozenset[str]
    leaving: Held

    @classmethod
    def of(cls, subscription: Subscription, resources: ServedResources, type_url: str, again: frozenset[str]) -> _Push:
        everything = resources.sets[type_url]
        wanted, held = subscription.wanted(everything), subscription.held
        return cls(
            type_url,
            subscription,
            resources,
            wanted,
            _changed(held, wanted),
            {name: wanted[name] for name in again if name in wanted},
            frozenset(name for name in again if name not in wanted),
            {} if held is wanted else {name: each for name, each in held.items() if name not in wanted},
        )

    def step(self, state: StreamState, keeps: bool, must_answer: bool) -> StreamStep:
        """The response, if there is anything to say. With `keeps`, what leaves stays for now."""
        gone = {} if keeps else self.leaving
        if not (self.changed or self.again or self.missing or gone or must_answer):
            return StreamStep(state)
        held = {**self.wanted, **self.leaving} if keeps and self.leaving else self.wanted
        response = self._response(state, held)
        if not (response.resources or response.removed or must_answer or self.type_url in STATE_OF_THE_WORLD):
            return StreamStep(state.with_subscription(self.type_url, replace(self.subscription, held=held)))
        sent = replace(
            self.subscription,
            held=held,
            nonce=response.nonce,
            version=response.version,
            is_answered=False,
            is_owed=False,
            is_warming=self._is_warming(held),
        )
        counted = replace(state, responses=state.responses + 1)
        return StreamStep(counted.with_subscription(self.type_url, sent), (response,))

    def _response(self, state: StreamState, held: Held) -> XdsResponse:
        """The response after which the client has the resources `held`."""
        nonce, named = str(state.responses + 1), {**self.changed, **self.again}
        if state.protocol is XdsProtocol.DELTA:
            removed = self.missing.union(name for name in self.leaving if name not in held)
            version = self.resources.sets[self.type_url].version
            return XdsResponse(self.type_url, nonce, version, tuple(named.values()), tuple(sorted(removed)))
        content = held if self.type_url in STATE_OF_THE_WORLD else named
        return XdsResponse(
            self.type_url, nonce, response_version(self.type_url, held, self.resources), tuple(content.values())
        )

    def _is_warming(self, held: Held) -> bool:
        """Whether the client has a stand-in, and knows all other clusters that it does not warm with endpoints."""
        new = self.changed.keys() - self.subscription.held.keys() - self.resources.sets[ENDPOINTS].resources.keys()
        return not new and any(held[name].version == UNKNOWN for name in self.leaving if name in held)
