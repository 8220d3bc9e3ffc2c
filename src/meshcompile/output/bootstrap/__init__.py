"""A static bootstrap: all resources that istiod would send, in one configuration that Envoy can start with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshcompile.collector import gc_paused
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE, Origin
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config import bootstrap as envoy
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Node
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.extensions.transport_sockets.tls import Secret
from meshcompile.envoy.message import Message, replaced, to_builtins
from meshcompile.output.bootstrap.access_logs import logging_to_stdout
from meshcompile.output.bootstrap.clusters import StaticCluster
from meshcompile.output.bootstrap.listeners import StaticListener
from meshcompile.output.bootstrap.options import BootstrapOptions, Flavour, Options, Passthrough, Resolve
from meshcompile.output.bootstrap.passthrough import passthrough_cluster, resolving_hosts
from meshcompile.output.bootstrap.repeated import without_repeated
from meshcompile.output.bootstrap.secret_store import SecretStore
from meshcompile.output.bootstrap.surroundings import node, surrounded
from meshcompile.output.bootstrap.tls import TlsMaterial, sds_files
from meshcompile.output.credentials import Credential

__all__ = [
    "Bootstrap",
    "BootstrapOptions",
    "Credential",
    "Flavour",
    "Options",
    "Passthrough",
    "Resolve",
    "node",
    "static_bootstrap",
]

FIRST_FIELDS = ("node", "admin", "layeredRuntime", "statsConfig", "bootstrapExtensions")
"""What a bootstrap shows before its resources, which are long."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The configuration of an Envoy without a control plane. `diagnostics` report what it lacks.

    `secrets` are those that it reads from files of the SDS folder, by the names of the files.
    """

    content: envoy.Bootstrap = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False, hash=False)

    @gc_paused()
    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, the resources last. The lists of listeners and clusters are there even if they are empty."""
        static = self.content.static_resources or envoy.BootstrapStaticResources()
        surroundings = to_builtins(replaced(self.content, static_resources=None))
        return {
            **{key: surroundings[key] for key in FIRST_FIELDS if key in surroundings},
            "staticResources": {
                "listeners": [to_builtins(listener) for listener in static.listeners],
                "clusters": [to_builtins(cluster) for cluster in static.clusters],
            },
        }

    def to_json(self, indent: int = 2) -> str:
        """JSON text, as `envoy -c` reads it."""
        return json.dumps(self.to_dict(), indent=indent)

    def sds_files(self) -> Mapping[str, dict[str, Any]]:
        """The content of the files in the SDS folder, by name, as Envoy reads it. They have private keys.

        Empty without the option `sds_folder`.
        """
        return {
            name: {"resources": [{"@type": SECRET_TYPE, **to_builtins(secret)}]}
            for name, secret in self.secrets.items()
        }


SECRET_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"


def static_bootstrap(node: Node, resources: Resources, options: Options) -> Bootstrap:
    """The bootstrap of a proxy."""
    findings: dict[Diagnostic, None] = {}
    tls = TlsMaterial(SecretStore(options))
    listeners = _listeners(resources, tls, findings)
    clusters = _clusters(resources, tls, findings)
    findings |= dict.fromkeys(tls.store.found)
    return Bootstrap(surrounded(node, listeners, clusters, options), tuple(findings), sds_files(tls.used))


def _listeners(resources: Resources, tls: TlsMaterial, findings: dict[Diagnostic, None]) -> tuple[Listener, ...]:
    routes = {route.name: route for route in resources.routes}
    discovered = {extension.name: extension for extension in resources.extensions}
    listeners = []
    for listener in resources.listeners:
        static = StaticListener(listener.name, _origin(listener), routes, discovered, tls)
        if (static_listener := static.of(listener)) is not None:
            listeners.append(_with_extras(static_listener, tls.store.options))
        findings |= dict.fromkeys(static.found)
    return tuple(listeners)


def _with_extras(listener: Listener, options: Options) -> Listener:
    """The listener with what the options add to it."""
    resolving = resolving_hosts(listener) if options.passthrough is Passthrough.DFP else listener
    return logging_to_stdout(resolving) if options.access_log else resolving


def _clusters(resources: Resources, tls: TlsMaterial, findings: dict[Diagnostic, None]) -> tuple[Cluster, ...]:
    assignments = {assignment.cluster_name: assignment for assignment in resources.endpoints}
    clusters = []
    unique, repeated = without_repeated(resources.clusters)
    for cluster in unique:
        static = StaticCluster(cluster.name, _origin(cluster), assignments, tls)
        copy, replaced_by = passthrough_cluster(static.of(cluster), tls.store.options.passthrough)
        clusters.append(copy)
        findings |= dict.fromkeys((*static.found, *replaced_by))
    findings |= dict.fromkeys(repeated)
    return tuple(clusters)


def _origin(message: Message) -> Origin:
    return next(iter(message.origins), NOWHERE)
