"""Messages of the workload API about authorization: `istio.security` in istiod's `pkg/workloadapi/security`."""

from typing import Literal, TypeAlias

from meshcompile.envoy.message import Base64, Message

PolicyScope: TypeAlias = Literal["GLOBAL", "NAMESPACE", "WORKLOAD_SELECTOR"]
PolicyAction: TypeAlias = Literal["ALLOW", "DENY"]


class Presence(Message, frozen=True, kw_only=True):
    """google.protobuf.Empty: any text but none."""


class L4StringMatch(Message, frozen=True, kw_only=True):
    """istio.security.StringMatch: one of the four."""

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    presence: Presence | None = None


class ServiceAccountMatch(Message, frozen=True, kw_only=True):
    """istio.security.ServiceAccountMatch."""

    namespace: str = ""
    service_account: str = ""


class AddressBlock(Message, frozen=True, kw_only=True):
    """istio.security.Address: the addresses that begin as this one does, up to `length` bits."""

    address: Base64 = ""
    length: int = 0


class Match(Message, frozen=True, kw_only=True):
    """istio.security.Match: all fields that are set must match, each by one of its values."""

    namespaces: tuple[L4StringMatch, ...] = ()
    not_namespaces: tuple[L4StringMatch, ...] = ()
    service_accounts: tuple[ServiceAccountMatch, ...] = ()
    not_service_accounts: tuple[ServiceAccountMatch, ...] = ()
    principals: tuple[L4StringMatch, ...] = ()
    not_principals: tuple[L4StringMatch, ...] = ()
    source_ips: tuple[AddressBlock, ...] = ()
    not_source_ips: tuple[AddressBlock, ...] = ()
    destination_ips: tuple[AddressBlock, ...] = ()
    not_destination_ips: tuple[AddressBlock, ...] = ()
    destination_ports: tuple[int, ...] = ()
    not_destination_ports: tuple[int, ...] = ()


class Rules(Message, frozen=True, kw_only=True):
    """istio.security.Rules: one of the matches must match."""

    matches: tuple[Match, ...] = ()


class Group(Message, frozen=True, kw_only=True):
    """istio.security.Group: all rules must match."""

    rules: tuple[Rules, ...] = ()


class Authorization(Message, frozen=True, kw_only=True):
    """istio.security.Authorization: a policy, which takes effect if one of its groups matches."""

    name: str = ""
    namespace: str = ""
    scope: PolicyScope = "GLOBAL"
    action: PolicyAction = "ALLOW"
    groups: tuple[Group, ...] = ()
