"""ServiceEntries whose TCP ports cannot be distinguished, because they have the same address and port."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.server_ports import SHARED_ADDRESS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.snapshot.exports import EVERYWHERE
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Service
from meshcompile.values.ports import Protocol

WITHOUT_NAMES = frozenset({Protocol.TCP, Protocol.MONGO, Protocol.MYSQL, Protocol.REDIS, Protocol.AUTO})
"""Protocols whose connections do not carry the host."""


def shared_addresses(context: Context) -> Iterator[Diagnostic]:
    """A finding for each address of a ServiceEntry that an older one also has, with the same TCP port."""
    first: dict[tuple[str, int], list[Service]] = {}
    for of_entry in context.snapshot.services.entries:
        for service in of_entry.services:
            if service.address == UNSPECIFIED_ADDRESS:
                continue
            for port in (port for port in service.ports if port.protocol in WITHOUT_NAMES):
                older = first.setdefault((service.address, port.number), [])
                rival = next((o for o in older if o.hostname != service.hostname and _meet(o, service)), None)
                if rival is not None and service.address in of_entry.entry.spec.addresses:
                    index = of_entry.entry.spec.addresses.index(service.address)
                    yield SHARED_ADDRESS(
                        of_entry.entry.spec.at("addresses", index),
                        address=service.address,
                        port=port.number,
                        host=service.hostname,
                        other=rival.hostname,
                        related=(Related("the older ServiceEntry", rival.origin),),
                    )
                older.append(service)


def _meet(a: Service, b: Service) -> bool:
    """True if some namespace can see both."""
    return EVERYWHERE in a.export_to or EVERYWHERE in b.export_to or not a.export_to.isdisjoint(b.export_to)
