"""`bootstrap --xds`: an Envoy that gets its resources from an xDS server, such as `meshcompile serve`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError
from meshcompile.cli.inputs import load_mesh, wanted_proxy
from meshcompile.cli.render import rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Proxy
    from meshcompile.envoy.extensions.transport_sockets.tls import UpstreamTlsContext


def xds_client_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for a bootstrap that names a server."""
    group = parser.add_argument_group("xDS")
    group.add_argument(
        "--xds", default="", metavar="HOST:PORT",
        help="let Envoy get its resources from this xDS server instead of the bootstrap",
    )  # fmt: skip
    group.add_argument(
        "--xds-protocol", choices=("delta", "sotw"), default="delta",
        help="variant of the protocol: only what changes, or the state of the world (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--xds-ca", metavar="FILE", help="authorities of the server's certificate, as PEM: use TLS")
    group.add_argument("--xds-cert", metavar="FILE", help="certificate of the client, as PEM")
    group.add_argument("--xds-key", metavar="FILE", help="private key of the client's certificate, as PEM")


def print_ads_bootstrap(options: argparse.Namespace) -> int:
    """Print the bootstrap of the wanted proxy."""
    from meshcompile.envoy.config.core import SocketAddress
    from meshcompile.envoy.message import to_builtins
    from meshcompile.output.ads_bootstrap import ads_bootstrap
    from meshcompile.values.ip import host_and_port

    found = host_and_port(options.xds)
    if found is None:
        raise UsageError(f"--xds {options.xds}: expected HOST:PORT")
    server = SocketAddress(address=found[0], port_value=found[1])
    is_delta = options.xds_protocol == "delta"
    bootstrap = ads_bootstrap(_proxy(options), server, _tls(options), is_delta, options.admin_port)
    sys.stdout.write(rendered(to_builtins(bootstrap), options.output))
    return exit_codes.OK


def _proxy(options: argparse.Namespace) -> Proxy:
    wanted = wanted_proxy(options)
    return load_mesh(options).compile(wanted).proxy if isinstance(wanted, str) else wanted


def _tls(options: argparse.Namespace) -> UpstreamTlsContext | None:
    from meshcompile.envoy.config.core import DataSource
    from meshcompile.envoy.extensions.transport_sockets import tls

    if (options.xds_cert is None) != (options.xds_key is None):
        raise UsageError("--xds-cert and --xds-key belong together")
    if options.xds_ca is None:
        if options.xds_cert is not None:
            raise UsageError("--xds-cert needs --xds-ca")
        return None
    own: tuple[tls.TlsCertificate, ...] = ()
    if options.xds_cert is not None:
        chain, key = DataSource(filename=options.xds_cert), DataSource(filename=options.xds_key)
        own = (tls.TlsCertificate(certificate_chain=chain, private_key=key),)
    trusted = tls.CertificateValidationContext(trusted_ca=DataSource(filename=options.xds_ca))
    common = tls.CommonTlsContext(tls_certificates=own, validation_context=trusted, alpn_protocols=("h2",))
    host = options.xds.rpartition(":")[0]
    return tls.UpstreamTlsContext(common_tls_context=common, sni=host if any(map(str.isalpha, host)) else "")
