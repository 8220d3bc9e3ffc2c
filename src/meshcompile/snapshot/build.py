"""Makes a Snapshot from accepted resources. It makes its indexes on first use."""

from collections.abc import Mapping

from meshcompile.behaviour import ISTIO_1_30, Behaviour
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.queries import Answers
from meshcompile.snapshot.resources import CONFIG_CLUSTER, ConfigStore
from meshcompile.snapshot.snapshot import Snapshot, SnapshotInputs


def snapshot(
    resources: ConfigStore,
    mesh: MeshConfig,
    networks: MeshNetworks,
    behaviour: Behaviour = ISTIO_1_30,
    jwks: Mapping[str, str] | None = None,
    answers: Answers | None = None,
    *,
    ambient: bool = False,
) -> Snapshot:
    """The snapshot of a mesh, independent of the order of `resources`.

    `jwks` are keys of issuers by their URI. `answers` come from the snapshot before an edit. `ambient` meshes have
    waypoints.
    """
    inputs = SnapshotInputs(resources, mesh, networks, behaviour, CONFIG_CLUSTER, jwks or {}, ambient)
    return Snapshot(inputs, answers)
