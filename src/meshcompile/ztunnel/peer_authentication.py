"""PeerAuthentications as authorizations: ztunnel denies connections without an identity.

Follows `convertPeerAuthentication` and `convertedSelectorPeerAuthentications` of istiod's `authorization.go`.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct

from meshcompile.envoy.message import at
from meshcompile.envoy.workload_security import Authorization, Group, Match, Rules
from meshcompile.models.security.peer_authentication import MutualTLS, PeerAuthentication
from meshcompile.snapshot.authentication import MutualTlsMode, is_wide, mutual_tls_mode, own_mode, peer_selector
from meshcompile.values.labels import Labels, selects
from meshcompile.ztunnel.authorizations import PRESENT

STATIC_STRICT = "istio_converted_static_strict"
CONVERTED = "converted_peer_authentication_"
STRICT, PERMISSIVE = MutualTlsMode.STRICT, MutualTlsMode.PERMISSIVE
LAX = frozenset({PERMISSIVE, MutualTlsMode.DISABLE})
WITHOUT_IDENTITY = Match(not_principals=(PRESENT,))

Mode: TypeAlias = MutualTlsMode | None
"""A mode; None for UNSET, or without a policy."""


class PeerAuthentications(Struct, frozen=True, eq=False):
    """The policies of the mesh, oldest first."""

    root_namespace: str
    policies: tuple[PeerAuthentication, ...]

    def authorizations(self) -> Iterator[Authorization]:
        """What ztunnel gets of the policies."""
        for policy in self.policies:
            groups = tuple(self._groups(policy))
            if groups:
                yield at(_denying(CONVERTED + policy.name, policy.namespace, groups), policy.origin)
        if self.policies:
            strict = Group(rules=(Rules(matches=(WITHOUT_IDENTITY,)),))
            places = tuple(policy.origin for policy in self.policies)
            yield at(_denying(STATIC_STRICT, self.root_namespace, (strict,)), places)

    def names(self, namespace: str, labels: Labels) -> tuple[str, ...]:
        """The names of the authorizations that hold for a workload, sorted."""
        found = tuple(policy for policy in self.policies if self._holds(policy, namespace, labels))
        own = next((each for each in found if not is_wide(each) and each.namespace != self.root_namespace), None)
        above = _composed(self._wide(found, in_root=True), self._wide(found, in_root=False))
        is_strict = (above if own is None else own_mode(own) or above) is STRICT
        names = set()
        if own is not None and _has_exceptions(own, is_strict=is_strict):
            names.add(f"{own.namespace}/{CONVERTED}{own.name}")
            is_strict = False
        if is_strict:
            names.add(f"{self.root_namespace}/{STATIC_STRICT}")
        return tuple(sorted(names))

    def _holds(self, policy: PeerAuthentication, namespace: str, labels: Labels) -> bool:
        if policy.namespace == self.root_namespace and policy.spec.selector is None:
            return True
        return policy.namespace == namespace and selects(peer_selector(policy), labels)

    def _wide(self, policies: Iterable[PeerAuthentication], *, in_root: bool) -> Mode:
        """The mode of the oldest policy of the mesh, or of the namespace."""
        wide = (each for each in policies if is_wide(each) and (each.namespace == self.root_namespace) is in_root)
        return next((own_mode(each) for each in wide), None)

    def _groups(self, policy: PeerAuthentication) -> Iterator[Group]:
        """The groups of a policy with port levels: one for each strict port, and one for all other ports."""
        spec = policy.spec
        if policy.namespace == self.root_namespace or spec.selector is None:
            return
        levels = PolicyLevels(own_mode(policy), self._oldest(policy.namespace), self._oldest(self.root_namespace))
        ports = sorted((int(port), settings) for port, settings in spec.port_level_mtls.items())
        exempt = [(port, each) for port, each in ports if _mode(each) in LAX and levels.needs_exceptions]
        if levels.own is STRICT and not exempt:
            return
        for port, settings in ports:
            if _mode(settings) is STRICT and not levels.cover_strict_ports:
                match = Match(not_principals=(PRESENT,), destination_ports=(port,))
                yield at(Group(rules=(Rules(matches=(match,)),)), settings.origin)
        others = (
            *((WITHOUT_IDENTITY,) if levels.own is STRICT else ()),
            *(Match(not_destination_ports=(port,)) for port, _ in exempt),
            *((WITHOUT_IDENTITY,) if exempt and levels.inherited is STRICT else ()),
        )
        if others:
            yield at(Group(rules=tuple(Rules(matches=(match,)) for match in others)), policy.origin)

    def _oldest(self, namespace: str) -> PeerAuthentication | None:
        """The oldest policy of a namespace without a selector."""
        found = (each for each in self.policies if each.namespace == namespace and each.spec.selector is None)
        return next(found, None)


class PolicyLevels(Struct, frozen=True):
    """The mode of a policy of workloads, and the policies of its namespace and of the mesh."""

    own: Mode
    namespace: PeerAuthentication | None
    root: PeerAuthentication | None

    @property
    def inherited(self) -> Mode:
        return _composed(_mode_of(self.root), _mode_of(self.namespace))

    @property
    def cover_strict_ports(self) -> bool:
        """True if istiod makes no group for a strict port. If the mesh is strict and the namespace sets no mode, it
        makes none even for a policy that is lax itself. Its strict ports then take plain text.
        """
        namespace, root = _mode_of(self.namespace), _mode_of(self.root)
        by_namespace = self.own is None and namespace is STRICT
        return self.own is STRICT or by_namespace or (namespace is None and root is STRICT)

    @property
    def needs_exceptions(self) -> bool:
        """True if other ports are strict. The policy of the namespace counts even if it sets no mode: istiod then takes
        the ports for permissive, whatever the mesh says.
        """
        if self.own is not None:
            return self.own is STRICT
        return _mode_of(self.namespace if self.namespace is not None else self.root) is STRICT


def _has_exceptions(policy: PeerAuthentication, *, is_strict: bool) -> bool:
    """True if a port has another mode than the workload. If the policy inherits STRICT, DISABLE does not count."""
    modes = {_mode(settings) for settings in policy.spec.port_level_mtls.values()}
    if not is_strict:
        return STRICT in modes
    return not modes.isdisjoint(LAX if own_mode(policy) is STRICT else {PERMISSIVE})


def _denying(name: str, namespace: str, groups: tuple[Group, ...]) -> Authorization:
    return Authorization(name=name, namespace=namespace, scope="WORKLOAD_SELECTOR", action="DENY", groups=groups)


def _composed(root: Mode, namespace: Mode) -> Mode:
    return namespace or root


def _mode_of(policy: PeerAuthentication | None) -> Mode:
    return None if policy is None else own_mode(policy)


def _mode(settings: MutualTLS) -> Mode:
    return mutual_tls_mode(settings.mode)
