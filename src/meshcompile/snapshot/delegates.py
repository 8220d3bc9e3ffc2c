"""Rules that a root VirtualService delegates to others, merged. Follows istiod's `model.MergeHTTPRoutes`.

A delegate is a VirtualService without hosts. The matches of the root's rule narrow each of its rules. A delegate's rule
inherits fields that it does not set. A rule whose match contradicts the root's is dropped.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.codes.routes import DELEGATE_CONFLICT, DELEGATE_NOT_FOUND, DELEGATE_NOT_VISIBLE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import Delegate, HTTPMatchRequest, HTTPRoute, VirtualService
from meshcompile.snapshot.exports import EVERYWHERE, exported_to
from meshcompile.snapshot.short_names import qualified_http

# Fields that a delegate's rule inherits from the root's rule if it does not set them.
INHERITED = (
    "rewrite",
    "direct_response",
    "timeout",
    "retries",
    "fault",
    "mirror",
    "mirror_percent",
    "mirror_percentage",
    "cors_policy",
    "mirrors",
    "headers",
)


class DelegatedRule(Struct, frozen=True):
    """An HTTP rule, and the origin of the root rule that delegated to it, if there is one."""

    rule: HTTPRoute
    root: Origin | None = None


class Delegates(Struct, frozen=True):
    """VirtualServices without hosts by (namespace, name), and findings about their use."""

    by_name: Mapping[tuple[str, str], VirtualService]
    default_export_to: tuple[str, ...]
    findings: list[Diagnostic]

    @classmethod
    def of(cls, virtual_services: Iterable[VirtualService], default_export_to: tuple[str, ...]) -> "Delegates":
        """The delegates among some VirtualServices."""
        by_name = {(vs.namespace, vs.name): vs for vs in virtual_services if not vs.spec.hosts}
        return cls(by_name, default_export_to, [])

    def rules(self, virtual_service: VirtualService) -> tuple[DelegatedRule, ...]:
        """The HTTP rules of a root in order, with delegated rules expanded. Names are fully qualified."""
        return tuple(self._rules(virtual_service))

    def _rules(self, virtual_service: VirtualService) -> Iterator[DelegatedRule]:
        for written in virtual_service.spec.http:
            rule = qualified_http(written, virtual_service.namespace)
            if rule.delegate is None:
                yield DelegatedRule(rule)
            elif (delegate := self._resolved(rule.delegate, virtual_service.namespace)) is not None:
                yield from self._merged(rule, delegate)

    def _resolved(self, reference: Delegate, namespace: str) -> VirtualService | None:
        """The delegate of that name; None if it does not exist or is not visible in this namespace."""
        name = (reference.namespace or namespace, reference.name)
        delegate = self.by_name.get(name)
        if delegate is None:
            self.findings.append(self._not_found(reference, name))
            return None
        visible_to = exported_to(delegate.spec.export_to or self.default_export_to, delegate.namespace)
        if not visible_to & {EVERYWHERE, namespace}:
            related = (Related("the delegate", delegate.origin),)
            self.findings.append(
                DELEGATE_NOT_VISIBLE(reference, delegate="/".join(name), to_namespace=namespace, related=related)
            )
            return None
        return delegate

    def _not_found(self, reference: Delegate, name: tuple[str, str]) -> Diagnostic:
        """The finding is at the namespace if no delegate is in it, else at the name."""
        known = any(namespace == name[0] for namespace, _ in self.by_name)
        namesake = next((f"did you mean `{'/'.join(other)}`?" for other in self.by_name if other[1] == name[1]), "")
        place = reference.at("name" if known or not reference.namespace else "namespace")
        return DELEGATE_NOT_FOUND(place, delegate="/".join(name), suggestion=namesake)

    def _merged(self, root: HTTPRoute, delegate: VirtualService) -> Iterator[DelegatedRule]:
        for written in delegate.spec.http:
            leaf = qualified_http(written, delegate.namespace)
            merged = merged_rule(root, leaf)
            if merged is None:
                self.findings.append(DELEGATE_CONFLICT(leaf, related=(Related("the root's rule", root.origin),)))
            else:
                yield DelegatedRule(merged, root.origin)


def merged_rule(root: HTTPRoute, leaf: HTTPRoute) -> HTTPRoute | None:
    """The delegate's rule, narrowed by the root's rule; None when their matches contradict each other."""
    match = merged_matches(root.match, leaf.match)
    if match is None:
        return None
    inherited = {field: getattr(root, field) for field in INHERITED if getattr(leaf, field) in (None, ())}
    return leaf.model_copy(update={"match": match, "name": _joined(root.name, leaf.name), **inherited})


def merged_matches(
    root: tuple[HTTPMatchRequest, ...], leaf: tuple[HTTPMatchRequest, ...]
) -> tuple[HTTPMatchRequest, ...] | None:
    """Every leaf match, narrowed by every compatible root match; None if a leaf match is compatible with none."""
    if not root or not leaf:
        return leaf or root
    groups = [[merged_match(outer, inner) for outer in root if not contradicts(outer, inner)] for inner in leaf]
    return tuple(match for group in groups for match in group) if all(groups) else None


def merged_match(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> HTTPMatchRequest:
    """The intersection of both matches. Where both set the same attribute, the leaf's value is used."""
    return leaf.model_copy(
        update={
            "name": _joined(root.name, leaf.name),
            "uri": leaf.uri or root.uri,
            "scheme": leaf.scheme or root.scheme,
            "method": leaf.method or root.method,
            "authority": leaf.authority or root.authority,
            "headers": {**root.headers, **leaf.headers},
            "without_headers": {**root.without_headers, **leaf.without_headers},
            "query_params": {**root.query_params, **leaf.query_params},
            "port": leaf.port or root.port,
            "source_labels": {**root.source_labels, **leaf.source_labels},
            "source_namespace": leaf.source_namespace or root.source_namespace,
            "gateways": leaf.gateways or root.gateways,
            "stat_prefix": leaf.stat_prefix or root.stat_prefix,
        }
    )


def _joined(root: str, leaf: str) -> str:
    return f"{root}-{leaf}" if root and leaf else leaf or root


def contradicts(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> bool:
    """True unless the leaf's match narrows the root's match."""
    return (
        any(text_contradicts(outer, inner) for outer, inner in _text_matches(root, leaf))
        or root.ignore_uri_case != leaf.ignore_uri_case
        or bool(root.port and leaf.port and root.port != leaf.port)
        # If the root requires a namespace, the leaf must repeat it.
        or bool(root.source_namespace and leaf.source_namespace != root.source_namespace)
        or any(root.source_labels.get(key, value) != value for key, value in leaf.source_labels.items())
        or _gateways_contradict(root.gateways, leaf.gateways)
    )


def _text_matches(
    root: HTTPMatchRequest, leaf: HTTPMatchRequest
) -> Iterator[tuple[StringMatch | None, StringMatch | None]]:
    """The pairs of string matches that both sides have for the same attribute."""
    for field in ("uri", "scheme", "method", "authority"):
        yield getattr(root, field), getattr(leaf, field)
    for field in ("headers", "without_headers", "query_params"):
        outer = getattr(root, field)
        for name, inner in getattr(leaf, field).items():
            yield outer.get(name), inner


def _gateways_contradict(root: tuple[str, ...], leaf: tuple[str, ...]) -> bool:
    return bool(root and leaf) and (len(root) < len(leaf) or not set(leaf) <= set(root))


def text_contradicts(root: StringMatch | None, leaf: StringMatch | None) -> bool:
    """True unless the leaf's match is known to be a subset of the root's match.

    Regular expressions are not compared: any other match contradicts one.
    """
    if root is None or leaf is None:
        return False
    if root.regex or leaf.regex:
        return True
    if root.exact:
        return bool(leaf.prefix) or leaf.exact != root.exact
    if root.prefix:
        return not (leaf.prefix or leaf.exact or "").startswith(root.prefix)
    return True
