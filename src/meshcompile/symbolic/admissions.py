"""The requests and connections that a listener lets through to the application behind it, by filter chain."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.envoy.config.core import TransportSocket
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.extensions.transport_sockets.raw_buffer import RawBuffer
from meshcompile.envoy.extensions.transport_sockets.tls import CommonTlsContext, DownstreamTlsContext
from meshcompile.simulate.downstream_tls import accepted_names
from meshcompile.simulate.string_match import type_name
from meshcompile.simulate.transport_socket import verifies_peer
from meshcompile.spaces import ABSENT, Cube, OptionalText, Space, Undecided, any_of, choices, exactly, space
from meshcompile.symbolic.chains import chain_connections
from meshcompile.symbolic.gates import Extensions, Gate, Tables, gate
from meshcompile.symbolic.strings import accepted_strings
from meshcompile.symbolic.subjects import CERTIFICATE_NAMES

SECURED, PLAIN = space(tls=choices(True)), space(tls=choices(False), principal=ABSENT)
ANONYMOUS = space(principal=OptionalText(exactly("")))
"""TLS without a certificate."""
NAMED = OptionalText(CERTIFICATE_NAMES - exactly(""))


class ChainAdmission(Struct, frozen=True):
    """What a filter chain lets through. External authorizers are assumed to agree."""

    chain: FilterChain
    gate: Gate
    requests: Space

    def as_sent(self, seen: Space) -> Space:
        """What a client sends of the requests that the rules of the chain see as some.

        Raises:
            Undecided: It cannot be expressed.
        """
        return _as_sent(self.chain, self.gate, seen)


def admissions(listener: Listener, extensions: Extensions, tables: Tables, requests: Space) -> Iterator[ChainAdmission]:
    """What each filter chain of a listener lets through of some requests, without the chains that let nothing through.

    Raises:
        Undecided: A chain that some of the requests come to cannot be expressed.
    """
    for each in chain_connections(listener):
        coming = each.connections & requests
        if each.chain is None or coming.is_empty:
            continue
        asking = gate(each.chain, extensions, tables)
        admitted = asking.admitted(asking.requests(("tls", "principal")))
        found = _as_sent(each.chain, asking, admitted) & coming
        if not found.is_empty:
            yield ChainAdmission(each.chain, asking, found)


def _as_sent(chain: FilterChain, asking: Gate, admitted: Space) -> Space:
    """Some requests by what the client sends rather than by what the rules see."""
    config = (chain.transport_socket or TransportSocket()).typed_config
    match config:
        case None | RawBuffer() if asking.http:
            return admitted & PLAIN
        case None | RawBuffer():
            if "sni" in asking.dimensions():
                raise Undecided("rules ask for the server name of TLS that the proxy does not read")
            return without(admitted & PLAIN, ("tls", "principal", "sni"))
        case DownstreamTlsContext() if _asks(config):
            return admitted & SECURED & _certified(config)
        case DownstreamTlsContext():
            return without(admitted & SECURED & ANONYMOUS, ("principal",))
        case _:
            raise Undecided(f"the transport socket {type_name(config)} is not evaluated")


def _asks(context: DownstreamTlsContext) -> bool:
    """Whether a chain asks for the certificate of the client."""
    return verifies_peer(context.common_tls_context or CommonTlsContext()) or bool(context.require_client_certificate)


def _certified(context: DownstreamTlsContext) -> Space:
    """The certificates that a chain accepts."""
    wanted = accepted_names(context.common_tls_context or CommonTlsContext())
    names = any_of(space(principal=OptionalText(accepted_strings(each) & NAMED.texts)) for each in wanted)
    certified = names if wanted else space(principal=NAMED)
    return certified if context.require_client_certificate else any_of((certified, ANONYMOUS))


def without(requests: Space, names: tuple[str, ...]) -> Space:
    """The requests of a space with any values in some dimensions."""
    cubes = (tuple(each for each in cube.conditions if each[0] not in names) for cube in requests.cubes)
    return Space(tuple(dict.fromkeys(map(Cube, cubes))))
