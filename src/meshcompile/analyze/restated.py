"""Findings about single objects and across them in one list, each cause once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from meshcompile.codes.gateways import DUPLICATE_TLS_HOST
from meshcompile.codes.references import CONFLICTING_GATEWAYS
from meshcompile.codes.routes import UNREACHABLE_RULE
from meshcompile.codes.schema import SCHEMA_ERROR, SCHEMA_WARNING
from meshcompile.codes.security import HTTP_FIELDS_ON_TCP
from meshcompile.codes.validation import HTTP_IN_DENY, INEFFECTIVE_MATCH
from meshcompile.codes.validation import UNREACHABLE_RULE as ISTIO_UNREACHABLE_RULE
from meshcompile.diagnostics import Code, Diagnostic
from meshcompile.documents import Document, Origin

RESTATING = frozenset({SCHEMA_ERROR.id, SCHEMA_WARNING.id})
EXACT = {HTTP_IN_DENY.id: HTTP_FIELDS_ON_TCP.id, INEFFECTIVE_MATCH.id: UNREACHABLE_RULE.id}
"""Codes of general findings, and the code that says the same of one place more exactly."""
PROVED = frozenset({ISTIO_UNREACHABLE_RULE.id, INEFFECTIVE_MATCH.id})
"""Codes that are proved for HTTP rules."""
DROPPED = "Istio drops this server"


def joined(
    single: Iterable[Diagnostic], across: Iterable[Diagnostic], malformed: Iterable[Document]
) -> Iterator[Diagnostic]:
    """The findings about single objects and those across objects, at their exact positions.

    What `analyze` says under a code of istioctl replaces the finding of `validate`. Nothing more is said about an
    object that the API server refuses.
    """
    refused = {(document.kind, document.namespace, document.name) for document in malformed}
    reported = _once(each.at_cause() for each in across if (each.kind, each.namespace, each.name) not in refused)
    yield from _across(reported)
    yield from _single(tuple(single), reported)


def _once(across: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings, with one for a value that aliases use again, and one for several sentences about one mistake.

    Few are alike, so few positions are computed.
    """
    alike: dict[object, list[Diagnostic]] = defaultdict(list)
    for each in across:
        mistake = each.message.rpartition(" (")[2]  # it ends with the code of `validate`
        key = (each.origin, mistake) if each.code in RESTATING else (each.code, each.object_name, each.message)
        alike[key].append(each)
    return [each for group in alike.values() for each in _shortest_by_position(group)]


def _shortest_by_position(group: list[Diagnostic]) -> Iterable[Diagnostic]:
    if len(group) == 1:
        return group
    longest_first = sorted(group, key=lambda each: -len(each.message))
    return {each.origin.position: each for each in longest_first}.values()


def without_general(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, without general ones where another finding for the same place is more exact."""
    candidates = tuple(diagnostics)
    exact = _exact(candidates)
    yield from (each for each in candidates if (EXACT.get(each.code), each.origin) not in exact)


def restated(found: Diagnostic, problem: str, code: Code) -> Diagnostic:
    """A finding of `validate` under the code of istioctl, in the same place."""
    return code(
        found.origin,
        problem=problem,
        kind=found.kind,
        namespace=found.namespace,
        name=found.name,
        rejected=found.rejected,
        suggestion=found.suggestion,
        related=found.related,
        fixes=found.fixes,
        code=found.code,
    )


def _across(reported: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings across objects. A conflict of Gateways says which server Istio drops."""
    named = _places(reported, HTTP_FIELDS_ON_TCP)  # with the ports it is about
    conflicts, dropped = _places(reported, CONFLICTING_GATEWAYS), _places(reported, DUPLICATE_TLS_HOST)
    for each in reported:
        match each.code:
            case CONFLICTING_GATEWAYS.id if each.origin in dropped:
                yield replace(each, message=f"{each.problem}, so {DROPPED}", effect=DROPPED)
            case DUPLICATE_TLS_HOST.id if each.origin in conflicts:
                continue
            case SCHEMA_WARNING.id if each.origin in named:
                continue
            case _:
                yield each


def _single(single: Sequence[Diagnostic], reported: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings about single objects, without those that a finding across objects replaces.

    istioctl says a sentence about an object once. The other places of the same mistake get the same code.
    """
    exact = _exact((*single, *reported))
    replacing = {each.origin: each.message for each in reported if each.code in RESTATING}
    proved = {each.origin for each in reported if each.code in PROVED}
    mistakes = {_mistake(each) for each in single if f"({each.code})" in replacing.get(each.origin, "")}
    for each in single:
        if each.origin in replacing or _is_decided(each, proved):
            continue
        if _mistake(each) in mistakes and (EXACT.get(each.code), each.origin) not in exact:
            yield restated(each, each.message, SCHEMA_ERROR if each.rejected else SCHEMA_WARNING)
        else:
            yield each


def _is_decided(found: Diagnostic, proved: AbstractSet[Origin]) -> bool:
    """True for a finding about the order of HTTP rules: `analyze` proves what `validate` finds by rough rules."""
    if found.code in PROVED:
        return found.origin.path[:2] == ("spec", "http")
    rule = Origin(found.origin.document, found.origin.path[:3])
    return found.code == UNREACHABLE_RULE.id and not proved.isdisjoint((found.origin, rule))


def _exact(found: Iterable[Diagnostic]) -> frozenset[tuple[str, Origin]]:
    return frozenset((each.code, each.origin) for each in found if each.code in EXACT.values())


def _places(found: Iterable[Diagnostic], code: Code) -> frozenset[Origin]:
    return frozenset(each.origin for each in found if each.code == code.id)


def _mistake(found: Diagnostic) -> tuple[str, bool, str, str, str]:
    return found.code, found.rejected, found.kind, found.namespace, found.name
