"""Print the configuration of a proxy in tables, in the format of `istioctl proxy-config`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from meshcompile.cli.console import UsageError
from meshcompile.cli.dumps import dump_of
from meshcompile.cli.inputs import compile_proxy, mesh_arguments, proxy_argument, reported
from meshcompile.cli.render import rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config
    from meshcompile.config_dump import ConfigDump
    from meshcompile.emit.resources import Resources
    from meshcompile.envoy.message import Message
    from meshcompile.output.secrets import SdsSecret

    M = TypeVar("M", bound=Message)

FORMATS = ("short", "table", "json", "yaml")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what asks for it, and what prints it."""

    name: str
    aliases: tuple[str, ...]
    show: Callable[[Config, Resources, argparse.Namespace], str]
    options: Callable[[argparse.ArgumentParser], None]
    help: str


def arguments(parser: argparse.ArgumentParser) -> None:
    tables = parser.add_subparsers(title="tables", metavar="TABLE", required=True)
    for table in TABLES:
        own = tables.add_parser(
            table.name,
            aliases=table.aliases,
            help=table.help,
            description=table.help,
            formatter_class=parser.formatter_class,
        )
        proxy_argument(own)
        own.add_argument(
            "-o",
            "--output",
            choices=FORMATS,
            default="short",
            help="format; short and table are the same (default: %(default)s)",
        )
        table.options(own)
        mesh_arguments(own)
        own.set_defaults(table=table)


def run(options: argparse.Namespace) -> int:
    dump = dump_of(options)
    if dump is not None:
        sys.stdout.write(_of_dump(dump, options))
        return reported(dump.diagnostics, options)
    config, diagnostics = compile_proxy(options)
    sys.stdout.write(options.table.show(config, _resources(config, options), options))
    return reported(diagnostics, options)


def _of_dump(dump: ConfigDump, options: argparse.Namespace) -> str:
    """The table of a running proxy, from its config dump."""
    if options.proxy is not None or options.node is not None:
        raise UsageError(f"{dump.file} is a config dump, which says whose it is: leave out the proxy")
    match options.table.name:
        case "secrets":
            return _secret_text(dump.sds_secrets, options)
        case "bootstrap" if options.output in ("json", "yaml"):
            return rendered({"bootstrap": dump.content}, options.output)
        case _:
            return str(options.table.show(dump.config, dump.shown, options))


def _resources(config: Config, options: argparse.Namespace) -> Resources:
    """The resources, with those of the bootstrap if they are wanted."""
    if not getattr(options, "live_parts", False):
        return config.resources
    from meshcompile.output.live_parts import with_live_parts

    return with_live_parts(config.resources, config.proxy)


def _listener_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", default="", help="only listeners with this address")
    parser.add_argument("--port", type=int, default=0, help="only listeners with this port")
    parser.add_argument("--type", default="", metavar="TYPE", help="only listeners of this type: HTTP, TCP or HTTP+TCP")
    _brief_option(parser, "print one row per listener, with its type, instead of one per filter chain")
    _live_option(parser)


def _route_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="", help="only the route configuration with this name")
    _brief_option(parser, "print one row per route configuration, instead of one per route")
    _live_option(parser)


def _cluster_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fqdn", default="", help="only clusters of this host")
    parser.add_argument("--port", type=int, default=0, help="only clusters of this port")
    parser.add_argument("--subset", default="", help="only clusters of this subset")
    parser.add_argument(
        "--direction",
        default="",
        choices=("inbound", "inbound-vip", "outbound"),
        help="only clusters for this direction",
    )
    _live_option(parser)


def _endpoint_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", default="", help="only endpoints with this address")
    parser.add_argument("--port", type=int, default=0, help="only endpoints with this port")
    parser.add_argument("--cluster", default="", help="only endpoints of this cluster")
    parser.add_argument("--status", default="", help="only endpoints with this status, for example healthy")
    _live_option(parser)


def _no_options(parser: argparse.ArgumentParser) -> None:
    """A table without options of its own."""


def _live_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--live-parts", action="store_true", help="include what a running proxy has from its own bootstrap"
    )


def _brief_option(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--brief", action="store_true", help=help)


def _listeners(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    is_selected = tables.ListenerFilter(options.address, options.port, options.type)
    listeners = [listener for listener in resources.listeners if is_selected(listener)]
    return _shown(listeners, tables.listener_type_table if options.brief else tables.listener_table, options)


def _routes(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    routes = [routes for routes in resources.routes if options.name in ("", routes.name)]
    return _shown(routes, tables.virtual_host_table if options.brief else tables.route_table, options)


def _clusters(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    is_selected = tables.ClusterFilter(options.fqdn, options.port, options.subset, options.direction)
    return _shown([cluster for cluster in resources.clusters if is_selected(cluster)], tables.cluster_table, options)


def _endpoints(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    is_selected = tables.EndpointFilter(options.address, options.port, options.cluster, options.status)
    endpoints = [
        endpoint for endpoint in tables.endpoints(resources.clusters, resources.endpoints) if is_selected(endpoint)
    ]
    if options.output in ("json", "yaml"):
        names = {endpoint.cluster for endpoint in endpoints}
        assignments = tables.load_assignments(resources.clusters, resources.endpoints)
        return rendered(_data(item for item in assignments if item.cluster_name in names), options.output)
    return tables.endpoint_table(endpoints)


def _shown(items: Sequence[M], table: Callable[[Sequence[M]], str], options: argparse.Namespace) -> str:
    return rendered(_data(items), options.output) if options.output in ("json", "yaml") else table(items)


def _data(items: Iterable[Message]) -> list[dict[str, object]]:
    from meshcompile.envoy.message import to_builtins

    return [to_builtins(item) for item in items]


def _all(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.config import RESOURCE_TYPES
    from meshcompile.output.summary import full_summary

    if options.output in ("json", "yaml"):
        return rendered({kind: _data(getattr(resources, kind)) for kind in RESOURCE_TYPES}, options.output)
    return full_summary(resources, _sds_secrets(config, resources), config.proxy, datetime.now(UTC))


def _secrets(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    return _secret_text(_sds_secrets(config, resources), options)


def _secret_text(secrets: tuple[SdsSecret, ...], options: argparse.Namespace) -> str:
    from meshcompile.output.secrets import secret_dump, secret_table

    if options.output in ("json", "yaml"):
        return rendered(secret_dump(secrets), options.output)
    return secret_table(secrets, datetime.now(UTC))


def _sds_secrets(config: Config, resources: Resources) -> tuple[SdsSecret, ...]:
    from meshcompile.output.secrets import sds_secrets

    return sds_secrets(resources, config.credentials, config.proxy.namespace)


def _bootstrap(config: Config, resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output.live_bootstrap import bootstrap_summary, live_bootstrap

    if options.output in ("json", "yaml"):
        return rendered(live_bootstrap(config.proxy), options.output)
    return bootstrap_summary(config.proxy)


TABLES = (
    Table("all", ("a",), _all, _live_option, "print all tables, one after the other"),
    Table(
        "listeners",
        ("listener", "l"),
        _listeners,
        _listener_options,
        "print listeners and where they send traffic",
    ),
    Table("routes", ("route", "r"), _routes, _route_options, "print virtual hosts and routes"),
    Table("clusters", ("cluster", "c"), _clusters, _cluster_options, "print clusters"),
    Table("endpoints", ("endpoint", "ep"), _endpoints, _endpoint_options, "print endpoints"),
    Table(
        "secrets",
        ("secret", "s"),
        _secrets,
        _no_options,
        "print the secrets that the proxy requests",
    ),
    Table("bootstrap", ("b",), _bootstrap, _no_options, "print the bootstrap configuration of the proxy"),
)
