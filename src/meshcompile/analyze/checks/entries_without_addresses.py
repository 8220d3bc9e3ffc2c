"""TCP ports of ServiceEntries without addresses. Follows istioctl's `ProtocolAddressesAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.references import ADDRESSES_REQUIRED
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.service_entry import ServiceEntry

HANDED_OUT = ("ISTIO_META_DNS_AUTO_ALLOCATE", "PILOT_ENABLE_IP_AUTOALLOCATE")


def entries_without_addresses(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TCP port that proxies cannot distinguish by address."""
    if _hands_out_addresses(context):
        return
    for entry in context.written.all(ServiceEntry):
        allocated = entry.status is not None and entry.status.addresses
        if entry.spec.addresses or allocated:
            continue
        for port in entry.spec.ports:
            if port.protocol.upper() in ("", "TCP"):
                yield ADDRESSES_REQUIRED(
                    port,
                    reported=port.at("name") if port.name else whole(entry),
                    port=port.number,
                    protocol=port.protocol or "no named protocol",
                    effect=f"its listener gets all connections to port {port.number} that no other listener matches",
                )


def _hands_out_addresses(context: Context) -> bool:
    """True if the mesh config makes all proxies resolve DNS and istiod allocate addresses."""
    config = context.snapshot.mesh.default_config
    metadata = {} if config is None else config.proxy_metadata
    return metadata.get("ISTIO_META_DNS_CAPTURE") == "true" and any(metadata.get(key) == "true" for key in HANDED_OUT)
