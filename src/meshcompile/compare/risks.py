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
    """Requests that went by mutual TLS now go in plain text, or are now taken in plain text."""
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
    if capture is Capture.NONE and not before.forwards and after.forwards:
        yield Risk.EXPOSURE
    if before.denied and not after.denied:
        yield Risk.AUTHORIZATION_WIDENED
    gone = before.forwards and not any(_host(cluster) in hosts for cluster in before.clusters)
    if _weaker(change) and not (gone and capture is Capture.OUTBOUND):
        yield Risk.MTLS_WEAKENED
    if before.forwards and (_leads_nowhere(after) or (gone and capture is Capture.OUTBOUND)):
        yield Risk.ROUTE_TO_NOTHING
    if change.listener in drained:
        yield Risk.LISTENER_DRAIN


def _host(cluster: str) -> str:
    """The host of a cluster such as `outbound|80|v1|catalog.shop.svc.cluster.local`."""
    return cluster.rpartition("|")[2]


def _leads_nowhere(effect: Effect) -> bool:
    return any(set(str(each.get("flags", "")).split(",")) & {"NC", "UH"} for each in effect.outcomes)


def _weaker(change: BehaviourChange) -> bool:
    """Whether plain text replaces mutual TLS: in what a client sends, or in what a server takes."""
    before, after, connection = change.before, change.after, change.probe.connection
    if connection.capture is not Capture.INBOUND:
        return True in before.mtls and False in after.mtls
    return connection.tls is None and not before.forwards and not before.denied and after.forwards
