"""The same input in another release of Istio."""

from dataclasses import replace

from msgspec.structs import replace as replace_struct

from meshcompile.accept import Admission
from meshcompile.behaviour import Behaviour
from meshcompile.mesh import Mesh
from meshcompile.settings import settings_with


def following(mesh: Mesh, behaviour: Behaviour) -> Mesh:
    """The mesh with the behaviour of another release. Nothing is read again."""
    own = mesh.config_cluster.under(behaviour)
    remote = {name: cluster.under(behaviour) for name, cluster in mesh.remote_clusters.items()}
    reading = replace_struct(mesh.loading.reading, admission=Admission(mesh.namespace, behaviour))
    loading = replace_struct(mesh.loading, reading=reading)
    return replace(
        mesh,
        config_cluster=own,
        remote_clusters=remote,
        settings=settings_with(own.resources, loading.given, behaviour),
        behaviour=behaviour,
        loading=loading,
    )
