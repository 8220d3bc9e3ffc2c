"""The network filters that pass on what is known of an HBONE tunnel.

Follows istiod's `ConnectAuthorityNetworkFilter` and `buildInnerConnectOriginateListener`.
"""

from meshcompile.envoy.config.core import DataSource, SubstitutionFormatString
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.common.set_filter_state import (
    FilterStateValue,
    FilterStateValueSharedWithUpstream,
)
from meshcompile.envoy.extensions.filters.network.set_filter_state import Config
from meshcompile.values.names import ORIGINAL_DESTINATION

LOCAL_IP = f"{ORIGINAL_DESTINATION}.local_ip"
TUNNEL_TARGET = "istio.double_hbone.hbone_target_address"
"""The service that a tunnel to another network is for."""


def _value(key: str, text: str, shared: FilterStateValueSharedWithUpstream, factory_key: str = "") -> FilterStateValue:
    return FilterStateValue(
        object_key=key,
        factory_key=factory_key,
        format_string=SubstitutionFormatString(text_format_source=DataSource(inline_string=text)),
        shared_with_upstream=shared,
    )


# Connections keep the destination that they had in the tunnel.
CONNECT_AUTHORITY = Filter(
    name="connect_authority",
    typed_config=Config(on_new_connection=(_value(LOCAL_IP, f"%FILTER_STATE({LOCAL_IP}:PLAIN)%", "ONCE"),)),
)


def endpoint_state(*, hashable: bool) -> Config:
    """What the metadata of an endpoint in another network say: its gateway, and the service that it belongs to.

    With `hashable`, connections to different services do not share an upstream connection.
    """
    gateway = _value(LOCAL_IP, f"%DYNAMIC_METADATA({ORIGINAL_DESTINATION}:local)%", "TRANSITIVE")
    service = _value(
        TUNNEL_TARGET,
        "%DYNAMIC_METADATA(istio:double_hbone:hbone_target_address)%",
        "TRANSITIVE",
        "istio.hashable_string" if hashable else "envoy.string",
    )
    return Config(on_new_connection=(gateway, service))
