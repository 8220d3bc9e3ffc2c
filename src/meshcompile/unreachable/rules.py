"""Rules and matches of VirtualServices and HTTPRoutes that no request reaches at any proxy: IST0130 and IST0131.

Each is proved from the object alone: the earlier matches that take its requests apply wherever it applies.
"""

from collections.abc import Iterator, Mapping, Sequence

from meshcompile.codes.validation import INEFFECTIVE_MATCH, UNREACHABLE_RULE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.unreachable.likely import unproved
from meshcompile.unreachable.placed_match import PlacedMatch
from meshcompile.words import listed

CONTRADICTION = "its conditions exclude each other"
KINDS = frozenset({"VirtualService", "HTTPRoute", "GRPCRoute"})


def unreachable_rules(virtual_services: Sequence[MergedVirtualService]) -> Iterator[Diagnostic]:
    """A finding for each rule, and for each match of a rule that others reach."""
    covering: dict[Origin, tuple[PlacedMatch, tuple[PlacedMatch, ...]]] = {}
    reached: set[Origin] = set()
    rules: dict[Origin, set[Origin]] = {}
    for each in virtual_services:
        matches = _matches(each)
        for match in matches:
            rules.setdefault(match.rule, set()).add(match.place)
        proved = _unreachable(each, matches)
        reached.update(match.place for index, match in enumerate(matches) if index not in proved)
        covering |= {matches[index].place: (matches[index], by) for index, by in proved.items()}
    left = {place: found for place, found in covering.items() if place not in reached}
    whole = {rule for rule, places in rules.items() if places <= left.keys()}
    yield from _findings(left, whole)


def _matches(virtual_service: MergedVirtualService) -> tuple[PlacedMatch, ...]:
    """The matches of all rules, in order."""
    return tuple(
        PlacedMatch(match, places[0] if places[0].path else rule.origin, rule.origin)
        for rule, origins in zip(virtual_service.http, virtual_service.http_origins, strict=True)
        for match, places in zip(rule.match or (None,), origins, strict=True)
        if rule.origin.document.kind in KINDS
    )


def _unreachable(
    virtual_service: MergedVirtualService, matches: Sequence[PlacedMatch]
) -> Mapping[int, tuple[PlacedMatch, ...]]:
    """The matches that no request reaches, each with those that take its requests."""
    candidates = unproved([each.match for each in matches])
    if not candidates:
        return {}
    from meshcompile.unreachable.rule_proofs import proved_unreachable  # for a fast start: few meshes need a proof

    return proved_unreachable(virtual_service, matches, candidates)


def _findings(
    left: Mapping[Origin, tuple[PlacedMatch, tuple[PlacedMatch, ...]]], whole: set[Origin]
) -> Iterator[Diagnostic]:
    said = set[Origin]()
    for placed, by in left.values():
        if placed.rule in whole:
            if placed.rule not in said:
                said.add(placed.rule)
                covering = [each for other, others in left.values() if other.rule == placed.rule for each in others]
                yield _of_rule(placed.rule, covering)
        elif not any(each.is_empty and each.rule == placed.rule for each in by):
            yield _of_match(placed, by)


def _of_rule(rule: Origin, by: Sequence[PlacedMatch]) -> Diagnostic:
    others = tuple(dict.fromkeys(each.rule for each in by if each.rule != rule))
    verb = "takes" if len(others) == 1 else "take"
    reason = f"{_rules(others, rule)} {verb} all of its requests" if others else CONTRADICTION
    return UNREACHABLE_RULE(rule, rule=_name(rule), reason=reason, related=_related(by))


def _of_match(placed: PlacedMatch, by: Sequence[PlacedMatch]) -> Diagnostic:
    others = tuple(dict.fromkeys(each.rule for each in by))
    reason = f"duplicate/overlapping match in {_rules(others, placed.rule)}" if others else CONTRADICTION
    match = f"#{placed.place.path[-1]}"
    return INEFFECTIVE_MATCH(placed.place, rule=_name(placed.rule), match=match, reason=reason, related=_related(by))


def _related(by: Sequence[PlacedMatch]) -> tuple[Related, ...]:
    return tuple(Related("this takes its requests", place) for place in dict.fromkeys(each.place for each in by))


def _rules(rules: Sequence[Origin], seen_from: Origin) -> str:
    """Several rules in words, with their objects where these are others."""
    named = [
        _name(each) if each.document is seen_from.document else _full_name(each) for each in sorted(rules, key=_order)
    ]
    return f"{'rule' if len(named) == 1 else 'rules'} {listed(named)}"


def _name(rule: Origin) -> str:
    """A rule by its place in the list of rules, as istioctl names it."""
    return f"#{rule.path[2]}"


def _full_name(rule: Origin) -> str:
    return f"{_name(rule)} of {rule.document.kind} {rule.document.name}"


def _order(rule: Origin) -> tuple[str, str, int]:
    return rule.document.namespace, rule.document.name, int(rule.path[2])
