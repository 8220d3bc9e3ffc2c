"""TCP ports of ServiceEntries without addresses. Follows istioctl's `ProtocolAddressesAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.references import ADDRESSES_REQUIRED
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.networking.service_entry import ServiceEntry, ServicePort

HANDED_OUT = ("ISTIO_META_DNS_AUTO_ALLOCATE", "PILOT_ENABLE_IP_AUTOALLOCATE")


def entries_without_addresses(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TCP port that proxies cannot distinguish by address."""
    if _hands_out_addresses(context):
        return
    for entry in context.written.all(ServiceEntry):
        allocated = entry.status is not None and entry.status.addresses
        if not entry.spec.addresses and not allocated:
            yield from _of_entry(entry)


def _of_entry(entry: ServiceEntry) -> Iterator[Diagnostic]:
    """The findings about an entry: like istioctl, one for all ports of a line."""
    by_line: dict[int, list[ServicePort]] = defaultdict(list)
    for port in entry.spec.ports:
        if port.protocol.upper() in ("", "TCP"):
            by_line[_reported(entry, port).line].append(port)
    for first, *others in by_line.values():
        yield ADDRESSES_REQUIRED(
            first,
            reported=_reported(entry, first),
            port=first.number,
            protocol=first.protocol or "no named protocol",
            effect=f"its listener gets all connections to port {first.number} that no other listener matches",
            related=tuple(Related(f"port {other.number} too", other.origin) for other in others),
        )


def _reported(entry: ServiceEntry, port: ServicePort) -> Origin:
    return port.at("name") if port.name else whole(entry)


def _hands_out_addresses(context: Context) -> bool:
    """True if the mesh config makes all proxies resolve DNS and istiod allocate addresses."""
    config = context.snapshot.mesh.default_config
    metadata = {} if config is None else config.proxy_metadata
    return metadata.get("ISTIO_META_DNS_CAPTURE") == "true" and any(metadata.get(key) == "true" for key in HANDED_OUT)
