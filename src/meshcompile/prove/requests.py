"""The requests that a statement is about, and witnesses of them as requests that `meshcompile.explain` follows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.explain.explanation import explanation
from meshcompile.explain.request import OUTSIDE
from meshcompile.explain.request import Request as ExplainedRequest
from meshcompile.explain.trace import Trace
from meshcompile.explain.world import World
from meshcompile.prove.clients import Clients, globbed
from meshcompile.prove.servers import CalledPort
from meshcompile.proxy import Proxy
from meshcompile.simulate import Capture, ClientHello, DownstreamConnection, PeerCertificate
from meshcompile.simulate.outcomes import ForwardedBytes, ForwardedRequest
from meshcompile.spaces import ABSENT, EVERYTHING, Language, Request, Several, Space, matching, space
from meshcompile.symbolic.authorities import PORT
from meshcompile.symbolic.chains import FIRST
from meshcompile.symbolic.concrete import ConcreteRequest
from meshcompile.symbolic.metadata import LIST, TEXT
from meshcompile.symbolic.rows import USUAL
from meshcompile.syntax.re2 import quoted

MOST_WITNESSES = 12
"""The number of cases of one question that are tried."""
STRANGER = "spiffe://cluster.local/ns/other/sa/other"
"""An identity that hardly any policy names."""
ISTIO_ALPN = ("istio", "istio-http/1.1")
"""What the sidecar of a client offers."""


class Wanted(Struct, frozen=True):
    """The requests that a statement is about: those that have a path, a method and a host. Empty for all."""

    path: str = ""
    method: str = ""
    host: str = ""

    @property
    def space(self) -> Space:
        """The requests.

        Raises:
            InvalidArgument: A `*` is in the middle of a text.
        """
        texts = {"path": self.path, "method": self.method}
        wanted = {name: globbed(text) for name, text in texts.items() if text not in ("", "*")}
        return space({**wanted, **({} if self.host in ("", "*") else {"authority": hosts(self.host)})})


def hosts(text: str) -> Language:
    """The host headers that a text means: with or without a port, in small or capital letters.

    Raises:
        InvalidArgument: A `*` is in the middle of the text.
    """
    globbed(text)
    start, end = (".*" if text.startswith("*") else ""), (".*" if text.endswith("*") else PORT)
    return matching(f"(?i){start}{quoted(text.removeprefix('*').removesuffix('*'))}{end}")


def without_claims(requests: Space, names: Sequence[str]) -> Space:
    """The requests of a space that have no token."""
    nothing = {name: ABSENT if name.startswith(TEXT) else Several((), absent=True) for name in names}
    claims = {name: values for name, values in nothing.items() if name.startswith((TEXT, LIST))}
    return requests & space(claims) if claims else requests & EVERYTHING


class FoundArrival(Struct, frozen=True):
    """A request that arrives: as plain data, and the places of the decisions that let it through."""

    request: Mapping[str, Any]
    places: tuple[Origin, ...]


def examples(requests: Space, identities: Sequence[str], hosts: Sequence[str] = ()) -> Iterator[Request]:
    """A request per case, of the first cases. Identities of workloads are preferred to others, and some hosts."""
    usual = {**USUAL, "principal": (*identities, None, STRANGER, ""), "authority": hosts}
    return (cube.example(usual) for cube in requests.cubes[:MOST_WITNESSES])


def arrived(world: World, witness: Request, server: CalledPort, clients: Clients) -> FoundArrival | None:
    """The arrival of a witness from one of the clients, if the evaluation of the proxies agrees.

    A client without a proxy connects directly.
    """
    concrete = ConcreteRequest.of(witness)
    for sender in senders(world, concrete.principal, clients):
        data = explained_data(concrete, server, sender)
        if (found := followed(world, data, server)) is not None:
            return FoundArrival(data, found)
    return _direct(world, witness, concrete, server) if clients.bypassing or not clients.workloads else None


def senders(world: World, principal: str | None, clients: Clients) -> Iterator[str]:
    """The names of workloads that can send a request with a principal; None stands for any that has a proxy."""
    if principal:
        yield from (world.name(each) for each in clients.workloads if world.identity(each) == principal)
    else:
        plain = (pod for address, pod in sorted(world.pods.items()) if address not in world.proxies)
        names = [f"{pod.name}.{pod.namespace}" for pod in plain]
        yield from names[:1] if clients.name == "anyone" else filter(world.pod, [clients.name])
        yield from (world.name(each) for each in clients.workloads[:3])


def explained_data(concrete: ConcreteRequest, server: CalledPort, sender: str) -> dict[str, Any]:
    """A request as plain data for `meshcompile explain --request`."""
    host = f"{server.service.name}.{server.service.namespace}" if server.service.name else server.service.hostname
    authority = {} if concrete.authority == "any.example" else {"host": concrete.authority}
    headers = {**authority, **headers_of(concrete)}
    return {
        "from": sender,
        "method": concrete.method,
        "url": f"http://{host}{f':{server.port}' if server.port != 80 else ''}{concrete.path}",
        **({"headers": headers} if headers else {}),
        **({"claims": dict(concrete.claims)} if concrete.claims else {}),
    }


def headers_of(concrete: ConcreteRequest) -> dict[str, Any]:
    """The headers by name. Several lines of one are a list."""
    made: dict[str, Any] = {}
    for name, value in concrete.headers:
        before = made.get(name)
        made[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    return made


def followed(world: World, data: Mapping[str, Any], server: CalledPort) -> tuple[Origin, ...] | None:
    """The places that let a request through to a server, as its explanation has them; None if it does not arrive."""
    trace = explanation(world, ExplainedRequest.from_dict(data))
    answering = world.answering(server.pod) if server.pod is not None else server.service.hostname
    arriving = (each for each in trace.outcomes if each.answered_by == answering and not each.depends_on)
    return deciding_places(trace) if any(arriving) else None


def deciding_places(trace: Trace) -> tuple[Origin, ...]:
    """The places of the policies and routes that let a request through, the last decision first."""
    steps = [step for hop in trace.hops for step in hop.steps if step.what in ("RBAC", "route", "filter chain")]
    steps.reverse()
    ranked = sorted(steps, key=lambda step: step.what != "RBAC")
    written = (place for step in ranked for place in step.places if place.document.kind not in ("Service", "Pod"))
    return tuple(dict.fromkeys(written))[:MOST_PLACES]


MOST_PLACES = 4


def _direct(world: World, witness: Request, concrete: ConcreteRequest, server: CalledPort) -> FoundArrival | None:
    """The arrival of a request that a client without a proxy sends to the server itself."""
    data = direct_data(concrete, server)
    if server.proxy is None:
        return FoundArrival(data, ())
    config, evaluator = world.evaluated(server.proxy)
    for outcome in evaluator.outcomes(_connection(witness, concrete, server), concrete.request):
        if isinstance(outcome.ending, ForwardedRequest | ForwardedBytes) and not outcome.depends_on:
            from meshcompile.explain.evidence import places

            steps = [step for step in outcome.steps if step.what in ("RBAC", "filter chain")]
            found = (place for step in reversed(steps) for place in places(config, step.pointer))
            written = (place for place in found if place.document.kind not in ("Service", "Pod"))
            return FoundArrival(data, tuple(dict.fromkeys(written))[:MOST_PLACES])
    return None


def direct_data(concrete: ConcreteRequest, server: CalledPort) -> dict[str, Any]:
    """A request to a server itself as plain data, in the form of the witnesses of `meshcompile diff`."""
    who = {"principal": concrete.principal} if concrete.principal else {"tls": concrete.principal is not None}
    data = explained_data(concrete, server, "")
    return {**{key: value for key, value in data.items() if key != "from"}, "to": server.name, **who}


def _connection(witness: Request, concrete: ConcreteRequest, server: CalledPort) -> DownstreamConnection:
    hello = None
    if concrete.principal is not None:
        certificate = PeerCertificate(uris=(concrete.principal,)) if concrete.principal else None
        offered = tuple(v for name, v in sorted(witness.items()) if name.startswith(FIRST) and v is not None)
        hello = ClientHello(sni=concrete.sni, alpn=offered or ISTIO_ALPN, certificate=certificate)
    return DownstreamConnection(
        destination=server.address,
        port=server.target_port,
        source=concrete.source,
        capture=Capture.INBOUND,
        tls=hello,
    )


def outside_data(concrete: ConcreteRequest, gateway: str, scheme: str, port: int) -> dict[str, Any]:
    """A request from outside to a gateway as plain data."""
    usual = port == {"http": 80, "https": 443}[scheme]
    host = concrete.authority.partition(":")[0] if ":" in concrete.authority and usual else concrete.authority
    where = host if usual or ":" in host else f"{host}:{port}"
    headers = headers_of(concrete)
    return {
        "from": OUTSIDE,
        "to": gateway,
        "method": concrete.method,
        "url": f"{scheme}://{where}{concrete.path}",
        **({"headers": headers} if headers else {}),
        **({"claims": dict(concrete.claims)} if concrete.claims else {}),
    }


def identities_of(world: World, proxies: Sequence[Proxy]) -> tuple[str, ...]:
    """The identities of proxies, each once."""
    return tuple(dict.fromkeys(map(world.identity, proxies)))
