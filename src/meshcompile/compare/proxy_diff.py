"""What a change of the mesh does to one proxy."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.compare.clusters import cluster_probes
from meshcompile.compare.effects import Effect, effect, workloads_of_both
from meshcompile.compare.gates import GateComparisons
from meshcompile.compare.listeners import Identities, changed_chains, listener_probes, removed_listeners
from meshcompile.compare.messages import message_changes
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.probes import Probe, called_name
from meshcompile.compare.resources import ResourceChange, resource_changes
from meshcompile.compare.routes import route_probes
from meshcompile.compare.settings import SettingChange, server_tls_changes, setting_changes
from meshcompile.dead_ends import cluster_names
from meshcompile.documents import Origin
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import Route
from meshcompile.envoy.message import Message, canonical, source_map
from meshcompile.prove.policies import Relation
from meshcompile.simulate import Capture, HttpRequest, ProxyEvaluator
from meshcompile.symbolic.comparison import UndecidedHosts

MOST_EFFECTS = 200
"""The number of probes of one proxy whose effects are shown."""


class BehaviourChange(Struct, frozen=True):
    """Requests with another outcome than before. The probe is one of them, and the witness.

    `requests` describes them, and `listener` is the one that took them before. `lines_before` and `lines_after` are the
    places of the input that the difference comes from. `settings` are what differs where both effects look the same.
    """

    requests: str
    listener: str
    probe: Probe
    before: Effect
    after: Effect
    lines_before: tuple[Origin, ...]
    lines_after: tuple[Origin, ...]
    settings: tuple[SettingChange, ...] = ()


class ProxyDiff(Struct, frozen=True):
    """What changes for one proxy.

    `undecided` has the reasons why the behaviour could not be compared completely; `drained` the names of the listeners
    that go away.
    """

    resources: tuple[ResourceChange, ...]
    behaviour: tuple[BehaviourChange, ...]
    undecided: tuple[str, ...]
    drained: tuple[str, ...]


def proxy_diff(pair: ConfigPair, identities: Identities = ()) -> ProxyDiff:
    """What changes between two configurations of one proxy. `identities` are the SPIFFE identities of its clients."""
    resources = resource_changes(pair)
    if not resources:
        return ProxyDiff((), (), (), ())
    undecided: list[str] = []
    gates = GateComparisons(pair.before, pair.after)
    probes = chain(route_probes(pair), listener_probes(pair, identities), cluster_probes(pair))
    shown = tuple(_behaviour(pair, probes, undecided))
    behaviour = (*shown, *_untold(_behaviour(pair, _gate_probes(pair, gates), undecided), shown))
    if not behaviour:
        undecided += _unexplained(pair, resources, gates)
    drained = tuple(removed_listeners(pair))
    return ProxyDiff(resources, behaviour, tuple(dict.fromkeys(undecided)), drained)


def _untold(changes: Iterable[BehaviourChange], shown: Iterable[BehaviourChange]) -> Iterator[BehaviourChange]:
    """The changes of kinds that no other change shows: what policies now admit or refuse at a listener."""
    told = {_verdicts(each) for each in shown}
    for each in changes:
        if (verdicts := _verdicts(each)) not in told:
            told.add(verdicts)
            yield each


def _verdicts(change: BehaviourChange) -> Hashable:
    is_http = change.probe.request is not None
    return is_http, change.probe.connection.capture, change.listener, change.before.denied, change.after.denied


def _gate_probes(pair: ConfigPair, gates: GateComparisons) -> Iterator[Probe]:
    """Requests that only one side of a filter chain admits."""
    return (probe for old, new in changed_chains(pair) for probe in gates.probes(old, new))


def _behaviour(
    pair: ConfigPair, probes: Iterable[Probe | UndecidedHosts], undecided: list[str]
) -> Iterator[BehaviourChange]:
    """The changes that the probes show, each pair of effects once.

    That a closed connection becomes an answer of 404 is shown only if nothing else is: a new listener has other news.
    """
    lesser: list[BehaviourChange] = []
    count = 0
    for change in _changes(pair, probes, undecided):
        if change.before.is_closed and change.after.is_unrouted:
            lesser.append(change)
            continue
        count += 1
        yield change
        if count >= MOST_EFFECTS:
            undecided.append(f"more than {MOST_EFFECTS} kinds of requests differ")
            return
    if not count:
        yield from lesser[:MOST_EFFECTS]


def _changes(
    pair: ConfigPair, probes: Iterable[Probe | UndecidedHosts], undecided: list[str]
) -> Iterator[BehaviourChange]:
    old, new = ProxyEvaluator(pair.before), ProxyEvaluator(pair.after)
    names = workloads_of_both(pair.before, pair.after)
    seen: set[Hashable] = set()
    for probe in probes:
        if isinstance(probe, UndecidedHosts):
            undecided.append(f"requests to {probe.group.authority}: {probe.reason}")
            continue
        for asked in _asked(probe):
            outcomes = old.outcomes(asked.connection, asked.request)
            was = effect(outcomes, names[0])
            now = effect(new.outcomes(asked.connection, asked.request), names[1])
            if was.key != now.key:
                break
        if was.key == now.key and probe.differs and not _is_same_once_routed(probe, was):
            undecided.append(f"{probe.requests}: the routes differ, and no request was found that shows how")
        probe = asked
        settings = _settings(probe, was, now)
        shape = _shape(probe, was, now) if was.key != now.key else repr((settings, probe.connection.tls))
        is_same = was.key == now.key and not settings
        if is_same or shape in seen or _repeats(probe, shape, seen):
            continue
        seen.add(shape)
        listener = next((step.name for step in outcomes[0].steps if step.what == "listener"), "")
        lines = differing_lines(probe.was, probe.now), differing_lines(probe.now, probe.was)
        yield BehaviourChange(probe.requests, listener, probe, was, now, *lines, settings)


def _settings(probe: Probe, was: Effect, now: Effect) -> tuple[SettingChange, ...]:
    """The settings that differ where nothing else does: of the cluster, or of the TLS of a gateway."""
    if was.upstream_headers != now.upstream_headers:
        return ()
    found = setting_changes(was, now) if was.key != now.key else ()
    own_tls = called_name(probe.connection) and was.shown == now.shown and was.forwards
    return (*found, *(server_tls_changes(probe.was, probe.now) if own_tls else ()))


def _is_same_once_routed(probe: Probe, effect: Effect) -> bool:
    """Whether two routes differ only in what they answer if their cluster does not exist, and it exists."""
    routes = [each for each in (*probe.was[:1], *probe.now[:1]) if isinstance(each, Route)]
    reached = all(each.get("cluster") for each in effect.outcomes)
    return reached and len(routes) == 2 and len({repr(_answering(each)) for each in routes}) == 1


def _answering(route: Route) -> Route:
    """A route without its match, its name, and the answer for a cluster that does not exist."""
    action = route.route and replace(route.route, cluster_not_found_response_code="")
    return replace(route, name="", match=None, metadata=None, decorator=None, route=action)


def _asked(probe: Probe) -> Iterator[Probe]:
    """A probe, and then the same with each of its other requests."""
    yield probe
    for request in probe.alternatives:
        yield replace(probe, request=request)


def _shape(probe: Probe, was: Effect, now: Effect) -> Hashable:
    """What makes a difference one of its own. A server's ports and protocols are not told apart, only the requests."""
    if probe.connection.capture is not Capture.INBOUND:
        return ("closed", probe.connection.port) if now.is_closed else repr((probe.part, was.outcomes, now.outcomes))
    request = probe.request or HttpRequest()
    headers = tuple(name for name, _ in request.headers)
    return request.method, request.path, headers, repr(request.claims), _decision(was), _decision(now)


def _repeats(probe: Probe, shape: Hashable, seen: Iterable[Hashable]) -> bool:
    """Whether a connection to an undeclared port shows again what requests to the declared ports have shown."""
    if probe.request is not None or probe.connection.capture is not Capture.INBOUND:
        return False
    return any(isinstance(each, tuple) and isinstance(shape, tuple) and each[-2:] == shape[-2:] for each in seen)


def _decision(effect: Effect) -> str:
    return "denied" if effect.denied else "forwarded" if effect.forwards else repr(effect.outcomes)


def _unexplained(pair: ConfigPair, resources: Sequence[ResourceChange], gates: GateComparisons) -> Iterator[str]:
    """Resources whose difference no probe shows.

    What route tables do is compared completely, and so is what the rules of listeners admit. Metadata does nothing.
    Neither does a cluster that nothing leads to.
    """
    used = None if _has_dynamic_clusters(pair) else _used_clusters(pair)
    for each in resources:
        if used is not None and each.type in ("clusters", "endpoints") and each.name not in used:
            continue
        relation = _relation(pair, each.name, gates) if each.type == "listeners" else None
        if relation is Relation.EQUIVALENT:
            continue
        if relation is not None:
            yield f"listeners {each.name}{ABOUT_POLICIES}"
            continue
        if each.type != "routes" and (not each.fields or not all("/metadata" in one.pointer for one in each.fields)):
            yield f"{each.type} {each.name}: no request was found that shows the change"


ABOUT_POLICIES = ": what policies admit differs, and no request was found that shows how"
"""The end of a reason that the comparison of policies makes unnecessary."""


def _relation(pair: ConfigPair, listener: str, gates: GateComparisons) -> Relation | None:
    old, new = pair.changed["listeners"][listener]
    return gates.relation(old, new) if isinstance(old, Listener) and isinstance(new, Listener) else None


def _used_clusters(pair: ConfigPair) -> frozenset[str]:
    """The clusters that routes, mirrors and connections of both sides lead to."""
    configs = (pair.before, pair.after)
    in_listeners = (name for config in configs for each in config.listeners for name in cluster_names(each))
    return frozenset(in_listeners).union(*(cluster_names(each) for config in configs for each in config.routes))


def _has_dynamic_clusters(pair: ConfigPair) -> bool:
    """Whether anything else can name a cluster: a header, a plugin, SNI, or a filter with a service of its own."""
    configs = (pair.before, pair.after)
    messages: list[Message] = [each for config in configs for each in (*config.listeners, *config.routes)]
    return any(config.extensions for config in configs) or any(
        marker in text for text in map(canonical, messages) for marker in DYNAMIC
    )


DYNAMIC = tuple(
    word.encode()
    for word in ("clusterHeader", "clusterSpecifierPlugin", "lua", "wasm", "sni_cluster", "ext_authz", "ratelimit")
)
"""What a configuration has if it uses clusters that no route names."""


def differing_lines(messages: Sequence[Message], others: Sequence[Message]) -> tuple[Origin, ...]:
    """The places of the fields that differ from those of other messages."""
    found: dict[Origin, None] = {}
    for index, message in enumerate(messages):
        other = others[index] if index < len(others) and type(others[index]) is type(message) else None
        found |= dict.fromkeys(_differing(message, other))
    return tuple(found)


def _differing(message: Message, other: Message | None) -> Iterator[Origin]:
    places = source_map(message)
    if other is None:
        yield from places.get("", ())
        return
    for change in message_changes(other, message):
        yield from _nearest(places, change.pointer)


def _nearest(places: Mapping[str, tuple[Origin, ...]], pointer: str) -> tuple[Origin, ...]:
    """The places of a field, or of the innermost message around it that has any."""
    field = ""
    while pointer and pointer not in places:
        pointer, _, field = pointer.rpartition("/")
    return tuple(_narrowed(origin, field) for origin in places.get(pointer, ()))


def _narrowed(origin: Origin, field: str) -> Origin:
    """The place of a field that has the same name in the input, such as `weight`; otherwise the place around it."""
    inner = origin.at(field)
    return inner if field and inner.position != origin.position else origin
