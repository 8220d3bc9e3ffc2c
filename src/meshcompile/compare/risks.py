"""What is risky about a change."""

from collections.abc import Container, Iterator, Sequence
from enum import StrEnum

from meshcompile.compare.effects import Effect
from meshcompile.compare.proxy_diff import BehaviourChange
from meshcompile.simulate import Capture


class Risk(StrEnum):
    """A kind of risk. The values are those of `--fail-on` and of the JSON."""

    EXPOSURE = "exposure"
    """A gateway answers or forwards requests that it did not before."""
    AUTHORIZATION_WIDENED = "authorization-widened"
    """A policy lets a request pass that it denied before."""
    MTLS_WEAKENED = "mtls-weakened"
    """Requests that went by mutual TLS or TLS now go with less protection, or are now taken in plain text."""
    ROUTE_TO_NOTHING = "route-to-nothing"
    """Requests that were forwarded now have no cluster or no endpoint."""
    LISTENER_DRAIN = "listener-drain"
    """A listener goes away, and its connections with it."""


def risks(change: BehaviourChange, drained: Sequence[str], hosts: Container[str]) -> Iterator[Risk]:
    """What is risky about a change.

    Args:
        change: The change of one proxy.
        drained: The listeners of the proxy that go away.
        hosts: The hosts of the mesh after the change.
    """
    before, after = change.before, change.after
    capture = change.probe.connection.capture
    is_outside = capture is Capture.NONE and not change.probe.connection.listener
    if is_outside and not before.forwards and after.forwards:
        yield Risk.EXPOSURE
    if before.denied and not after.denied:
        yield Risk.AUTHORIZATION_WIDENED
    gone = is_gone(change, hosts)
    if _weaker(change) and not gone:
        yield Risk.MTLS_WEAKENED
    if before.forwards and (_leads_nowhere(after) or gone):
        yield Risk.ROUTE_TO_NOTHING
    if change.listener in drained:
        yield Risk.LISTENER_DRAIN


def is_gone(change: BehaviourChange, hosts: Container[str]) -> bool:
    """Whether clients call Services that the cluster no longer has. A host outside of the mesh is still there."""
    called = {_host(cluster) for cluster in change.before.clusters}
    if change.probe.connection.capture is not Capture.OUTBOUND or not called:
        return False
    return not any(host in hosts or not host.endswith(OF_SERVICES) for host in called)


OF_SERVICES = ".svc.cluster.local"
"""The last part of the hosts of Services."""


def _host(cluster: str) -> str:
    """The host of a cluster such as `outbound|80|v1|catalog.shop.svc.cluster.local`."""
    return cluster.rpartition("|")[2]


def _leads_nowhere(effect: Effect) -> bool:
    return any(set(str(each.get("flags", "")).split(",")) & {"NC", "UH"} for each in effect.outcomes)


def _weaker(change: BehaviourChange) -> bool:
    """Whether a client sends with less protection than before, or a server now takes plain text."""
    before, after, connection = change.before, change.after, change.probe.connection
    if connection.capture is not Capture.INBOUND:
        return bool(before.protections and after.protections) and max(before.protections) > min(after.protections)
    return connection.tls is None and not before.forwards and not before.denied and after.forwards
