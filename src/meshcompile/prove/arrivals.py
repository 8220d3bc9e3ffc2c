"""Whether requests of some clients arrive at a service: directly from inside of the mesh."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.explain.world import World
from meshcompile.prove.clients import Clients
from meshcompile.prove.requests import FoundArrival, Wanted, arrived, examples, identities_of, without_claims
from meshcompile.prove.servers import CalledPort, CalledService, let_through, server_ports
from meshcompile.spaces import EVERYTHING, Cube, Space, Undecided, any_of
from meshcompile.symbolic.admissions import ChainAdmission
from meshcompile.symbolic.gates import HTTP_ONLY
from meshcompile.symbolic.rows import taken_for_granted
from meshcompile.symbolic.subjects import dimensions


class Doubt(Struct, frozen=True):
    """Why it is unknown whether requests arrive."""

    reason: str


class ServedArrival(Struct, frozen=True):
    """A request that arrives at a server."""

    server: CalledPort
    found: FoundArrival


class Question(Struct, frozen=True):
    """Which requests are asked about: those of some clients, except those that are excused.

    `without_tokens` says that only requests without a token count.
    """

    clients: Clients
    target: CalledService
    wanted: Wanted = Wanted()
    excused: Space = Space()
    without_tokens: bool = False

    @property
    def space(self) -> Space:
        """The requests, as far as they are not about tokens."""
        return (self.clients.connections & self.wanted.space) - self.excused


def arrivals(world: World, question: Question) -> Iterator[ServedArrival | Doubt]:
    """A request per server that arrives there, or why that is unknown. Nothing means that no request arrives."""
    try:
        servers = tuple(server_ports(world, question.target))
    except Undecided as undecided:
        yield Doubt(str(undecided))
        return
    for server in servers:
        yield from _at_server(world, question, server)


def _at_server(world: World, question: Question, server: CalledPort) -> Iterator[ServedArrival | Doubt]:
    try:
        found = arriving(world, question, server)
        witnesses = tuple(examples(found, identities_of(world, question.clients.workloads)))
    except Undecided as undecided:
        yield Doubt(f"{server.name}: {undecided}")
        return
    reason = ""
    for witness in witnesses:
        if (needed := taken_for_granted(witness)) is not None:
            reason = reason or f"it depends on {needed}"
        elif (arrival := arrived(world, witness, server, question.clients)) is not None:
            yield ServedArrival(server, arrival)
            return
    if witnesses:
        yield Doubt(reason or f"{server.name} would take such requests, but none of those that were tried gets there")


def arriving(world: World, question: Question, server: CalledPort) -> Space:
    """The requests of a question that a server lets through.

    Raises:
        Undecided: It cannot be expressed.
    """
    found = let_through(world, server, connections_of(question.space))
    if isinstance(found, Space):
        return found & question.space
    return any_of(of_chain(each, question) for each in found)


def of_chain(admission: ChainAdmission, question: Question) -> Space:
    """What a filter chain lets through. A path says nothing of connections whose bytes are forwarded."""
    asked = question.space if admission.gate.http else connections_of(question.space)
    found = admission.requests & asked
    return without_claims(found, sorted(dimensions([found]))) if question.without_tokens else found


def connections_of(requests: Space) -> Space:
    """The connections on which the requests of a space can come."""
    return any_of(_connection(cube) for cube in requests.cubes) if requests.cubes else requests


def _connection(cube: Cube) -> Space:
    kept = tuple(each for each in cube.conditions if not each[0].startswith(HTTP_ONLY))
    return Space((Cube(kept),)) if kept else EVERYTHING
