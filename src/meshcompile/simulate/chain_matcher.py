"""Filter chains that a matcher of xDS names, as in listeners of waypoints (`common/matcher`)."""

from collections.abc import Sequence
from ipaddress import ip_address

from msgspec import Struct

from meshcompile.envoy.extensions.matching.common_inputs.network import (
    ApplicationProtocolInput,
    DestinationIPInput,
    DestinationPortInput,
    ServerNameInput,
    SourceIPInput,
    TransportProtocolInput,
)
from meshcompile.envoy.protobuf import StringValue
from meshcompile.envoy.type import matcher as envoy
from meshcompile.envoy.xds.core import TypedExtensionConfig
from meshcompile.envoy.xds.type.matcher import (
    IPMatcher,
    Matcher,
    MatcherMatcherList,
    MatcherMatcherListPredicate,
    MatcherMatcherListPredicatePredicateList,
    MatcherMatcherListPredicateSinglePredicate,
    MatcherMatcherTree,
    MatcherMatcherTreeMatchMap,
    MatcherOnMatch,
    RegexMatcher,
    StringMatcher,
)
from meshcompile.simulate.cidr import network
from meshcompile.simulate.listener_filters import InspectedConnection
from meshcompile.simulate.string_match import Predicate, string_predicate, type_name


class MatchedChain(Struct, frozen=True):
    """The name of the chain, or None if nothing matches. `depends_on` is an input that is not known."""

    name: str | None
    depends_on: str = ""


NOTHING = MatchedChain(None)


def matched_chain(matcher: Matcher, connection: InspectedConnection) -> MatchedChain:
    """The chain that a matcher names for a connection."""
    found = _listed(matcher, connection) if matcher.matcher_list is not None else _in_tree(matcher, connection)
    if found.name is None and not found.depends_on and matcher.on_no_match is not None:
        return _on_match(matcher.on_no_match, connection)
    return found


def _listed(matcher: Matcher, connection: InspectedConnection) -> MatchedChain:
    for each in (matcher.matcher_list or MatcherMatcherList()).matchers:
        holds = _holds(each.predicate, connection)
        if isinstance(holds, str):
            return MatchedChain(None, holds)
        if holds and each.on_match is not None:
            found = _on_match(each.on_match, connection)
            if found != NOTHING:
                return found
    return NOTHING


def _in_tree(matcher: Matcher, connection: InspectedConnection) -> MatchedChain:
    tree = matcher.matcher_tree or MatcherMatcherTree()
    value = _input(tree.input, connection)
    if value is None:
        return MatchedChain(None, _unknown(tree.input))
    for on_match in _branches(tree, value):
        found = _on_match(on_match, connection)
        if found != NOTHING:
            return found
    return NOTHING


def _branches(tree: MatcherMatcherTree, value: str) -> Sequence[MatcherOnMatch]:
    """What the tree has for a value, the most specific first."""
    match tree:
        case MatcherMatcherTree(exact_match_map=MatcherMatcherTreeMatchMap(map=exact)):
            return [exact[value]] if value in exact else []
        case MatcherMatcherTree(prefix_match_map=MatcherMatcherTreeMatchMap(map=prefixes)):
            found = sorted((p for p in prefixes if value.startswith(p)), key=len, reverse=True)
            return [prefixes[prefix] for prefix in found]
        case MatcherMatcherTree(custom_match=TypedExtensionConfig(typed_config=IPMatcher() as ranges)):
            return _ranges(ranges, value)
        case _:
            return []


def _ranges(matcher: IPMatcher, value: str) -> Sequence[MatcherOnMatch]:
    if not value:
        return []
    address = ip_address(value)
    found = [
        (network(cidr).prefixlen, -index, each.on_match)
        for index, each in enumerate(matcher.range_matchers)
        for cidr in each.ranges
        if address in network(cidr)
    ]
    return [on_match for _, _, on_match in sorted(found, key=lambda f: f[:2], reverse=True) if on_match is not None]


def _on_match(on_match: MatcherOnMatch, connection: InspectedConnection) -> MatchedChain:
    match on_match:
        case MatcherOnMatch(matcher=Matcher() as inner):
            return matched_chain(inner, connection)
        case MatcherOnMatch(action=TypedExtensionConfig(typed_config=StringValue(value=name))):
            return MatchedChain(name)
        case MatcherOnMatch(action=TypedExtensionConfig(name=name)):
            return MatchedChain(name)
        case _:
            return NOTHING


def _holds(predicate: MatcherMatcherListPredicate | None, connection: InspectedConnection) -> bool | str:
    """Whether a predicate holds; the name of an input that is not known."""
    match predicate:
        case MatcherMatcherListPredicate(single_predicate=MatcherMatcherListPredicateSinglePredicate() as single):
            value = _input(single.input, connection)
            return _unknown(single.input) if value is None else _accepts(single, value)
        case MatcherMatcherListPredicate(or_matcher=MatcherMatcherListPredicatePredicateList(predicate=parts)):
            held = [_holds(part, connection) for part in parts]
            return True in held or next((each for each in held if isinstance(each, str)), False)
        case MatcherMatcherListPredicate(and_matcher=MatcherMatcherListPredicatePredicateList(predicate=parts)):
            held = [_holds(part, connection) for part in parts]
            return False not in held and next((each for each in held if isinstance(each, str)), True)
        case MatcherMatcherListPredicate(not_matcher=MatcherMatcherListPredicate() as inner):
            holds = _holds(inner, connection)
            return holds if isinstance(holds, str) else not holds
        case _:
            return False


def _accepts(single: MatcherMatcherListPredicateSinglePredicate, value: str) -> bool:
    match single:
        case MatcherMatcherListPredicateSinglePredicate(value_match=StringMatcher() as text):
            return _predicate(text)(value)
        case MatcherMatcherListPredicateSinglePredicate(
            custom_match=TypedExtensionConfig(typed_config=IPMatcher() as ranges)
        ):
            return bool(_ranges(ranges, value))
        case _:
            return False


def _predicate(matcher: StringMatcher) -> Predicate:
    """The string matcher of xDS, which has the fields of Envoy's."""
    expression = matcher.safe_regex
    return string_predicate(
        envoy.StringMatcher(
            exact=matcher.exact,
            prefix=matcher.prefix,
            suffix=matcher.suffix,
            contains=matcher.contains,
            safe_regex=envoy.RegexMatcher(regex=expression.regex) if isinstance(expression, RegexMatcher) else None,
            ignore_case=matcher.ignore_case,
        )
    )


def _input(config: TypedExtensionConfig | None, connection: InspectedConnection) -> str | None:
    """The value of an input; None for one that is not known, such as filter state."""
    match config and config.typed_config:
        case DestinationPortInput():
            return str(connection.connection.port)
        case DestinationIPInput():
            return connection.connection.destination
        case SourceIPInput():
            return connection.connection.source
        case ServerNameInput():
            return connection.server_name
        case TransportProtocolInput():
            return connection.transport_protocol
        case ApplicationProtocolInput():
            return ",".join(f"'{each}'" for each in connection.application_protocols)
        case _:
            return None


def _unknown(config: TypedExtensionConfig | None) -> str:
    if config is None:
        return "an input of the filter chain matcher"
    return f"the input {config.name} ({type_name(config.typed_config)}) of the filter chain matcher"
