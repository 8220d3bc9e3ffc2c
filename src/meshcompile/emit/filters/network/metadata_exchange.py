"""`istio.metadata_exchange`: exchanges the workload metadata of peers before other data."""

from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.istio import metadata_exchange
from meshcompile.resolve.listeners.tcp_connection import TcpConnection

FILTER = Filter(
    name="istio.metadata_exchange",
    typed_config=metadata_exchange(protocol="istio-peer-exchange", enable_discovery=True),
)


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    return (FILTER,) if connection.metadata_exchange else ()
