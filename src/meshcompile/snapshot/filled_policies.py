"""Traffic policies that users wrote, with what policies of the Gateway API add to them.

Follows istiod's `mergeBackendPolicyTrafficPolicy` and `mergeBackendPolicyPortLevelSettings`.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from meshcompile.models.networking.destination_rule import PortTrafficPolicy, TrafficPolicy

P = TypeVar("P", TrafficPolicy, PortTrafficPolicy)

_OF_PORTS = ("load_balancer", "connection_pool", "outlier_detection", "tls")
_OF_HOSTS = (*_OF_PORTS, "tunnel", "proxy_protocol", "retry_budget")


def filled_policy(written: TrafficPolicy, generated: TrafficPolicy) -> TrafficPolicy:
    """The written policy. The generated one sets what it leaves out, also for single ports."""
    ports = tuple(_ports(written.port_level_settings, generated.port_level_settings))
    return _filled(written, generated, _OF_HOSTS).model_copy(update={"port_level_settings": ports})


def _ports(written: Iterable[PortTrafficPolicy], generated: Iterable[PortTrafficPolicy]) -> Iterator[PortTrafficPolicy]:
    """The settings of all ports, written ones first. Of several written ones for a port, the last gets more."""
    more = {_number(each): each for each in generated}
    last = {_number(each): each for each in written}
    for each in written:
        number = _number(each)
        yield _filled(each, more[number], _OF_PORTS) if number in more and each is last[number] else each
    yield from (each for number, each in more.items() if number not in last)


def _number(settings: PortTrafficPolicy) -> int:
    return 0 if settings.port is None else settings.port.number


def _filled(written: P, generated: P, fields: tuple[str, ...]) -> P:
    absent = (name for name in fields if getattr(written, name) is None)
    return written.model_copy(update={name: getattr(generated, name) for name in absent})
