"""Who sees ServiceEntries: `serviceEntryVisibility` of the mesh config."""

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import LabelSelector


class EntryVisibility(ProtoEnum):
    """Who sees a ServiceEntry: nobody, its own namespace, or everybody. The default is PUBLIC."""

    VISIBILITY_UNSPECIFIED = "VISIBILITY_UNSPECIFIED"
    NONE = "NONE"
    NAMESPACE = "NAMESPACE"
    PUBLIC = "PUBLIC"


class VisibilityMatchRule(OneOf):
    """A condition on a ServiceEntry. Without a selector it matches none."""

    one_of = (("namespace_selector",),)

    namespace_selector: LabelSelector | None = None
    """Labels of the namespace of the ServiceEntry."""


class VisibilityPolicy(Node):
    """The visibility of the ServiceEntries that meet all conditions."""

    visibility: EntryVisibility = EntryVisibility.VISIBILITY_UNSPECIFIED
    """Who sees them."""
    matching_rules: tuple[VisibilityMatchRule, ...] = ()
    """The conditions. Without any, the policy is for all ServiceEntries."""


class ServiceEntryVisibility(Node):
    """Who sees ServiceEntries. Since Istio 1.31."""

    default_visibility: EntryVisibility = EntryVisibility.VISIBILITY_UNSPECIFIED
    """Who sees a ServiceEntry for which there is no policy."""
    apply_to_sidecars: Bool = False
    """Whether it limits `exportTo` for sidecars and gateways. Ambient workloads follow it in any case."""
    policies: tuple[VisibilityPolicy, ...] = ()
    """Policies. The first that matches decides."""
