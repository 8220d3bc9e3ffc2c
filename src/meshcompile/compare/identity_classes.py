"""Identities of clients, without those that no policy tells apart."""

from collections.abc import Iterable, Iterator, Sequence

from meshcompile.compare.policies import principal_names
from meshcompile.envoy.config.listener import FilterChain
from meshcompile.envoy.config.rbac import RBAC
from meshcompile.envoy.extensions.filters.http import rbac as http_rbac
from meshcompile.envoy.extensions.filters.network import rbac as network_rbac
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.message import Packed, canonical
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.simulate.string_match import string_predicate

IDENTITY_HEADER = b"x-forwarded-client-cert"
"""The header with the identity of the client. A filter that asks for it can tell any identities apart."""


def told_apart(identities: Iterable[str], chains: Sequence[FilterChain]) -> tuple[str, ...]:
    """The first of the identities that all policies of some filter chains treat alike, for each such group."""
    if any(IDENTITY_HEADER in canonical(chain) for chain in chains):
        return tuple(dict.fromkeys(identities))
    names = dict.fromkeys(name for chain in chains for name in _names(chain))
    accepted = [string_predicate(name) for name in names]
    classes: dict[tuple[bool, ...], str] = {}
    for identity in identities:
        classes.setdefault(tuple(accepts(identity) for accepts in accepted), identity)
    return tuple(classes.values())


def _names(chain: FilterChain) -> Iterator[StringMatcher]:
    for rules in (each for one in chain.filters for each in _rules(one.typed_config)):
        for policy in rules.policies.values() if rules is not None else ():
            yield from (name for principal in policy.principals for name in principal_names(principal))


def _rules(config: Packed | None) -> Iterator[RBAC | None]:
    match config:
        case HttpConnectionManager(http_filters=filters):
            yield from (each for one in filters for each in _rules(one.typed_config))
        case http_rbac.RBAC() | network_rbac.RBAC():
            yield from (config.rules, config.shadow_rules)
        case _:
            return
