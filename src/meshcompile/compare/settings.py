"""What differs between two outcomes that look the same: settings of the cluster, of retries, of balancing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.compare.effects import Effect
from meshcompile.compare.fields import FieldChange, field_changes
from meshcompile.envoy.config.listener import FilterChain
from meshcompile.envoy.message import Message, to_builtins

GROUPS: Mapping[str, str] = {
    "circuitBreakers": "connection pool",
    "upstreamConnectionOptions": "connection pool",
    "typedExtensionProtocolOptions": "connection pool",
    "connectTimeout": "connection pool",
    "outlierDetection": "outlier detection",
    "transportSocket": "TLS",
    "transportSocketMatches": "TLS",
    "transport": "TLS",
    "lbPolicy": "load balancing",
    "lbSubsetConfig": "load balancing",
    "ringHashLbConfig": "load balancing",
    "maglevLbConfig": "load balancing",
    "leastRequestLbConfig": "load balancing",
    "roundRobinLbConfig": "load balancing",
    "loadBalancingPolicy": "load balancing",
    "commonLbConfig": "load balancing",
    "slowStartConfig": "load balancing",
    "hashes": "load balancing",
    "endpoints": "endpoints",
    "retries": "retries",
    "type": "discovery",
    "edsClusterConfig": "discovery",
    "dnsLookupFamily": "discovery",
    "dnsRefreshRate": "discovery",
    "filters": "filters",
    "headers": "headers",
    "computed_headers": "headers",
    "response_headers": "headers of the response",
    "response_operations": "headers of the response",
}
"""What the parts of an outcome are called, by the name of a field."""
UNLIMITED = 4294967295
"""What istiod sets where a connection pool has no limit."""


class SettingChange(Struct, frozen=True):
    """A setting that differs: `group` is what it is part of, such as `connection pool`. None stands for no value."""

    group: str
    name: str
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"group": self.group, "name": self.name, "before": self.before, "after": self.after}

    def __str__(self) -> str:
        return f"{self.group}: {self.name} {_shown(self.before)} -> {_shown(self.after)}"


def setting_changes(before: Effect, after: Effect) -> tuple[SettingChange, ...]:
    """The settings that differ where two outcomes look the same; none if they look different."""
    if before.shown != after.shown:
        return ()
    pairs = zip(before.key, after.key, strict=True)
    return _named(change for one, other in pairs for change in field_changes(one, other))


def server_tls_changes(was: Sequence[Message], now: Sequence[Message]) -> tuple[SettingChange, ...]:
    """The settings of TLS that differ between two filter chains, such as the certificate that clients see."""
    sockets = [each.transport_socket for each in (*was[:1], *now[:1]) if isinstance(each, FilterChain)]
    if len(sockets) != 2 or None in sockets or sockets[0] == sockets[1]:
        return ()
    one, other = (to_builtins(each) for each in sockets if each is not None)
    return tuple(replace(each, group=SERVER_TLS) for each in _named(field_changes(one, other)))


SERVER_TLS = "TLS of the gateway"


def _named(changes: Iterable[FieldChange]) -> tuple[SettingChange, ...]:
    """The changes of single values. What goes and what comes under one name is one change."""
    leaves = (leaf for each in changes for leaf in _leaves(each.pointer, each.before, each.after))
    found: dict[tuple[str, str], list[SettingChange]] = {}
    for at, was, now in leaves:
        if at.rpartition("/")[2] not in NOT_TOLD:
            change = SettingChange(_group(at), _name(at), was, now)
            found.setdefault((change.group, change.name), []).append(change)
    return tuple(each for several in found.values() for each in _joined(several))


NOT_TOLD = ("@type", "ads", "resourceApiVersion", "initialFetchTimeout")
"""Fields that say how Envoy reads a part."""


def _joined(changes: Sequence[SettingChange]) -> Iterable[SettingChange]:
    """Changes with one name: a value that goes and one that comes as one change, equal ones once."""
    gone = [each.before for each in changes if each.after is None]
    come = [each.after for each in changes if each.before is None]
    if len(changes) == 2 and len(gone) == len(come) == 1:
        return [replace(changes[0], before=gone[0], after=come[0])]
    return {repr(each): each for each in changes}.values()


def _leaves(pointer: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """The single values of a change; those of a whole part that came or went one by one."""
    one, other = (side if isinstance(side, dict) else {} for side in (before, after))
    if isinstance(before, dict | None) and isinstance(after, dict | None) and (one or other):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield from _leaves(f"{pointer}/{key}", one.get(key), other.get(key))
    else:
        yield pointer, before, after


def _group(pointer: str) -> str:
    names = pointer.split("/")
    return next((GROUPS[name] for name in names if name in GROUPS), "settings")


def _name(pointer: str) -> str:
    """The name of the field, with the one around it if it says nothing by itself."""
    names = [name for name in pointer.split("/") if name and not name.isdecimal()]
    return " ".join(names[-2:] if names[-1:] and names[-1] in VAGUE else names[-1:])


VAGUE = ("name", "value", "exact", "prefix", "filename")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case int() if value == UNLIMITED:
            return "no limit"
        case list() | tuple():
            return ", ".join(map(_shown, value)) or "none"
        case dict():
            return "other values" if value else "{}"
        case _:
            return str(value)
