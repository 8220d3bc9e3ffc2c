"""Listeners that need no control plane: routes, filters and certificates are inlined."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from meshcompile.codes.output import ISTIO_ONLY, NOT_INLINED, SERVED_WITHOUT_CERTIFICATE
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener, ListenerFilter
from meshcompile.envoy.config.route import (
    Route,
    RouteConfiguration,
    VirtualHost,
    WeightedClusterClusterWeight,
)
from meshcompile.envoy.extensions.filters.common.set_filter_state import FilterStateValue
from meshcompile.envoy.extensions.filters.http.set_filter_state import Config as HttpFilterState
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.extensions.filters.network.set_filter_state import Config as NetworkFilterState
from meshcompile.envoy.message import Message, Packed, encode, replaced
from meshcompile.output.bootstrap import extensions
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.tls import MissingSecret, static_socket
from meshcompile.output.packed import known, type_of
from meshcompile.output.walk import rewritten

F = TypeVar("F", Filter, HttpFilter)


@dataclass(frozen=True, slots=True)
class StaticListener:
    """Builds one static listener from the available resources, and collects findings about omitted parts."""

    name: str
    origin: Origin
    routes: Mapping[str, RouteConfiguration]
    discovered: Mapping[str, TypedExtensionConfig]  # extensions by name
    options: Options
    found: list[Diagnostic] = field(default_factory=list)

    def of(self, listener: Listener) -> Listener | None:
        """The listener with all data that Envoy would fetch for it; None if none of its filter chains can be built."""
        chains = tuple(
            static_chain for chain in listener.filter_chains if (static_chain := self._chain(chain)) is not None
        )
        default = None if listener.default_filter_chain is None else self._chain(listener.default_filter_chain)
        if not chains and default is None:
            return None
        return replaced(
            listener,
            filter_chains=chains,
            default_filter_chain=default,
            listener_filters=tuple(filter(self._may_listen, listener.listener_filters)),
        )

    def _may_listen(self, item: ListenerFilter) -> bool:
        return self.options.flavour is Flavour.ISTIO or type_of(item.typed_config) not in extensions.NEEDS_ROOT

    def _chain(self, chain: FilterChain) -> FilterChain | None:
        """The filter chain; None if its certificate is missing."""
        socket = chain.transport_socket
        try:
            static = None if socket is None else static_socket(socket, self.options)
        except MissingSecret as missing:
            self.found.append(
                SERVED_WITHOUT_CERTIFICATE(self.origin, resource=f"listener {self.name}", secret=missing.name)
            )
            return None
        filters = tuple(self._network_filter(item) for item in self._supported(chain.filters))
        return replaced(chain, transport_socket=static, filters=filters)

    def _supported(self, filters: Iterable[F]) -> Iterator[F]:
        """The filters that the flavour of Envoy includes, with discovered ones inlined."""
        for item in filters:
            config = self._config(item)
            if (reason := self._left_out(config)) is None:
                yield (
                    item if config is item.typed_config else replaced(item, config_discovery=None, typed_config=config)
                )
            elif reason:
                self.found.append(
                    NOT_INLINED(self.origin, extension=item.name, resource=f"listener {self.name}", reason=reason)
                )
            else:
                self.found.append(ISTIO_ONLY(self.origin, extension=item.name, resource=f"listener {self.name}"))

    def _config(self, item: Filter | HttpFilter) -> Packed | None:
        """The configuration that a filter has or discovers; None when it is not known."""
        if item.config_discovery is None:
            return item.typed_config
        discovered = self.discovered.get(item.name)
        return None if discovered is None else discovered.typed_config

    def _left_out(self, config: Packed | None) -> str | None:
        """The reason why a filter is omitted: None if it stays, "" if only Istio's build includes it."""
        if config is None:
            return "its configuration is not known"
        name = type_of(config)
        if self.options.flavour is Flavour.ISTIO:
            return None
        if name in extensions.WASM:
            return "Envoy would fetch its module at run time"
        return "" if name in extensions.ISTIO_ONLY else None

    def _network_filter(self, item: Filter) -> Filter:
        match known(item.typed_config):
            case HttpConnectionManager() as manager:
                return replaced(item, typed_config=self._manager(manager))
            case _:
                return self._with_known_factories(item)

    def _manager(self, manager: HttpConnectionManager) -> HttpConnectionManager:
        """The connection manager with its routes inline."""
        filters = tuple(map(self._with_known_factories, self._supported(manager.http_filters)))
        return replaced(manager, http_filters=filters, rds=None, route_config=self._route_config(manager))

    def _route_config(self, manager: HttpConnectionManager) -> RouteConfiguration | None:
        """The inlined routes; empty if there are none."""
        routes = manager.route_config
        if manager.rds is not None:
            name = manager.rds.route_config_name
            routes = self.routes.get(name, RouteConfiguration(name=name, validate_clusters=False))
        if routes is None or b'"typedPerFilterConfig"' not in encode(routes):  # few have it, and a walk takes longer
            return routes
        return rewritten(routes, self._without_overrides)

    def _without_overrides(self, message: Message) -> Message:
        """The message without settings of filters that are left out."""
        match message:
            case RouteConfiguration() | VirtualHost() | Route() | WeightedClusterClusterWeight():
                settings = message.typed_per_filter_config
                kept = {name: config for name, config in settings.items() if self._left_out(config) is None}
                return message if len(kept) == len(settings) else replaced(message, typed_per_filter_config=kept)
            case _:
                return message

    def _with_known_factories(self, item: F) -> F:
        """A plain Envoy has Istio's hashable string under a name of its own."""
        config = item.typed_config
        if self.options.flavour is Flavour.ENVOY and isinstance(config, HttpFilterState | NetworkFilterState):
            return replaced(item, typed_config=rewritten(config, _with_known_factory))
        return item


def _with_known_factory(message: Message) -> Message:
    match message:
        case FilterStateValue(factory_key="istio.hashable_string"):
            return replaced(message, factory_key="envoy.hashable_string")
        case _:
            return message
