"""Servers of Gateways that conflict, also across Gateways and namespaces, or that have no routes.

The findings are those of compiling the gateway: see `meshcompile.resolve.gateways`.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.telemetry import SHADOWED_TELEMETRY
from meshcompile.diagnostics import Diagnostic


def gateway_servers(context: Context) -> Iterator[Diagnostic]:
    """The findings about the listeners of each gateway."""
    if not context.gateways:
        return
    from meshcompile.resolve.listeners.proxy_listeners import listeners  # for a fast start: many inputs have no Gateway

    for facts in context.routers:
        found = listeners(context.snapshot, facts).findings
        yield from (finding for finding in found if finding.code != SHADOWED_TELEMETRY.id)  # IST0160 says that
