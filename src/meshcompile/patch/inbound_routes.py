"""Patches of the route configurations in inbound listeners. istiod creates and patches them before the listeners."""

from meshcompile.envoy.config.listener import Filter, FilterChain, Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.models.networking.envoy_filter import PatchContext
from meshcompile.patch.drafts import same
from meshcompile.patch.editing import changed
from meshcompile.patch.patcher import Patcher
from meshcompile.patch.routes import ROUTE_OBJECTS, is_for_patches, patched_route_configuration
from meshcompile.proxy import ProxyType
from meshcompile.values.names import CONNECT_TERMINATE


def with_patched_routes(patcher: Patcher, listener: Listener) -> Listener:
    """An inbound listener with the route configurations of its connection managers patched.

    Patches do not apply to the only route of the listener at which HBONE tunnels end.
    """
    is_concerned = any(patcher.patches(apply_to, PatchContext.SIDECAR_INBOUND) for apply_to in ROUTE_OBJECTS)
    if not is_concerned or listener.name == CONNECT_TERMINATE:
        return listener
    chains = tuple(_chain(patcher, chain) for chain in listener.filter_chains)
    return listener if same(chains, listener.filter_chains) else changed(listener, filter_chains=chains)


def _chain(patcher: Patcher, chain: FilterChain) -> FilterChain:
    filters = tuple(_filter(patcher, network_filter) for network_filter in chain.filters)
    return chain if same(filters, chain.filters) else changed(chain, filters=filters)


def _filter(patcher: Patcher, network_filter: Filter) -> Filter:
    manager = network_filter.typed_config
    if not isinstance(manager, HttpConnectionManager) or manager.route_config is None:
        return network_filter
    if patcher.facts.proxy.type is ProxyType.WAYPOINT and not is_for_patches(manager.route_config):
        return network_filter
    routes = patched_route_configuration(patcher, PatchContext.SIDECAR_INBOUND, manager.route_config)
    if routes is manager.route_config:
        return network_filter
    return changed(network_filter, typed_config=changed(manager, route_config=routes))
