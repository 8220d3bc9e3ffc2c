"""What a policy is attached to: workloads that it selects, or objects that it targets."""

from typing import Protocol

from meshcompile.models.common import PolicyTargetReference, WorkloadSelector


class Attachable(Protocol):
    """The spec of a policy that selects workloads or targets objects."""

    @property
    def selector(self) -> WorkloadSelector | None: ...

    @property
    def target_refs(self) -> tuple[PolicyTargetReference, ...]: ...


def targets(spec: Attachable) -> tuple[PolicyTargetReference, ...]:
    """The objects that a policy targets; the older, single `targetRef` counts where the list is empty."""
    single: PolicyTargetReference | None = getattr(spec, "target_ref", None)
    return spec.target_refs or (() if single is None else (single,))


def is_attached(spec: Attachable) -> bool:
    """False for a policy of a whole namespace, or of the mesh."""
    return bool(spec.selector and spec.selector.match_labels) or bool(targets(spec))
