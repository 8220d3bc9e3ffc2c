"""Listeners that need no control plane: routes, filters and certificates in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshcompile.codes.output import ISTIO_ONLY, NOT_INLINED, SERVED_WITHOUT_CERTIFICATE
from meshcompile.diagnostics import Diagnostic
from meshcompile.output.bootstrap import extensions
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.tls import MissingSecret, static_socket
from meshcompile.source import Origin

Json = Mapping[str, Any]

HTTP_CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


@dataclass(frozen=True, slots=True)
class StaticListener:
    """One listener on its way: what it may take from, and what had to be left out."""

    name: str
    origin: Origin
    routes: Mapping[str, Json]
    discovered: Mapping[str, Json]  # extensions by name
    options: Options
    found: list[Diagnostic] = field(default_factory=list)

    def of(self, listener: Json) -> Json | None:
        """The listener with what Envoy would fetch for it; None when none of its filter chains can be made."""
        chains = [made for chain in listener.get("filterChains", ()) if (made := self._chain(chain)) is not None]
        default = self._chain(listener["defaultFilterChain"]) if "defaultFilterChain" in listener else None
        if not chains and default is None:
            return None
        fetched = ("filterChains", "defaultFilterChain", "listenerFilters")
        return {
            **{key: value for key, value in listener.items() if key not in fetched},
            **({"filterChains": chains} if chains else {}),
            **({"defaultFilterChain": default} if default is not None else {}),
            "listenerFilters": [item for item in listener.get("listenerFilters", ()) if self._may_listen(item)],
        }

    def _may_listen(self, item: Json) -> bool:
        return (
            self.options.flavour is Flavour.ISTIO
            or extensions.type_of(item.get("typedConfig", {})) not in extensions.NEEDS_ROOT
        )

    def _chain(self, chain: Json) -> Json | None:
        """The filter chain; None when there is no certificate for it."""
        try:
            socket = static_socket(chain["transportSocket"], self.options) if "transportSocket" in chain else None
        except MissingSecret as missing:
            self.found.append(
                SERVED_WITHOUT_CERTIFICATE(self.origin, resource=f"listener {self.name}", secret=missing.name)
            )
            return None
        return {
            **chain,
            **({"transportSocket": socket} if socket is not None else {}),
            "filters": [self._network_filter(item) for item in self._supported(chain.get("filters", ()))],
        }

    def _supported(self, filters: Any) -> Iterator[Json]:
        """The filters that the flavour has, those that Envoy would fetch among them."""
        for item in filters:
            config = item.get("typedConfig")
            if "configDiscovery" in item:
                config = self.discovered.get(item["name"], {}).get("typedConfig")
            if (reason := self._left_out(config)) is None:
                yield {**{key: value for key, value in item.items() if key != "configDiscovery"}, "typedConfig": config}
            elif reason:
                self.found.append(
                    NOT_INLINED(self.origin, extension=item["name"], resource=f"listener {self.name}", reason=reason)
                )
            else:
                self.found.append(ISTIO_ONLY(self.origin, extension=item["name"], resource=f"listener {self.name}"))

    def _left_out(self, config: Json | None) -> str | None:
        """Why a filter is left out: None when it stays, "" when only Istio's build has it."""
        if config is None:
            return "its configuration is not known"
        name = extensions.type_of(config)
        if self.options.flavour is Flavour.ISTIO:
            return None
        if name in extensions.WASM:
            return "its module would be fetched while Envoy runs"
        return "" if name in extensions.ISTIO_ONLY else None

    def _network_filter(self, item: Json) -> Json:
        config = self._known_factories(item.get("typedConfig", {}))
        if extensions.type_of(config) != HTTP_CONNECTION_MANAGER:
            return {**item, "typedConfig": config}
        filters = [self._http_filter(inner) for inner in self._supported(config.get("httpFilters", ()))]
        manager = {key: value for key, value in config.items() if key != "rds"}
        return {**item, "typedConfig": {**manager, **self._route_config(config), "httpFilters": filters}}

    def _http_filter(self, item: Json) -> Json:
        return {**item, "typedConfig": self._known_factories(item.get("typedConfig", {}))}

    def _route_config(self, manager: Json) -> Json:
        """The routes, inline; those that nobody has sent are none."""
        if "rds" not in manager:
            return {"routeConfig": self._overrides(manager["routeConfig"])} if "routeConfig" in manager else {}
        name = manager["rds"].get("routeConfigName", "")
        return {"routeConfig": self._overrides(self.routes.get(name, {"name": name, "validateClusters": False}))}

    def _overrides(self, value: Any) -> Any:
        """Routes without settings of filters that are left out."""
        match value:
            case dict():
                return {
                    key: self._kept_overrides(item) if key == "typedPerFilterConfig" else self._overrides(item)
                    for key, item in value.items()
                }
            case list():
                return [self._overrides(item) for item in value]
            case _:
                return value

    def _kept_overrides(self, settings: Json) -> Json:
        return {name: config for name, config in settings.items() if self._left_out(config) is None}

    def _known_factories(self, config: Json) -> Json:
        """A plain Envoy has Istio's hashable string under a name of its own."""
        if self.options.flavour is Flavour.ISTIO or not extensions.type_of(config).endswith(
            "set_filter_state.v3.Config"
        ):
            return config
        renamed: Json = _renamed(config, "factoryKey", "istio.hashable_string", "envoy.hashable_string")
        return renamed


def _renamed(value: Any, field: str, old: str, new: str) -> Any:
    match value:
        case dict():
            return {
                key: new if key == field and item == old else _renamed(item, field, old, new)
                for key, item in value.items()
            }
        case list():
            return [_renamed(item, field, old, new) for item in value]
        case _:
            return value
