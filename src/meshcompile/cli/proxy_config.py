"""Print tables of what a proxy gets, with the columns and the words of `istioctl proxy-config`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from meshcompile.cli.inputs import compile_proxy, mesh_arguments, proxy_argument, reported
from meshcompile.cli.render import rendered

Resources = Mapping[str, list[dict[str, Any]]]
FORMATS = ("short", "table", "json", "yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    tables = parser.add_subparsers(title="tables", metavar="TABLE", required=True)
    for name, aliases, kinds, show, options, text in TABLES:
        table = tables.add_parser(
            name, aliases=aliases, help=text, description=text, formatter_class=parser.formatter_class
        )
        proxy_argument(table)
        table.add_argument(
            "-o",
            "--output",
            choices=FORMATS,
            default="short",
            help="short and table are the same (default: %(default)s)",
        )
        options(table)
        mesh_arguments(table)
        table.set_defaults(kinds=kinds, show=show)


def run(options: argparse.Namespace) -> int:
    config, diagnostics = compile_proxy(options)
    sys.stdout.write(options.show(config.to_dict(options.kinds), options))
    return reported(diagnostics, options)


def _listener_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", default="", help="only listeners of this address")
    parser.add_argument("--port", type=int, default=0, help="only listeners of this port")
    parser.add_argument("--type", default="", metavar="TYPE", help="only listeners of this type: HTTP, TCP or HTTP+TCP")
    _brief_option(parser, "a row per listener with its type, not one per filter chain")


def _route_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="", help="only the route configuration of this name")
    _brief_option(parser, "a row per route configuration, not one per route")


def _cluster_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fqdn", default="", help="only clusters whose name has this host")
    parser.add_argument("--port", type=int, default=0, help="only clusters of this port")
    parser.add_argument("--subset", default="", help="only clusters whose name has this subset")
    parser.add_argument("--direction", default="", choices=("inbound", "outbound"), help="only clusters that way")


def _endpoint_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", default="", help="only endpoints of this address")
    parser.add_argument("--port", type=int, default=0, help="only endpoints of this port")
    parser.add_argument("--cluster", default="", help="only endpoints of this cluster")
    parser.add_argument("--status", default="", help="only endpoints of this status, such as healthy")


def _brief_option(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--brief", action="store_true", help=help)


def _listeners(resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    wanted = tables.ListenerFilter(options.address, options.port, options.type)
    listeners = [listener for listener in resources["listeners"] if wanted(listener)]
    return _shown(listeners, tables.listener_type_table if options.brief else tables.listener_table, options)


def _routes(resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    routes = [routes for routes in resources["routes"] if options.name in ("", routes["name"])]
    return _shown(routes, tables.virtual_host_table if options.brief else tables.route_table, options)


def _clusters(resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    wanted = tables.ClusterFilter(options.fqdn, options.port, options.subset, options.direction)
    return _shown([cluster for cluster in resources["clusters"] if wanted(cluster)], tables.cluster_table, options)


def _endpoints(resources: Resources, options: argparse.Namespace) -> str:
    from meshcompile.output import tables

    wanted = tables.EndpointFilter(options.address, options.port, options.cluster, options.status)
    found = [
        endpoint for endpoint in tables.endpoints(resources["clusters"], resources["endpoints"]) if wanted(endpoint)
    ]
    if options.output in ("json", "yaml"):
        names = {endpoint.cluster for endpoint in found}
        assignments = tables.load_assignments(resources["clusters"], resources["endpoints"])
        return rendered([item for item in assignments if item["clusterName"] in names], options.output)
    return tables.endpoint_table(found)


def _shown(
    items: list[dict[str, Any]], table: Callable[[list[dict[str, Any]]], str], options: argparse.Namespace
) -> str:
    return rendered(items, options.output) if options.output in ("json", "yaml") else table(items)


TABLES = (
    (
        "listeners",
        ("listener", "l"),
        ("listeners",),
        _listeners,
        _listener_options,
        "print listeners and where they send traffic",
    ),
    ("routes", ("route", "r"), ("routes",), _routes, _route_options, "print virtual hosts and routes"),
    ("clusters", ("cluster", "c"), ("clusters",), _clusters, _cluster_options, "print clusters"),
    ("endpoints", ("endpoint", "ep"), ("clusters", "endpoints"), _endpoints, _endpoint_options, "print endpoints"),
)
"""Name, aliases, the kinds of resources that are needed, what prints them, options, and what the help says."""
