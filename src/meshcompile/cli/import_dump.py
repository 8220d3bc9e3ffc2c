"""Turn the config dump of a live Envoy into a static bootstrap, which needs no control plane."""

from __future__ import annotations

import argparse
import sys

from meshcompile.cli.bootstrap_options import flavour_argument
from meshcompile.cli.dumps import read_dump
from meshcompile.cli.inputs import pairs, reported
from meshcompile.cli.limits import limit_arguments
from meshcompile.cli.render import FORMATS, rendered


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dump", metavar="DUMP", help="file with /config_dump?include_eds of Envoy, or - for stdin")
    parser.add_argument("-o", "--output", choices=FORMATS, default="json", help="(default: %(default)s)")
    flavour_argument(parser)
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
    parser.add_argument("-v", "--verbose", action="store_true", help="print informational messages too")
    limit_arguments(parser.add_argument_group("input"))


def run(options: argparse.Namespace) -> int:
    dump = read_dump(options.dump, options)

    from meshcompile.output.bootstrap import Flavour, Options  # not before the dump is known to be one

    bootstrap = dump.bootstrap(
        Options(
            Flavour(options.flavour),
            dump.config.proxy.namespace,
            workload_certificates=options.workload_certs,
            endpoints=pairs(options.endpoints, "--endpoint-map", "FROM=TO"),
            admin_port=options.admin_port,
        )
    )
    sys.stdout.write(rendered(bootstrap.to_dict(), options.output))
    return reported((*dump.diagnostics, *bootstrap.diagnostics), options)
