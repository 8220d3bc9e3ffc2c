"""Locality and zone-aware load balancing: settings of DestinationRules and of the mesh config."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from meshcompile.models.base import NOTHING, Node
from meshcompile.models.common import BoolValue, UInt32, UInt32Value


class LocalityDistribute(Node):
    """How traffic from one locality is distributed over localities (endpoint weights)."""

    from_: str = ""
    """Locality where the traffic starts, as `region/zone/sub-zone`. `*` matches any part."""
    to: Mapping[str, UInt32] = NOTHING
    """Percentage of the traffic for each locality. The percentages must add up to 100."""


class LocalityFailover(Node):
    """The region that takes over when the endpoints of another region fail (endpoint priorities)."""

    from_: str = ""
    """Region whose endpoints fail."""
    to: str = ""
    """Region that takes over."""


class LocalityLoadBalancerSetting(Node):
    """Locality load balancing: prefers endpoints close to the client. Failover also needs outlier detection."""

    distribute: tuple[LocalityDistribute, ...] = ()
    """Fixed shares per locality (`load_balancing_weight` of localities). Cannot be combined with failover."""
    failover: tuple[LocalityFailover, ...] = ()
    """Which region takes over from which (`priority` of localities)."""
    failover_priority: tuple[str, ...] = ()
    """Labels in order of importance. The more of them an endpoint shares with the client, counted from the first, the
    higher its `priority`.
    """
    enabled: BoolValue = None
    """Turns locality load balancing on or off. If absent, the mesh-wide setting applies."""


class ZoneAwareFailover(Node):
    """The region that takes over when the endpoints of another region fail (endpoint priorities)."""

    from_: str = ""
    """Region whose endpoints fail."""
    to: str = ""
    """Region that takes over."""


class ZoneAwareLoadBalancerSetting(Node):
    """Zone-aware load balancing: Envoy keeps requests in the zone of the client as far as its endpoints can take them.

    The client needs `ISTIO_META_ENABLE_SELF_DISCOVERY: "true"` in its proxy metadata. Since Istio 1.31.
    """

    enabled: BoolValue = None
    """Turns zone-aware load balancing on or off. The default is true. False also turns off what Envoy does itself."""
    failover: tuple[ZoneAwareFailover, ...] = ()
    """Which region takes over from which (`priority` of localities)."""
    failover_priority: tuple[str, ...] = ()
    """Labels in order of importance. The more of them an endpoint shares with the client, counted from the first, the
    higher its `priority`.
    """
    min_cluster_size: Annotated[UInt32Value, Field(ge=1)] = None
    """Number of endpoints below which zones do not count (`min_cluster_size`). The default is 6."""
