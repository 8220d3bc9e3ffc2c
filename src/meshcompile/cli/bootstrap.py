"""Print the configuration of a proxy as a static Envoy bootstrap, which needs no control plane."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli.inputs import compile_proxy, mesh_arguments, pairs, proxy_argument, reported
from meshcompile.cli.render import FORMATS, rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config
    from meshcompile.output.bootstrap import Bootstrap


def arguments(parser: argparse.ArgumentParser) -> None:
    proxy_argument(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="json", help="(default: %(default)s)")
    bootstrap_arguments(parser)
    mesh_arguments(parser)


def bootstrap_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide what a static bootstrap says."""
    parser.add_argument(
        "--flavour", choices=("envoy", "istio"), default="envoy",
        help="build of Envoy to configure: the upstream one, or Istio's with its extensions (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--endpoint-map", action="append", default=[], metavar="FROM=TO", dest="endpoints",
        help="replace the address of an endpoint: ADDRESS[:PORT]=ADDRESS:PORT; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--workload-certs", default="", metavar="DIR",
        help="directory of the workload certificate: cert-chain.pem, key.pem and root-cert.pem",
    )  # fmt: skip
    parser.add_argument(
        "--admin-port", type=int, default=15000, help="port of the admin interface on 127.0.0.1 (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    config, diagnostics = compile_proxy(options)
    bootstrap = bootstrap_of(config, options)
    sys.stdout.write(rendered(bootstrap.to_dict(), options.output))
    return reported((*diagnostics, *bootstrap.diagnostics), options)


def bootstrap_of(config: Config, options: argparse.Namespace) -> Bootstrap:
    """The static bootstrap that the options of `bootstrap_arguments` describe."""
    return config.bootstrap(
        options.flavour,
        endpoints=pairs(options.endpoints, "--endpoint-map", "FROM=TO"),
        workload_certificates=options.workload_certs,
        admin_port=options.admin_port,
    )
