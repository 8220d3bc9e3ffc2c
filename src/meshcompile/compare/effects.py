"""What becomes of a request, in a form that can be compared between two configurations and shown."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Any

import msgspec

from meshcompile.compare.comparable import comparable
from meshcompile.compare.probes import SOMEWHERE, SOMEWHERE_6
from meshcompile.config import Config
from meshcompile.envoy.config.endpoint import LbEndpoint
from meshcompile.envoy.message import Message
from meshcompile.simulate import ClosedConnection, ForwardedBytes, ForwardedRequest, LocalReply, ProxyOutcome
from meshcompile.simulate.cluster import ChosenCluster, EndpointChoice
from meshcompile.simulate.endpoints import address_text

NOT_COMPARED = frozenset({"pointer", "steps", "route", "stream", "details", "reason"})
"""Fields that only say where something is, or why it happens."""
DENIED = "rbac_access_denied"
UNROUTED = 404
UPSTREAM_ANSWERS = 200
"""The status that is assumed of an upstream that is reached."""


class Protection(IntEnum):
    """How a request goes on. More is better."""

    PLAIN = 0
    TLS = 1
    MUTUAL_TLS = 2


def protection(shown: Mapping[str, Any]) -> Protection:
    """How a request with an outcome goes on."""
    if shown["mtls"]:
        return Protection.MUTUAL_TLS
    return Protection.TLS if shown.get("tls") else Protection.PLAIN


class Effect(msgspec.Struct, frozen=True):
    """What becomes of a request at one proxy. `key` is equal for equal effects, `outcomes` is what is shown.

    `upstream_headers` are the headers that the upstream gets, joined by name.
    """

    key: Any
    outcomes: tuple[Mapping[str, Any], ...]
    upstream_headers: Mapping[str, str]

    @property
    def shown(self) -> Mapping[str, Any]:
        """The outcome, or `{"outcomes": [...]}` where it depends on chance."""
        return self.outcomes[0] if len(self.outcomes) == 1 else {"outcomes": list(self.outcomes)}

    @property
    def clusters(self) -> frozenset[str]:
        """The clusters that get the request."""
        return frozenset(each["cluster"] for each in self.outcomes if each.get("cluster"))

    @property
    def is_closed(self) -> bool:
        """Whether the connection is closed without an answer."""
        return all(each["status"] is None for each in self.outcomes)

    @property
    def is_unrouted(self) -> bool:
        """Whether no route takes the request: for the client, that is little better than a closed connection."""
        return all(each.get("flags") == "NR" and each["status"] == UNROUTED for each in self.outcomes)

    @property
    def forwards(self) -> bool:
        """Whether the request goes on to an upstream, at least by chance."""
        return bool(self.clusters)

    @property
    def protections(self) -> frozenset[Protection]:
        """How the request goes on, for all endpoints that it can go to."""
        return frozenset(protection(each) for each in self.outcomes if "mtls" in each)

    @property
    def denied(self) -> bool:
        """Whether a policy denies the request in all cases."""
        return all(each.get("denied", False) for each in self.outcomes)


Workloads = Mapping[str, str]
"""What answers at an address: `catalog.shop v1`, or `itself` for the workload of the proxy."""


def with_headers(before: Effect, after: Effect, *, is_after: bool) -> Mapping[str, Any]:
    """What is shown of one of two effects. The headers for the upstream are shown where nothing else differs."""
    shown = (after if is_after else before).shown
    if before.shown != after.shown:
        return shown
    was, now = before.upstream_headers, after.upstream_headers
    mine = now if is_after else was
    differing = {name: mine.get(name) for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name)}
    return {**shown, "upstream_headers": differing} if differing else shown


def effect(outcomes: Sequence[ProxyOutcome], workloads: Workloads) -> Effect:
    """The effect of a request with these outcomes. Endpoints are compared by workload, since addresses come and go."""
    by_chance = len(outcomes) > 1
    return Effect(
        tuple(_plain(each, workloads) for each in outcomes),
        tuple(_shown(each, by_chance, workloads) for each in outcomes),
        _upstream_headers(outcomes[0]) if outcomes else {},
    )


def _upstream_headers(outcome: ProxyOutcome) -> Mapping[str, str]:
    if not isinstance(outcome.ending, ForwardedRequest):
        return {}
    sent = {name: ",".join(lines) for name, lines in outcome.ending.headers.lines.items()}
    return {**sent, **dict.fromkeys(outcome.ending.computed_headers, COMPUTED)}


COMPUTED = "set by the proxy"
"""The value of a header that depends on the connection."""


def workloads(config: Config) -> Workloads:
    """The workloads behind the endpoints of a proxy, by address."""
    assignments = (*config.endpoints, *(each.load_assignment for each in config.clusters if each.load_assignment))
    endpoints = (each for one in assignments for placed in one.endpoints for each in placed.lb_endpoints)
    named = {address_text(each.endpoint.address): _workload(each) for each in endpoints if each.endpoint is not None}
    return {address: name for address, name in named.items() if name} | dict.fromkeys(config.proxy.ip_addresses, ITSELF)


def workloads_of_both(before: Config, after: Config) -> tuple[Workloads, Workloads]:
    """The workloads behind the endpoints of two configurations. A name that only one of them has is used for both."""
    was, now = workloads(before), workloads(after)
    return {**now, **was}, {**was, **now}


ITSELF = "itself"


def _workload(endpoint: LbEndpoint) -> str:
    """`NAME.NAMESPACE VERSION`, from the metadata that istiod writes: `POD;NAMESPACE;NAME;VERSION;CLUSTER`."""
    metadata = endpoint.metadata.filter_metadata.get("istio", {}) if endpoint.metadata else {}
    parts = str(metadata.get("workload", "")).split(";")
    return f"{parts[2]}.{parts[1]} {parts[3]}".rstrip() if len(parts) > 3 and parts[2] else ""


def _answering(endpoint: EndpointChoice, workloads: Workloads) -> str:
    host = endpoint.address.rpartition(":")[0].strip("[]")
    return workloads.get(endpoint.address) or workloads.get(host) or endpoint.address


def _plain(value: Any, workloads: Workloads) -> Any:
    """A value without places, as data that is compared by value."""
    if isinstance(value, ChosenCluster):
        settings = _plain(value.message, workloads)
        found = {"name": value.name, "settings": settings, "decided_by": value.decided_by}
        return {**found, "depends_on": value.depends_on, "endpoints": _shares(value, workloads)}
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Message):
        return _without(comparable(value), ("metadata", "loadAssignment"))
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value)]
    elif isinstance(value, msgspec.Struct):
        names = list(value.__struct_fields__)
    elif isinstance(value, tuple | list):
        return [_plain(each, workloads) for each in value]
    elif isinstance(value, Mapping):
        return {str(key): _plain(each, workloads) for key, each in value.items()}
    else:
        return value
    return {name: _plain(getattr(value, name), workloads) for name in names if name not in NOT_COMPARED}


def _shares(cluster: ChosenCluster, workloads: Workloads) -> dict[str, Any]:
    """The share of each workload in percent, and how it is connected to."""
    found: dict[str, Fraction] = {}
    last: dict[str, EndpointChoice] = {}
    for each in cluster.endpoints:
        name = _answering(each, workloads)
        found[name] = found.get(name, Fraction(0)) + each.share
        last[name] = each
    return {
        name: {
            "share": str(share * 100),
            "transport": _plain(last[name].transport, workloads),
            "locality": last[name].locality,
            "priority": last[name].priority,
        }
        for name, share in found.items()
    }


def _without(data: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    return {key: value for key, value in data.items() if key not in names}


def _shown(outcome: ProxyOutcome, by_chance: bool, workloads: Workloads) -> dict[str, Any]:
    share = {"share": _percent(outcome.share)} if by_chance else {}
    depends = {"depends_on": list(outcome.depends_on)} if outcome.depends_on else {}
    flags = ",".join(outcome.flags) or None
    return {**share, **_ending(outcome, workloads), **({"flags": flags} if flags else {}), **depends}


def _percent(share: Fraction) -> float:
    return round(float(share) * 100, 2)


def _ending(outcome: ProxyOutcome, workloads: Workloads) -> dict[str, Any]:
    match outcome.ending:
        case LocalReply(status=status, details=details):
            location = outcome.ending.headers.first("location")
            denied = {"denied": True} if details.startswith(DENIED) else {}
            return {"status": status, "details": details, **({"location": location} if location else {}), **denied}
        case ClosedConnection(reason=reason):
            return {"status": None, "details": reason, **({"denied": True} if reason.startswith(DENIED) else {})}
        case ForwardedRequest() as forwarded:
            return {"status": UPSTREAM_ANSWERS, **_upstream(forwarded.cluster, workloads), **_policies(forwarded)}
        case ForwardedBytes(cluster=cluster):
            return {"status": UPSTREAM_ANSWERS, **_upstream(cluster, workloads)}


def _upstream(cluster: ChosenCluster, workloads: Workloads) -> dict[str, Any]:
    known = (each for each in cluster.endpoints if not each.address.startswith(ANYWHERE))
    answering = sorted({_answering(each, workloads) for each in known})
    secured = {"mtls": _are_mutual(cluster), **_simple_tls(cluster)} if cluster.endpoints else {}
    answered = {"answered_by": answering[0] if len(answering) == 1 else answering} if answering else {}
    return {"cluster": cluster.name, **answered, **secured}


ANYWHERE = (f"{SOMEWHERE}:", f"[{SOMEWHERE_6}]:")
"""The addresses that stand for those that clients call."""


def _are_mutual(cluster: ChosenCluster) -> bool:
    """Whether the proxy shows a certificate to all endpoints."""
    return all(each.transport.tls is not None and bool(each.transport.tls.certificates) for each in cluster.endpoints)


def _simple_tls(cluster: ChosenCluster) -> dict[str, Any]:
    """That the proxy speaks TLS, if it shows no certificate."""
    secured = all(each.transport.tls is not None for each in cluster.endpoints)
    return {"tls": True} if secured and not _are_mutual(cluster) else {}


def _policies(forwarded: ForwardedRequest) -> dict[str, Any]:
    policies = forwarded.policies
    mirrors = {"mirrors": [each.cluster for each in policies.mirrors]} if policies.mirrors else {}
    timeout = {"timeout": f"{policies.timeout:g}s"} if policies.timeout else {}
    retries = {"retries": policies.retries.attempts} if policies.retries else {}
    return {**timeout, **retries, **mirrors}
