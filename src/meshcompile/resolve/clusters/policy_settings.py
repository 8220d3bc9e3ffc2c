"""The settings of clusters that depend on a traffic policy alone."""

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.resolve.clusters.balancing import balancing, panic_threshold, waypoint_panic_threshold
from meshcompile.resolve.clusters.ir import Balancing, Discovery, Keepalive, Thresholds
from meshcompile.resolve.clusters.pool import connect_timeout, keepalive, thresholds
from meshcompile.resolve.endpoints.locality_balancing import Localities, locality_settings
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy
from meshcompile.snapshot.service import Service
from meshcompile.values.durations import Duration


class PolicySettings(Struct, frozen=True):
    """The settings that clusters with one policy share, on any port."""

    connect_timeout: Duration | None
    thresholds: Thresholds
    keepalive: Keepalive | None
    localities: Localities | None
    balancing: Balancing


class SettingsByPolicy:
    """The settings of the clusters of one service, computed once for all ports and subsets with one policy."""

    def __init__(
        self,
        mesh: MeshConfig,
        service: Service,
        behaviour: Behaviour,
        client: ClientKey,
        *,
        behind_waypoint: bool = False,
    ) -> None:
        self._mesh, self._service, self._behaviour, self._client = mesh, service, behaviour, client
        self._panic_threshold = waypoint_panic_threshold if behind_waypoint else panic_threshold
        self._known: dict[tuple[EffectivePolicy, Discovery, bool], tuple[EffectivePolicy, PolicySettings]] = {}

    def of(self, policy: EffectivePolicy, discovery: Discovery, keeps_draining: bool) -> PolicySettings:
        """The settings of a policy."""
        key = (policy, discovery, keeps_draining)
        known = self._known.get(key)
        # Equal policies may be written in several places, and settings name their place.
        if known is not None and known[0].is_written_where(policy):
            return known[1]
        settings = self._settings(policy, discovery, keeps_draining)
        self._known[key] = (policy, settings)
        return settings

    def _settings(self, policy: EffectivePolicy, discovery: Discovery, keeps_draining: bool) -> PolicySettings:
        mesh, service, pool = self._mesh, self._service, policy.connection_pool
        localities = locality_settings(mesh, policy.load_balancer, service, self._behaviour, self._client)
        return PolicySettings(
            connect_timeout=connect_timeout(pool, mesh),
            thresholds=thresholds(pool, policy.retry_budget),
            keepalive=keepalive(pool, mesh),
            localities=localities,
            balancing=balancing(
                policy,
                discovery,
                localities,
                self._panic_threshold(service, policy.outlier_detection, self._behaviour),
                keeps_draining=keeps_draining,
            ),
        )
