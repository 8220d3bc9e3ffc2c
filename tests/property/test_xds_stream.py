"""Streams of aggregated discovery in every order of events: a model of Envoy on the other side of the state."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from meshcompile.serve.discovery import Answered, DeltaRequest, SotwRequest, XdsRequest, XdsResponse
from meshcompile.serve.resumed_clusters import STAND_IN, UNKNOWN
from meshcompile.serve.stream_state import RESTS, StreamStep, pushed, requested, rested
from meshcompile.serve.subscriptions import StreamState, XdsProtocol
from meshcompile.serve.xds_resources import (
    CLUSTERS,
    ENDPOINTS,
    EXTENSIONS,
    LISTENERS,
    ROUTES,
    SECRETS,
    ResourceSet,
    ServedResources,
    XdsResource,
)

NAMES = ("a", "b", "c")


def resources(route: str, versions: Mapping[str, int], listeners: int, routes: int) -> ServedResources:
    """A world with a cluster per name in `versions`, and one route to the cluster `route`."""

    def made(type_url: str, each: Mapping[str, str]) -> ResourceSet:
        found = {
            name: XdsResource(name, version, (f"{type_url} {version}".encode(),)) for name, version in each.items()
        }
        return ResourceSet(str(sorted(each.items())), found)

    return ServedResources(
        {
            CLUSTERS: made(CLUSTERS, {name: str(version) for name, version in versions.items()}),
            ENDPOINTS: made(ENDPOINTS, dict.fromkeys(versions, "e")),
            LISTENERS: made(LISTENERS, {"l": str(listeners)}),
            ROUTES: made(ROUTES, {"r": f"{route}:{routes}"}),
            SECRETS: made(SECRETS, {}),
            EXTENSIONS: made(EXTENSIONS, {}),
        }
    )


@dataclass
class Client:
    """What Envoy does with responses: it warms changed clusters and listeners, and keeps what it has if it rejects.

    It acknowledges clusters only when none is warming. `active` are the contents of clusters that it uses: one that is
    warming is not among them, but may be there with an earlier content.
    """

    protocol: XdsProtocol
    has: dict[str, dict[str, str]] = field(
        default_factory=lambda: {t: {} for t in (CLUSTERS, ENDPOINTS, LISTENERS, ROUTES)}
    )
    names: dict[str, set[str]] = field(default_factory=lambda: {ENDPOINTS: set(), ROUTES: set()})
    warming: set[str] = field(default_factory=set)
    active: dict[str, str] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)

    def subscribe(self) -> list[XdsRequest]:
        """The first requests of a stream. They say what the client has, or the versions of it.

        While clusters are warming, a client asks for none, and for the first listeners and routes only after them.
        """
        self.nonces = {}
        self.later = [each for each in (LISTENERS, ROUTES) if self.warming and not self.versions.get(each)]
        wanted = (ENDPOINTS, LISTENERS, ROUTES) if self.warming else (CLUSTERS, ENDPOINTS, LISTENERS, ROUTES)
        return [self.request(type_url) for type_url in wanted if type_url not in self.later]

    def request(
        self, type_url: str, error: str | None = None, added: Iterable[str] = (), gone: Iterable[str] = ()
    ) -> XdsRequest:
        answered = Answered(self.nonces.get(type_url, ""), error)
        names = sorted(self.names.get(type_url, ()))
        if self.protocol is XdsProtocol.SOTW:
            return SotwRequest(type_url, tuple(names), answered, version=self.versions.get(type_url, ""))
        if not answered.nonce:
            return DeltaRequest(type_url, tuple(names), (), dict(self.has[type_url]))
        return DeltaRequest(type_url, tuple(added), tuple(gone), {}, answered)

    def receive(self, response: XdsResponse, rejects: bool) -> list[XdsRequest]:
        """Apply a response, or reject it. Returns the requests that follow."""
        self.nonces[response.type_url] = response.nonce
        if rejects and response.type_url in (LISTENERS, ROUTES):
            return [self.request(response.type_url, "no")]
        self.versions[response.type_url] = response.version
        before = self._apply(response)
        if response.type_url == CLUSTERS:
            has = self.has[CLUSTERS]
            self.warming = {name for name in has if name in self.warming or before.get(name) != has[name]}
            self.active = {name: version for name, version in self.active.items() if name in has}
            return [*self._cluster_answer(), *self._named(ENDPOINTS, self._endpoint_names())]
        if response.type_url == ENDPOINTS:
            answered = {each.name for each in response.resources}.union(response.removed)
            return [self.request(ENDPOINTS), *self.warm(answered)]
        if response.type_url == LISTENERS:
            return [self.request(LISTENERS), *self._named(ROUTES, {"r"} if self.has[LISTENERS] else set())]
        return [self.request(response.type_url)]

    def _apply(self, response: XdsResponse) -> dict[str, str]:
        """Take the resources of a response. Returns those of its type from before."""
        has = self.has[response.type_url]
        before = dict(has)
        if self.protocol is XdsProtocol.SOTW and response.type_url in (CLUSTERS, LISTENERS):
            has.clear()
        has.update({each.name: each.version for each in response.resources})
        for name in response.removed:
            has.pop(name, None)
        return before

    def warm(self, names: set[str]) -> list[XdsRequest]:
        """Use warming clusters. With the last one, the client answers for clusters."""
        done = {name for name in self.warming if self._endpoint_name(name) in names}
        self.warming -= done
        self.active |= {name: self.has[CLUSTERS][name] for name in done}
        return self._cluster_answer() if done else []

    def _cluster_answer(self) -> list[XdsRequest]:
        if self.warming:
            return []
        later, self.later = self.later, []
        return [self.request(type_url) for type_url in (CLUSTERS, *later)]

    def _endpoint_name(self, cluster: str) -> str:
        """The name by which a cluster asks for endpoints."""
        return f"{cluster}{STAND_IN}" if self.has[CLUSTERS][cluster] == UNKNOWN else cluster

    def _endpoint_names(self) -> set[str]:
        """The names by which all clusters ask, those that are warming and those that they replace."""
        return {self._endpoint_name(name) for name in self.has[CLUSTERS]}.union(
            name if version != UNKNOWN else f"{name}{STAND_IN}" for name, version in self.active.items()
        )

    @property
    def stand_ins(self) -> set[str]:
        return {name for name in self.warming if self.has[CLUSTERS][name] == UNKNOWN}

    def _named(self, type_url: str, names: set[str]) -> list[XdsRequest]:
        before = self.names[type_url]
        if names == before:
            return []
        self.names[type_url] = names
        for name in before - names:
            self.has[type_url].pop(name, None)
        return [self.request(type_url, None, sorted(names - before), sorted(before - names))]


class Stream(RuleBasedStateMachine):
    """A client and a server whose messages are under way for a while."""

    protocol = XdsProtocol.DELTA

    @initialize(route=st.sampled_from(NAMES))
    def start(self, route: str) -> None:
        self.count = 0
        self.world = resources(route, {route: 0}, 0, 0)
        self.client = Client(self.protocol)
        self.has_timed_out = False
        self.connect()

    def connect(self) -> None:
        self.state = StreamState(self.protocol)
        self.to_client: deque[XdsResponse] = deque()
        self.to_server = deque(self.client.subscribe())

    def take(self, step: StreamStep) -> None:
        self.state = step.state
        self.to_client.extend(step.responses)

    @rule(
        route=st.sampled_from(NAMES),
        others=st.sets(st.sampled_from(NAMES)),
        changes=st.sets(st.sampled_from((*NAMES, "listener"))),
    )
    def change(self, route: str, others: set[str], changes: set[str]) -> None:
        """The mesh changes: the route has another cluster, and clusters come, change and go."""
        self.count += 1
        known = self.world.sets[CLUSTERS].resources
        versions = {
            name: self.count if name in changes or name not in known else int(known[name].version)
            for name in others | {route}
        }
        listener = self.count if "listener" in changes else int(self.world.sets[LISTENERS].resources["l"].version)
        self.world = resources(route, versions, listener, 0)
        self.take(pushed(self.state, self.world))

    @precondition(lambda self: self.to_server)
    @rule()
    def serve(self) -> None:
        self.take(requested(self.state, self.to_server.popleft(), self.world))

    @precondition(lambda self: self.to_client)
    @rule(rejects=st.booleans())
    def deliver(self, rejects: bool) -> None:
        self.to_server.extend(self.client.receive(self.to_client.popleft(), rejects))

    @rule()
    def quiet(self) -> None:
        """A client that came back has said everything before the server counts it as rested.

        The client uses stand-ins before the server has rested so often that it must. Other clusters wait for endpoints.
        No message is under way for so long.
        """
        if self.state.rests == RESTS - 1:
            self.deliver_all()
            self.has_timed_out |= bool(self.client.stand_ins)
            self.to_server.extend(self.client.warm({f"{name}{STAND_IN}" for name in self.client.stand_ins}))
        while self.to_server:
            self.serve()
        self.take(rested(self.state, self.world))

    @rule()
    def reconnect(self) -> None:
        self.connect()

    @invariant()
    def routes_have_their_clusters(self) -> None:
        """Whatever is under way or rejected, the client has the cluster of the route that it uses."""
        if not hasattr(self, "client"):
            return
        for version in self.client.has[ROUTES].values():
            name = version.partition(":")[0]
            assert name in self.client.has[CLUSTERS]
            assert self.client.active.get(name) != UNKNOWN or self.has_timed_out

    def settle(self) -> None:
        """Deliver everything, and accept it. What the server holds back comes after a rest."""
        self.deliver_all()
        self.quiet()
        self.deliver_all()

    def deliver_all(self) -> None:
        while self.to_client or self.to_server:
            if self.to_client:
                self.deliver(False)
            else:
                self.serve()
            self.routes_have_their_clusters()

    def teardown(self) -> None:
        """Once everything is delivered and accepted, the client has what it should have, and nothing is warming."""
        if not hasattr(self, "client"):
            return
        for _ in range(RESTS + 1):
            self.quiet()
        for _ in range(3):
            self.settle()
            self.world = ServedResources(
                {**self.world.sets, **{each: _again(self.world.sets[each]) for each in (LISTENERS, ROUTES)}}
            )
            self.take(pushed(self.state, self.world))
        self.settle()
        for type_url, has in self.client.has.items():
            expected = {name: each.version for name, each in self.world.sets[type_url].resources.items()}
            assert has == expected, type_url
        assert self.client.warming == set()
        assert pushed(self.state, self.world).responses == ()


def _again(rejected: ResourceSet) -> ResourceSet:
    """The same resources as new versions, so that a rejected one is tried again."""
    changed = {name: XdsResource(name, f"{each.version}+", each.pieces) for name, each in rejected.resources.items()}
    return ResourceSet(f"{rejected.version}+", changed)


class SotwStream(Stream):
    protocol = XdsProtocol.SOTW


TestDelta = Stream.TestCase
TestSotw = SotwStream.TestCase
TestDelta.settings = TestSotw.settings = settings(max_examples=60, stateful_step_count=30)
