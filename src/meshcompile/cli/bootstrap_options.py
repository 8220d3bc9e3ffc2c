"""Options that decide what a static bootstrap says, for all commands that make one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli.console import UsageError
from meshcompile.cli.inputs import pairs

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config
    from meshcompile.output.bootstrap import Bootstrap, Credential

FILES = {"certificate": "tls.crt", "private_key": "tls.key", "authorities": "ca.crt"}
"""The files in a folder of `--secret`, as `kubectl create secret tls` names them."""


def bootstrap_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a bootstrap."""
    flavour_argument(parser)
    _address_arguments(parser)
    _certificate_arguments(parser)
    _surrounding_arguments(parser)


def flavour_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option for the build of Envoy."""
    parser.add_argument(
        "--flavour", choices=("envoy", "istio"), default="envoy",
        help="build of Envoy to configure: the upstream one, or Istio's with its extensions (default: %(default)s)",
    )  # fmt: skip


def _address_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--endpoint-map", action="append", default=[], metavar="FROM=TO", dest="endpoints",
        help="replace the address of an endpoint: ADDRESS[:PORT]=ADDRESS:PORT, or =IP to keep the port; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--listen-map", action="append", default=[], metavar="FROM=TO", dest="listen",
        help="bind a listener elsewhere: NAME or ADDRESS[:PORT]=ADDRESS:PORT, or =IP to keep the port; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--resolve", choices=("addresses", "dns"), default="addresses",
        help="addresses of endpoints: those of Pods, or names of workloads in DNS, as in Docker Compose "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--passthrough", choices=("dfp", "block"),
        help="requests to unknown hosts: resolve the host (a dynamic forward proxy), or answer 503 (default: forward "
        "them to where iptables caught them)",
    )  # fmt: skip


def _certificate_arguments(parser: argparse.ArgumentParser) -> None:
    workload = parser.add_mutually_exclusive_group()
    workload.add_argument(
        "--workload-certs", default="", metavar="DIR",
        help="directory of the workload certificate: cert-chain.pem, key.pem and root-cert.pem",
    )  # fmt: skip
    workload.add_argument(
        "--dev-certs", metavar="DIR",
        help="make a certificate of the workload for a trial, in DIR/PROXY, and an authority in DIR for all proxies",
    )  # fmt: skip
    workload.add_argument(
        "--plaintext", action="store_true", help="serve and call in plaintext in place of the mesh's mutual TLS"
    )
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAMESPACE/NAME=DIR", dest="secrets",
        help="files in place of a Secret, which Envoy reads: DIR/tls.crt, DIR/tls.key and DIR/ca.crt; repeatable",
    )  # fmt: skip


def _surrounding_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--admin-port", type=int, default=15000, help="port of the admin interface (default: %(default)s)"
    )
    parser.add_argument(
        "--admin-address", default="127.0.0.1", metavar="IP",
        help="address of the admin interface, which anybody who reaches it may use (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--readiness-port", type=int, default=0, metavar="PORT",
        help="answer /healthz/ready on this port, once Envoy is live",
    )  # fmt: skip
    parser.add_argument(
        "--stats-port", type=int, default=0, metavar="PORT", help="answer /stats/prometheus on this port"
    )
    parser.add_argument(
        "--stats-prefix", action="append", default=[], metavar="PREFIX", dest="stats_prefixes",
        help="keep only statistics with this prefix, such as cluster.outbound; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--access-log", action="store_true", help="write an access log to stdout wherever the input asks for none"
    )


def bootstrap_of(
    config: Config,
    options: argparse.Namespace,
    trust_domain: str,
    *,
    stand_in: Credential | None = None,
    sds_folder: str = "",
) -> Bootstrap:
    """The bootstrap that the options describe. `stand_in` takes the place of each missing secret.

    With `--dev-certs`, the certificate of the workload is made first. `trust_domain` is that of the mesh.
    """
    return config.bootstrap(
        options.flavour,
        endpoints=pairs(options.endpoints, "--endpoint-map", "FROM=TO"),
        workload_certificates=_workload_certificates(config, options, trust_domain),
        admin_port=options.admin_port,
        admin_address=options.admin_address,
        listen=pairs(options.listen, "--listen-map", "FROM=TO"),
        resolve=options.resolve,
        passthrough=options.passthrough,
        plaintext=options.plaintext,
        credentials=_credentials(pairs(options.secrets, "--secret", "NAMESPACE/NAME=DIR")),
        sds_folder=sds_folder,
        access_log=options.access_log,
        readiness_port=options.readiness_port,
        stats_port=options.stats_port,
        stats_prefixes=tuple(options.stats_prefixes),
        stand_in=stand_in,
    )


def _workload_certificates(config: Config, options: argparse.Namespace, trust_domain: str) -> str:
    """The folder with the certificate of the workload; "" for none."""
    if not options.dev_certs:
        return str(options.workload_certs)
    from meshcompile.running.dev_certificates import workload_folder
    from meshcompile.values.spiffe import workload_identity

    proxy = config.proxy
    identity = workload_identity(trust_domain, proxy.namespace, proxy.service_account)
    return str(workload_folder(Path(options.dev_certs), proxy.id, identity))


def _credentials(folders: Mapping[str, str]) -> dict[str, Credential]:
    """The credentials in folders, by the names of the Secrets that they replace."""
    from meshcompile.output.bootstrap import Credential

    found: dict[str, Credential] = {}
    for name, folder in folders.items():
        paths = {part: str(Path(folder, file)) for part, file in FILES.items() if Path(folder, file).exists()}
        if not paths:
            raise UsageError(f"--secret {name}={folder}: the folder has none of {', '.join(FILES.values())}")
        found[name] = Credential(
            paths.get("certificate", ""), paths.get("private_key", ""), paths.get("authorities", ""), in_files=True
        )
    return found
