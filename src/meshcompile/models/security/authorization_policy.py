"""AuthorizationPolicy: who may do what to a workload."""

from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, PolicyTargetReference, WorkloadSelector, size


class Source(Node):
    """The source of a request: all given fields must match. `*` at either end of a value matches any text."""

    principals: tuple[str, ...] = ()
    """Identities of the peer, `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`; needs mutual TLS."""
    not_principals: tuple[str, ...] = ()
    """Identities that the peer must not have."""
    request_principals: tuple[str, ...] = ()
    """Identities of the token, `ISSUER/SUBJECT`; needs a RequestAuthentication."""
    not_request_principals: tuple[str, ...] = ()
    """Identities that the token must not have."""
    namespaces: tuple[str, ...] = ()
    """Namespaces of the peer; needs mutual TLS."""
    not_namespaces: tuple[str, ...] = ()
    """Namespaces that the peer must not be of."""
    service_accounts: Annotated[tuple[Annotated[str, size(320)], ...], size(16)] = ()
    """Service accounts of the peer, `NAMESPACE/ACCOUNT` or one of the policy's own namespace; without `*`."""
    not_service_accounts: Annotated[tuple[Annotated[str, size(320)], ...], size(16)] = ()
    """Service accounts that the peer must not have."""
    ip_blocks: tuple[str, ...] = ()
    """Addresses or ranges of the connection (`direct_remote_ip`)."""
    not_ip_blocks: tuple[str, ...] = ()
    """Addresses or ranges that the connection must not come from."""
    remote_ip_blocks: tuple[str, ...] = ()
    """Addresses or ranges of the client as `x-forwarded-for` or the PROXY protocol tell it (`remote_ip`)."""
    not_remote_ip_blocks: tuple[str, ...] = ()
    """Addresses or ranges that the client must not have."""
    trust_domains: tuple[str, ...] = ()
    """Trust domains of the peer; needs mutual TLS."""
    not_trust_domains: tuple[str, ...] = ()
    """Trust domains that the peer must not be of."""


class Operation(Node):
    """The operation of a request: all given fields must match. `*` at either end of a value matches any text."""

    hosts: tuple[str, ...] = ()
    """Hosts (`:authority`), whatever their case; HTTP only."""
    not_hosts: tuple[str, ...] = ()
    """Hosts that it must not name; HTTP only."""
    ports: tuple[str, ...] = ()
    """Ports of the workload."""
    not_ports: tuple[str, ...] = ()
    """Ports that it must not come to."""
    methods: tuple[str, ...] = ()
    """HTTP methods; of gRPC all are POST."""
    not_methods: tuple[str, ...] = ()
    """HTTP methods that it must not use."""
    paths: tuple[str, ...] = ()
    """Paths, also with `{*}` and `{**}`; of gRPC `/package.Service/Method`."""
    not_paths: tuple[str, ...] = ()
    """Paths that it must not name."""


class RuleFrom(Node):
    """One alternative source."""

    source: Source | None = None
    """Who it is."""


class RuleTo(Node):
    """One alternative operation."""

    operation: Operation | None = None
    """What it is."""


class Condition(Node):
    """A further condition on an attribute."""

    key: str
    """The attribute, such as `request.headers[x-token]`, `source.ip` or `request.auth.claims[sub]`."""
    values: tuple[str, ...] = ()
    """Values, one of which it must have."""
    not_values: tuple[str, ...] = ()
    """Values that it must not have."""


class Rule(Node):
    """Requests by source, operation and conditions, joined by AND. An empty part matches all requests."""

    from_: Annotated[tuple[RuleFrom, ...], size(512)] = ()
    """Sources, one of which must match."""
    to: tuple[RuleTo, ...] = ()
    """Operations, one of which must match."""
    when: tuple[Condition, ...] = ()
    """Conditions, all of which must hold."""


class AuthorizationPolicyAction(ProtoEnum):
    """The action for a request that a rule matches."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    CUSTOM = "CUSTOM"


class AuthorizationPolicyProvider(Node):
    """The external authorization of a CUSTOM policy."""

    name: str = ""
    """Name of an extension provider of the mesh config."""


class AuthorizationPolicySpec(Node):
    """Access control: the filters `envoy.filters.http.rbac` and `envoy.filters.network.rbac`."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; without it and a target all, or in the root namespace the whole mesh."""
    target_ref: PolicyTargetReference | None = None
    """The object that the policy is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that the policy is attached to."""
    rules: Annotated[tuple[Rule, ...], size(512)] = ()
    """What it matches, joined by OR; nothing where empty, while an empty rule matches everything."""
    action: AuthorizationPolicyAction = AuthorizationPolicyAction.ALLOW
    """What becomes of what it matches: CUSTOM is asked first, then DENY, then ALLOW; AUDIT only marks."""
    provider: AuthorizationPolicyProvider | None = None
    """Who decides; only for CUSTOM."""


class AuthorizationPolicy(IstioResource):
    """Allows or denies requests and connections. If any ALLOW policy exists, requests that none allows are denied."""

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["AuthorizationPolicy"] = "AuthorizationPolicy"
    spec: AuthorizationPolicySpec = Field(default_factory=AuthorizationPolicySpec)
