"""Serve xDS to proxies, as istiod does, from files that are followed. Needs the extra `xds`.

The proxy is chosen by the node of its first request. An edit is compiled for connected proxies only, and pushed to
those whose resources it changes. An edit with new errors is not applied.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError
from meshcompile.cli.inputs import mesh_arguments, path_arguments
from meshcompile.cli.watch import followed_input, refuse_what_cannot_be_watched

if TYPE_CHECKING:  # nothing of the server is imported until it runs
    from meshcompile.serve.server import ServeSettings
    from meshcompile.serve.tls import TlsFiles


MINUTE = 60.0


def arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server")
    group.add_argument(
        "--address", default="127.0.0.1:15010", metavar="HOST:PORT",
        help="where to serve xDS: HOST:PORT, or unix:PATH (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--status-address", default="127.0.0.1:15014", metavar="HOST:PORT",
        help="where to serve /healthz, /readyz, /metrics and /status (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--flavour", choices=("istio", "envoy"), default="istio",
        help="build of Envoy in the proxies: Istio's, or upstream without Istio's extensions (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate of the server, as PEM")
    group.add_argument("--tls-key", type=Path, metavar="FILE", help="private key of the certificate, as PEM")
    group.add_argument(
        "--client-ca", type=Path, metavar="FILE",
        help="authorities of clients, as PEM: clients need a certificate with the identity of their proxy",
    )  # fmt: skip
    group.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="form of the log (default: %(default)s)"
    )
    group.add_argument(
        "--max-streams", type=int, default=5000, metavar="N", help="open streams at most (default: %(default)s)"
    )
    group.add_argument(
        "--max-request-rate", type=float, default=100, metavar="N",
        help="requests per second of a stream, on average over ten seconds (default: %(default)s)",
    )  # fmt: skip
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    import asyncio
    import threading

    from meshcompile import MissingExtra

    refuse_what_cannot_be_watched(options)
    try:
        from meshcompile.serve.server import XdsServer
    except ModuleNotFoundError as error:
        raise MissingExtra("xds", "serve xDS") from error
    from meshcompile.serve.logs import configure_logs

    settings = _settings(options)
    configure_logs(options.log_format)
    followed, before = followed_input(options)
    threading.Thread(target=_collect, daemon=True, name="garbage").start()
    asyncio.run(XdsServer(followed, before, settings).run())
    return exit_codes.OK


def _collect() -> None:
    """Collect garbage once a minute, in a thread, and then take what is left for what stays.

    Meshes and responses have no cycles, so they are gone without it. A collector that runs by itself, while meshes are
    compiled, looks at everything that clients have again and again.
    """
    import gc
    import time

    while True:
        gc.collect()
        gc.freeze()
        time.sleep(MINUTE)


def _settings(options: argparse.Namespace) -> ServeSettings:
    from meshcompile.output.bootstrap import Flavour
    from meshcompile.serve.limits import ServeLimits
    from meshcompile.serve.server import ServeSettings

    limits = ServeLimits(streams=options.max_streams, requests=options.max_request_rate)
    return ServeSettings(options.address, options.status_address, _tls(options), limits, Flavour(options.flavour))


def _tls(options: argparse.Namespace) -> TlsFiles | None:
    from meshcompile.serve.tls import TlsFiles

    if options.tls_cert is None and options.tls_key is None:
        if options.client_ca is not None:
            raise UsageError("--client-ca needs --tls-cert and --tls-key")
        return None
    if options.tls_cert is None or options.tls_key is None:
        raise UsageError("--tls-cert and --tls-key belong together")
    return TlsFiles(options.tls_cert, options.tls_key, options.client_ca)
