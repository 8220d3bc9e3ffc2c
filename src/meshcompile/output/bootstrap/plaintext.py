"""Filter chains that serve plaintext in place of the mutual TLS of the mesh."""

from collections.abc import Iterator, Sequence

from meshcompile.envoy.config.listener import FilterChain, FilterChainMatch
from meshcompile.envoy.message import replaced


def plain_chain(chain: FilterChain) -> FilterChain:
    """The filter chain for connections without TLS."""
    match = chain.filter_chain_match
    plain = None if match is None else replaced(match, transport_protocol="raw_buffer", application_protocols=())
    return replaced(chain, transport_socket=None, filter_chain_match=plain)


def without_twins(chains: Sequence[FilterChain], plain: Sequence[FilterChain]) -> Iterator[FilterChain]:
    """The filter chains, without those of `plain` that match the same connections as another one.

    A port that accepts both has a filter chain for plaintext of its own. A port that only accepts mutual TLS may have
    two filter chains, one for HTTP and one for other protocols: the first one stays.
    """
    made = set(map(id, plain))
    taken = [chain.filter_chain_match for chain in chains if id(chain) not in made]
    for chain in chains:
        if id(chain) not in made:
            yield chain
        elif chain.filter_chain_match is None or not _is_taken(chain.filter_chain_match, taken):
            taken.append(chain.filter_chain_match)
            yield chain


def _is_taken(match: FilterChainMatch, taken: Sequence[FilterChainMatch | None]) -> bool:
    return any(other is not None and replaced(other, application_protocols=()) == match for other in taken)
