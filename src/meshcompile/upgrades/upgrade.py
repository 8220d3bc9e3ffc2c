"""The report of an upgrade."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from meshcompile.behaviour import Behaviour, capabilities
from meshcompile.changes import ReleaseChange
from meshcompile.collector import gc_paused
from meshcompile.compare.mesh_diff import MeshChange, MeshDiff, ResourceGroup, compared
from meshcompile.compare.sharing import LaterMesh
from meshcompile.diagnostics import Diagnostic
from meshcompile.errors import instance, keyed
from meshcompile.mesh import Mesh
from meshcompile.models.networking.envoy_filter import EnvoyFilter
from meshcompile.upgrades.assumed_gateways import with_gateways
from meshcompile.upgrades.deprecations import deprecations
from meshcompile.upgrades.field_effects import FieldEffect, field_effects
from meshcompile.upgrades.search import Findings, StageAtWork, stages_at_work
from meshcompile.upgrades.steps import VERSION, behaviour_after, stages


class RowAtWork(Struct, frozen=True):
    """A difference between the releases that has an effect on the mesh.

    `proxies` are the workloads whose configuration changes, and `fields` what changes in it. `requests` are the sets of
    requests with another outcome; `settings` is the number of further sets that go where they went, to clusters with
    other settings. `new_findings` and `gone_findings` are the findings that come and go.
    """

    change: ReleaseChange
    proxies: tuple[str, ...]
    fields: tuple[FieldEffect, ...]
    requests: tuple[MeshChange, ...]
    settings: int
    new_findings: tuple[Diagnostic, ...]
    gone_findings: tuple[Diagnostic, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


class Upgrade(Struct, frozen=True):
    """What an upgrade changes. The rows are in the order of the releases; the version of the proxies is last.

    `before` and `after` are the versions of istiod. `proxies` is the number of proxies, and `unexplained` has the
    changes of resources that no row explains. `assumed` are the workloads that were assumed for gateways without one in
    the input, and `left_out` the gateways that could not be compared, with reasons. `deprecated` are findings about
    what the later release has deprecated. `replicas` is the number of proxies of each workload.
    """

    before: str
    after: str
    proxies: int
    rows: tuple[RowAtWork, ...]
    unexplained: tuple[ResourceGroup, ...]
    assumed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    deprecated: tuple[Diagnostic, ...] = ()
    replicas: Mapping[str, int] = {}

    @property
    def changing(self) -> int:
        """The number of proxies whose configuration changes."""
        return sum(self.replicas.get(name, 1) for name in self.changed)

    @property
    def changed(self) -> tuple[str, ...]:
        """The workloads whose configuration changes, sorted."""
        rows = {name for row in self.rows for name in row.proxies}
        return tuple(sorted(rows.union(*(group.proxies for group in self.unexplained))))

    @property
    def rejected(self) -> tuple[Diagnostic, ...]:
        """The findings for which the later release rejects an object."""
        return tuple(each for row in self.rows for each in row.new_findings if each.rejected)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes: neither a configuration nor a finding."""
        return not (self.rows or self.unexplained)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile upgrade -o json` prints it. schemas/upgrade.json describes it."""
        from meshcompile.upgrades.data import upgrade_data  # it imports this module

        return upgrade_data(self)


@gc_paused()
def upgrade(mesh: Mesh, to: str, *, features: Mapping[str, bool] | None = None) -> Upgrade:
    """What an upgrade of Istio to the release `to`, such as `1.31`, changes for all proxies of a mesh.

    The mesh follows the release of today; see `release` of `load`. Its feature flags stay. `features` are values of
    flags that the later release adds, such as `{"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": False}`. A gateway without a
    workload in the input gets an assumed one.

    Raises InvalidArgument for a release that is unknown or not later, and for a flag that the upgrade does not bring.
    """
    instance("mesh", mesh, Mesh)
    instance("to", to, str)
    before, after = mesh.behaviour, behaviour_after(mesh.behaviour, to, keyed("features", features, bool))
    complete = with_gateways(mesh)
    mesh = complete.mesh
    found = [(each, _difference(each)) for each in stages_at_work(mesh, stages(before, after))]
    is_explained = _version_matters(mesh, before, after)
    rows = (_row(each, diff) for each, diff in found if is_explained or each.stage.row.field != VERSION)
    unexplained = (diff.resources for each, diff in found if not is_explained and each.stage.row.field == VERSION)
    return Upgrade(
        before.release,
        after.release,
        len(mesh.proxies()),
        tuple(row for row in rows if _has_effect(row)),
        tuple(group for groups in unexplained for group in groups),
        complete.assumed,
        complete.left_out,
        deprecations(found[-1][0].after.mesh if found else mesh, to),
        Counter(each.workload for each in mesh.named_proxies),
    )


def _difference(each: StageAtWork) -> MeshDiff:
    return compared(each.before.mesh, LaterMesh(each.after.mesh, {}))


def _version_matters(mesh: Mesh, before: Behaviour, after: Behaviour) -> bool:
    """Whether anything can depend on the version of proxies: a capability, or a patch for some versions."""
    filters = (each for each in mesh.objects if isinstance(each, EnvoyFilter))
    if any(_names_a_version(each) for each in filters):
        return True
    return capabilities(_version(before)) != capabilities(_version(after))


def _names_a_version(each: EnvoyFilter) -> bool:
    matches = (patch.match.proxy for patch in each.spec.config_patches if patch.match is not None)
    return any(match is not None and match.proxy_version for match in matches)


def _version(behaviour: Behaviour) -> tuple[int, int, int]:
    major, minor, patch = map(int, behaviour.release.split("."))
    return major, minor, patch


def _row(each: StageAtWork, diff: MeshDiff) -> RowAtWork:
    was, now = each.before.findings, each.after.findings
    shown = tuple(change for change in diff.changes if change.before != change.after)
    return RowAtWork(
        change=each.stage.row,
        proxies=tuple(sorted({name for group in diff.resources for name in group.proxies})),
        fields=field_effects(diff.resources),
        requests=shown,
        settings=len(diff.changes) - len(shown),
        new_findings=_only_in(now, was),
        gone_findings=_only_in(was, now),
        added=diff.added,
        removed=diff.removed,
    )


def _only_in(these: Findings, others: Findings) -> tuple[Diagnostic, ...]:
    """Findings that the other stage does not have, by position."""
    return tuple(sorted(these[key] for key in these.keys() - others.keys()))


def _has_effect(row: RowAtWork) -> bool:
    """Whether anything but the order of lists without order changes."""
    return bool(row.fields or row.new_findings or row.gone_findings or row.added or row.removed)
