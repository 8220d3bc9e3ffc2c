"""Who sees ServiceEntries by the mesh config. Follows istiod's `serviceentry_visibility.go` and `serviceExportTo`."""

from meshcompile.models.mesh.service_entry_visibility import (
    EntryVisibility,
    ServiceEntryVisibility,
    VisibilityMatchRule,
)
from meshcompile.snapshot.discovery import is_selected
from meshcompile.snapshot.exports import EVERYWHERE, NOBODY
from meshcompile.values.labels import Labels

_NOBODY = frozenset({NOBODY})


def entry_visibility(settings: ServiceEntryVisibility | None, namespace_labels: Labels) -> EntryVisibility:
    """The visibility of the ServiceEntries of a namespace with these labels."""
    if settings is None:
        return EntryVisibility.PUBLIC
    matching = (
        policy.visibility
        for policy in settings.policies
        if all(_matches(rule, namespace_labels) for rule in policy.matching_rules)
    )
    found = next(matching, settings.default_visibility)
    return EntryVisibility.PUBLIC if found is EntryVisibility.VISIBILITY_UNSPECIFIED else found


def _matches(rule: VisibilityMatchRule, labels: Labels) -> bool:
    return rule.namespace_selector is not None and is_selected(rule.namespace_selector, labels)


def limited_exports(export_to: frozenset[str], namespace: str, visibility: EntryVisibility) -> frozenset[str]:
    """The namespaces that a ServiceEntry of a namespace is exported to, as far as its visibility allows."""
    if export_to == _NOBODY:
        return export_to
    match visibility:
        case EntryVisibility.NONE:
            return _NOBODY
        case EntryVisibility.NAMESPACE:
            return frozenset({namespace}) if export_to & {EVERYWHERE, namespace} else _NOBODY
        case _:
            return export_to
