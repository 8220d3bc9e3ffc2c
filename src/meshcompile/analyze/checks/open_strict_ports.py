"""Strict ports that take plain text in an ambient mesh.

istiod takes a strict port of a lax PeerAuthentication for covered by the mode of the mesh, if the mesh is strict and
the namespace sets no mode. So it sends ztunnel no authorization for the port. Follows `convertPeerAuthentication`.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.policy_effects import STRICT_PORT_OPEN
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.snapshot.authentication import MutualTlsMode, is_wide, mutual_tls_mode, own_mode, peer_selector
from meshcompile.values.labels import selects

LAX = frozenset({MutualTlsMode.PERMISSIVE, MutualTlsMode.DISABLE})


def open_strict_ports(context: Context) -> Iterator[Diagnostic]:
    """A finding for each strict port that takes plain text at a Pod whose traffic ztunnel captures."""
    index = context.snapshot.authentication
    if not context.snapshot.ambient or index.mesh_mode is not MutualTlsMode.STRICT:
        return
    mesh = next(filter(is_wide, index.peer[index.root_namespace]))
    for policy in context.resources.all(PeerAuthentication):
        wide = next(filter(is_wide, index.peer.get(policy.namespace, ())), None)
        inherits = wide is None or own_mode(wide) is None
        if inherits and own_mode(policy) in LAX and _selects_captured(context, policy):
            for port, settings in policy.spec.port_level_mtls.items():
                if mutual_tls_mode(settings.mode) is MutualTlsMode.STRICT:
                    related = (Related("the mesh is strict here", mesh.origin),)
                    yield STRICT_PORT_OPEN(settings, port=port, related=related)


def _selects_captured(context: Context, policy: PeerAuthentication) -> bool:
    """True if a policy selects a Pod whose connections ztunnel takes."""
    labels = peer_selector(policy)
    return any(
        isinstance(each.source, Pod)
        and each.tunnel == "HBONE"
        and each.namespace == policy.namespace
        and selects(labels, each.labels)
        for each in context.snapshot.ambient_index.workloads
    )
