"""The targets of a policy: workloads that it selects, or objects that it references."""

from typing import Protocol

from meshcompile.models.common import PolicyTargetReference, WorkloadSelector


class Attachable(Protocol):
    """The spec of a policy that selects workloads or targets objects."""

    @property
    def selector(self) -> WorkloadSelector | None: ...

    @property
    def target_refs(self) -> tuple[PolicyTargetReference, ...]: ...


def targets(spec: Attachable) -> tuple[PolicyTargetReference, ...]:
    """The objects that a policy targets. The older field `targetRef` applies if the list is empty."""
    single: PolicyTargetReference | None = getattr(spec, "target_ref", None)
    return spec.target_refs or (() if single is None else (single,))


def is_attached(spec: Attachable) -> bool:
    """False for a policy that applies to a whole namespace or to the mesh."""
    return bool(spec.selector and spec.selector.match_labels) or bool(targets(spec))
