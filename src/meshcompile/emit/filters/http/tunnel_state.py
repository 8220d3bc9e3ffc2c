"""The filters at the end of an HBONE tunnel. They keep what is known of it for the connections that it carries.

Follows istiod's `ConnectAuthorityFilter` and `WaypointDownstreamMetadataFilter`.
"""

from collections.abc import Iterator

from meshcompile.envoy.config.core import DataSource, SubstitutionFormatString
from meshcompile.envoy.extensions.filters.common.set_filter_state import FilterStateValue
from meshcompile.envoy.extensions.filters.http.set_filter_state import Config
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.istio import peer_metadata

PEER_METADATA = HttpFilter(
    name="waypoint_downstream_peer_metadata",
    typed_config=peer_metadata(downstream_discovery=({"workload_discovery": {}},), shared_with_upstream=True),
)
AUTHORITY = "%REQ(:AUTHORITY)%"
# The filter state of an inner connection, where it comes from, and whether it is a plain text.
_STATE = (
    ("envoy.filters.listener.original_dst.local_ip", AUTHORITY, False),
    ("io.istio.connect_authority", AUTHORITY, True),
    ("envoy.filters.listener.original_dst.remote_ip", "%DOWNSTREAM_REMOTE_ADDRESS%", False),
    ("io.istio.peer_principal", "%DOWNSTREAM_PEER_URI_SAN%", True),
    ("io.istio.local_principal", "%DOWNSTREAM_LOCAL_URI_SAN%", True),
)


def connect_authority(*, hashable: bool) -> HttpFilter:
    """The filter that keeps the addresses and identities of the tunnel.

    With `hashable`, connections whose texts differ do not share an upstream connection.
    """
    values = tuple(_values("istio.hashable_string" if hashable else "envoy.string"))
    return HttpFilter(name="connect_authority", typed_config=Config(on_request_headers=values))


def _values(factory_of_texts: str) -> Iterator[FilterStateValue]:
    for key, text, is_text in _STATE:
        yield FilterStateValue(
            object_key=key,
            factory_key=factory_of_texts if is_text else "",
            format_string=SubstitutionFormatString(text_format_source=DataSource(inline_string=text)),
            shared_with_upstream="ONCE",
        )
