"""Rows of requests that come through a waypoint: what its policies for a service ask for."""

from collections.abc import Iterator, Mapping

from meshcompile.documents import Origin
from meshcompile.envoy.message import source_map
from meshcompile.envoy.traversal import filter_chains
from meshcompile.explain.ambient import MAIN_INTERNAL, identity_of, is_ambient, waypoint_of
from meshcompile.explain.world import World
from meshcompile.prove.arrivals import Doubt, Question, connections_of
from meshcompile.prove.conditions import policy_conditions
from meshcompile.prove.parts import AdmittedPart, allowing, exceptions
from meshcompile.prove.requests import FoundArrival, examples, explained_data, followed
from meshcompile.prove.rows import MUTUAL_TLS, ReachRow
from meshcompile.prove.servers import CalledPort
from meshcompile.proxies import pod_names
from meshcompile.proxy import Proxy
from meshcompile.spaces import Undecided
from meshcompile.symbolic.concrete import ConcreteRequest
from meshcompile.symbolic.gates import gate
from meshcompile.symbolic.rbac import policy_space
from meshcompile.symbolic.rows import taken_for_granted


def waypoint_rows(world: World, question: Question, server: CalledPort) -> Iterator[ReachRow | Doubt]:
    """A row for each rule of the waypoint in front of a workload without a sidecar; and what is not known."""
    if server.proxy is not None or not is_ambient(world, server.pod):
        return
    waypoint = waypoint_of(world, server.service)
    if waypoint is None:
        return
    try:
        for part in _parts(world, question, server, waypoint):
            yield _row(world, part, server, waypoint)
    except Undecided as undecided:
        yield Doubt(f"{world.name(waypoint)}: {undecided}")


def _parts(world: World, question: Question, server: CalledPort, waypoint: Proxy) -> Iterator[AdmittedPart]:
    """What each rule of the waypoint lets through to a service, by filter chain."""
    config, _ = world.evaluated(waypoint)
    extensions, tables = {each.name: each for each in config.extensions}, {each.name: each for each in config.routes}
    chains = (chain for each in config.listeners if each.name == MAIN_INTERNAL for chain in filter_chains(each))
    for chain in chains:
        kind, _, host = chain.name.rpartition("|")
        if host != server.service.hostname or not kind.startswith(f"inbound-vip|{server.port}|"):
            continue
        asked = gate(chain, extensions, tables)
        wanted = question.space if asked.http else connections_of(question.space)
        admitted = asked.admitted(asked.requests(("tls", "principal"))) & wanted
        for name, policy in allowing(asked):
            requests = admitted if policy is None else admitted & policy_space(policy)
            if not requests.is_empty:
                yield AdmittedPart(asked, name, policy, requests)


def _row(world: World, part: AdmittedPart, server: CalledPort, waypoint: Proxy) -> ReachRow:
    members = _members(world)
    accepted = [cube.values("principal") for cube in part.requests.cubes]
    callers = {
        name: identity
        for name, identity in members.items()
        if any(values is None or values.accepts(identity) for values in accepted)
    }
    arrival = _arrival(world, part, server, callers)
    rule: tuple[Origin, ...] = source_map(part.policy).get("", ()) if part.policy is not None else ()
    return ReachRow(
        server=server.name,
        port=server.port,
        via=world.name(waypoint),
        callers=tuple(callers),
        connections=(MUTUAL_TLS,),
        rule=part.name,
        policies=(part.name,) if part.name else (),
        any_of=policy_conditions(part.policy) if part.policy is not None else ((),),
        unless=tuple(exceptions(part)),
        witness=arrival.request if arrival is not None else None,
        places=tuple(dict.fromkeys((*rule, *(arrival.places if arrival is not None else ())))),
        reason="" if arrival is not None else "none of the requests that were tried arrives",
        space=part.requests,
    )


def _members(world: World) -> Mapping[str, str]:
    """The workloads of the ambient mesh, with their identities."""
    pods = (pod for _, pod in sorted(world.pods.items()) if is_ambient(world, pod))
    return {tuple(pod_names(pod))[2]: identity_of(world, pod) for pod in pods}


def _arrival(world: World, part: AdmittedPart, server: CalledPort, callers: Mapping[str, str]) -> FoundArrival | None:
    """A request of one of the callers that arrives, as its explanation has it."""
    names = {identity: name for name, identity in callers.items()}
    for witness in examples(part.requests, tuple(names)):
        concrete = ConcreteRequest.of(witness)
        if taken_for_granted(witness) is None and (sender := names.get(concrete.principal or "")) is not None:
            data = explained_data(concrete, server, sender)
            if (found := followed(world, data, server)) is not None:
                return FoundArrival(data, found)
    return None
