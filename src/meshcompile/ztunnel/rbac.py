"""What ztunnel decides about a connection, from the authorizations that hold for a workload.

Follows ztunnel's `assert_rbac` of `state.rs` and `Authorization::matches` of `rbac.rs`.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network
from typing import TypeVar

from msgspec import Struct

from meshcompile.envoy.workload_security import (
    AddressBlock,
    Authorization,
    Group,
    L4StringMatch,
    Match,
    Rules,
    ServiceAccountMatch,
)
from meshcompile.snapshot.ambient.addresses import ip_text
from meshcompile.values.spiffe import PREFIX
from meshcompile.ztunnel.addresses import unpacked_ip

T = TypeVar("T")
EMPTY = Match()


class TunnelledConnection(Struct, frozen=True):
    """A connection to a workload. `identity` is the SPIFFE identity of the client, "" for plain text.

    `destination` and `port` are those of the workload, not of a service.
    """

    identity: str
    source: str
    destination: str
    port: int

    @property
    def principal(self) -> str:
        """The identity without its scheme."""
        return self.identity.removeprefix(PREFIX)

    @property
    def account(self) -> tuple[str, str] | None:
        """The namespace and the service account of the identity; None for plain text."""
        match self.principal.split("/"):
            case [_, "ns", namespace, "sa", account]:
                return namespace, account
            case _:
                return None


class ConnectionVerdict(Struct, frozen=True):
    """Whether ztunnel takes a connection. `group` is the one that matches, and `policy` has it.

    Without a group, no policy matches: `policy` is the first one that could have allowed the connection, None if there
    is none.
    """

    allowed: bool
    policy: Authorization | None = None
    group: Group | None = None


def connection_verdict(policies: Iterable[Authorization], connection: TunnelledConnection) -> ConnectionVerdict:
    """The verdict of the policies of a workload: first those that deny, then those that allow."""
    known = tuple(policies)
    denying = (policy for policy in known if policy.action == "DENY")
    allowing = tuple(policy for policy in known if policy.action == "ALLOW")
    if (denied := _first_match(denying, connection)) is not None:
        return ConnectionVerdict(False, *denied)
    if (allowed := _first_match(allowing, connection)) is not None:
        return ConnectionVerdict(True, *allowed)
    return ConnectionVerdict(not allowing, next(iter(allowing), None))


def matching_group(policy: Authorization, connection: TunnelledConnection) -> Group | None:
    """The first group that matches. One without rules matches every connection."""
    groups = (group for group in policy.groups if all(_any_match(rules, connection) for rules in group.rules))
    return next(groups, None)


def _first_match(
    policies: Iterable[Authorization], connection: TunnelledConnection
) -> tuple[Authorization, Group] | None:
    for policy in policies:
        if (group := matching_group(policy, connection)) is not None:
            return policy, group
    return None


def _any_match(rules: Rules, connection: TunnelledConnection) -> bool:
    return not rules.matches or any(_matches(match, connection) for match in rules.matches)


def _matches(match: Match, connection: TunnelledConnection) -> bool:
    """An empty match matches nothing: it is what is left of a condition about HTTP."""
    account = connection.account
    namespace = "" if account is None else account[0]
    return match != EMPTY and (
        _among(match.destination_ips, match.not_destination_ips, lambda each: _has(each, connection.destination))
        and _among(match.source_ips, match.not_source_ips, lambda each: _has(each, connection.source))
        and _among(match.destination_ports, match.not_destination_ports, lambda each: each == connection.port)
        and _among(match.service_accounts, match.not_service_accounts, lambda each: _account(each) == account)
        and _among(match.principals, match.not_principals, lambda each: _holds(each, connection.principal))
        and _among(match.namespaces, match.not_namespaces, lambda each: _holds(each, namespace))
    )


def _among(wanted: Sequence[T], unwanted: Sequence[T], holds: Callable[[T], bool]) -> bool:
    return (not wanted or any(map(holds, wanted))) and not any(map(holds, unwanted))


def _holds(wanted: L4StringMatch, found: str) -> bool:
    match wanted:
        case L4StringMatch(exact=str(text)):
            return found == text
        case L4StringMatch(prefix=str(text)):
            return found.startswith(text)
        case L4StringMatch(suffix=str(text)):
            return found.endswith(text)
        case _:
            return bool(found)


def _account(wanted: ServiceAccountMatch) -> tuple[str, str]:
    return (wanted.namespace, wanted.service_account)


def _has(block: AddressBlock, address: str) -> bool:
    ip = ip_text(address)
    return ip is not None and ip_address(ip) in ip_network(f"{unpacked_ip(block.address)}/{block.length}", strict=False)
