"""Listeners that need no control plane: routes, filters and certificates are inlined."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from meshcompile.codes.output import SERVED_IN_PLAINTEXT, SERVED_WITHOUT_CERTIFICATE, SETTINGS_OMITTED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.envoy.config.core import Address, TypedExtensionConfig
from meshcompile.envoy.config.listener import (
    AdditionalAddress,
    Filter,
    FilterChain,
    Listener,
    ListenerFilter,
)
from meshcompile.envoy.config.route import (
    Route,
    RouteConfiguration,
    VirtualHost,
    WeightedClusterClusterWeight,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Message, Packed, encode, replaced
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.plaintext import plain_chain, without_twins
from meshcompile.output.bootstrap.secret_store import OF_WORKLOAD, MissingSecret
from meshcompile.output.bootstrap.tls import TlsMaterial
from meshcompile.output.bootstrap.upstream import UNKNOWN, Omission, for_upstream, omission
from meshcompile.output.packed import known
from meshcompile.output.walk import rewritten

F = TypeVar("F", Filter, HttpFilter)


@dataclass(frozen=True, slots=True)
class StaticListener:
    """Builds one static listener from the available resources, and collects findings about omitted parts."""

    name: str
    origin: Origin
    routes: Mapping[str, RouteConfiguration]
    discovered: Mapping[str, TypedExtensionConfig]  # extensions by name
    tls: TlsMaterial
    found: list[Diagnostic] = field(default_factory=list)
    plain: list[FilterChain] = field(default_factory=list)

    @property
    def options(self) -> Options:
        return self.tls.store.options

    @property
    def resource(self) -> str:
        return f"listener {self.name}"

    def of(self, listener: Listener) -> Listener | None:
        """The listener with all data that Envoy would fetch for it; None if none of its filter chains can be built."""
        chains = tuple(
            static_chain for chain in listener.filter_chains if (static_chain := self._chain(chain)) is not None
        )
        default = None if listener.default_filter_chain is None else self._chain(listener.default_filter_chain)
        if not chains and default is None:
            return None
        static = replaced(
            self._moved(listener),
            filter_chains=tuple(without_twins(chains, self.plain)) if self.plain else chains,
            default_filter_chain=default,
            listener_filters=tuple(filter(self._may_listen, listener.listener_filters)),
        )
        return self._rewritten(static)

    def _rewritten(self, listener: Listener) -> Listener:
        if self.options.flavour is Flavour.ISTIO:
            return listener
        changed, findings = for_upstream(listener, self.resource, self.origin)
        self.found.extend(findings)
        return changed

    def _moved(self, listener: Listener) -> Listener:
        """The listener at the address that the options name."""
        if not self.options.listeners:
            return listener
        more = tuple(self._moved_too(address) for address in listener.additional_addresses)
        return replaced(listener, address=self._address(listener.address, listener.name), additional_addresses=more)

    def _moved_too(self, additional: AdditionalAddress) -> AdditionalAddress:
        return replaced(additional, address=self._address(additional.address))

    def _address(self, address: Address | None, name: str = "") -> Address | None:
        socket = None if address is None else address.socket_address
        if socket is None:
            return address
        to = self.options.listeners.moved(socket.address, socket.port_value or 0, name)
        return address if to is None else Address(socket_address=replaced(to, protocol=socket.protocol))

    def _may_listen(self, item: ListenerFilter) -> bool:
        reason = self._omission(item.typed_config) if item.config_discovery is None else None
        if reason is not None and reason is not UNKNOWN:
            self._report(item.name, reason, item)
            return False
        return True

    def _chain(self, chain: FilterChain) -> FilterChain | None:
        """The filter chain; None if its certificate is missing."""
        with_socket = self._with_socket(chain)
        if with_socket is None:
            return None
        filters = tuple(self._network_filter(item) for item in self._supported(chain.filters))
        static = replaced(with_socket, filters=filters)
        if chain.transport_socket is not None and static.transport_socket is None:
            self.plain.append(static)
        return static

    def _with_socket(self, chain: FilterChain) -> FilterChain | None:
        """The filter chain with its certificate, or for plaintext; None if it needs a certificate that is missing."""
        socket = chain.transport_socket
        if socket is None:
            return chain
        try:
            return replaced(chain, transport_socket=self.tls.socket(socket))
        except MissingSecret as missing:
            is_plain = self.options.plaintext and missing.name in OF_WORKLOAD
            code = SERVED_IN_PLAINTEXT if is_plain else SERVED_WITHOUT_CERTIFICATE
            self.found.extend((*missing.findings, code(self.origin, resource=self.resource, secret=missing.name)))
            return plain_chain(chain) if is_plain else None

    def _supported(self, filters: Iterable[F]) -> Iterator[F]:
        """The filters that the flavour of Envoy includes, with discovered ones inlined."""
        for item in filters:
            config = self._config(item)
            if (reason := self._omission(config)) is not None:
                self._report(item.name, reason, item)
            else:
                inlined = replaced(item, config_discovery=None, typed_config=config)
                yield item if config is item.typed_config else inlined

    def _report(self, name: str, omitted: Omission, item: Message) -> None:
        origin = next(iter(item.origins), self.origin)
        self.found.append(omitted.code(origin, extension=name, resource=self.resource, reason=omitted.reason))

    def _config(self, item: Filter | HttpFilter) -> Packed | None:
        """The configuration that a filter has or discovers; None when it is not known."""
        if item.config_discovery is None:
            return item.typed_config
        discovered = self.discovered.get(item.name)
        return None if discovered is None else discovered.typed_config

    def _omission(self, config: Packed | None) -> Omission | None:
        """The reason why a filter is omitted; None if it stays. Istio's build includes all filters."""
        reason = omission(config)
        return reason if reason is UNKNOWN or self.options.flavour is Flavour.ENVOY else None

    def _network_filter(self, item: Filter) -> Filter:
        match known(item.typed_config):
            case HttpConnectionManager() as manager:
                return replaced(item, typed_config=self._manager(manager))
            case _:
                return item

    def _manager(self, manager: HttpConnectionManager) -> HttpConnectionManager:
        """The connection manager with its routes inline."""
        filters = tuple(self._supported(manager.http_filters))
        return replaced(manager, http_filters=filters, rds=None, route_config=self._route_config(manager))

    def _route_config(self, manager: HttpConnectionManager) -> RouteConfiguration | None:
        """The inlined routes; empty if there are none."""
        routes = manager.route_config
        if manager.rds is not None:
            name = manager.rds.route_config_name
            routes = self.routes.get(name, RouteConfiguration(name=name, validate_clusters=False))
        if routes is None or b'"typedPerFilterConfig"' not in encode(routes):  # few have it, and a walk takes longer
            return routes
        omitted: dict[str, None] = {}
        result = rewritten(routes, lambda message: self._without_overrides(message, omitted))
        for name in omitted:
            self.found.append(SETTINGS_OMITTED(self.origin, extension=name, routes=routes.name))
        return result

    def _without_overrides(self, message: Message, omitted: dict[str, None]) -> Message:
        """The message without settings of filters that are left out, whose names are added to `omitted`."""
        match message:
            case RouteConfiguration() | VirtualHost() | Route() | WeightedClusterClusterWeight():
                settings = message.typed_per_filter_config
                kept = {name: config for name, config in settings.items() if self._omission(config) is None}
                omitted.update(dict.fromkeys(name for name in settings if name not in kept))
                return message if len(kept) == len(settings) else replaced(message, typed_per_filter_config=kept)
            case _:
                return message
