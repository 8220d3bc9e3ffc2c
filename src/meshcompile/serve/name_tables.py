"""Name tables as they are served: the type NDS of istiod, which Istio's agent asks for."""

from __future__ import annotations

from hashlib import sha256

from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.wire import encode_json
from meshcompile.envoy.wire.encoding import any_bytes
from meshcompile.resolve.name_table import NamedHost, NameTable
from meshcompile.serve.xds_resources import NAMES, VERSION_DIGITS, ResourceSet, XdsResource

_TYPE = NAMES.removeprefix(TYPE_URL)


def served_names(table: NameTable) -> ResourceSet:
    """The one resource without a name that has the whole table. It stays with the table."""
    known = table.__dict__
    found: ResourceSet | None = known.get("xds")
    if found is None:
        hosts = {host: _named(table.hosts[host]) for host in sorted(table.hosts)}
        data = any_bytes(NAMES, encode_json(_TYPE, {"table": hosts}))
        version = sha256(data).hexdigest()[:VERSION_DIGITS]
        found = known["xds"] = ResourceSet(version, {"": XdsResource("", version, (data,))})
    return found


def _named(host: NamedHost) -> dict[str, object]:
    return {
        "ips": host.addresses,
        "registry": host.registry.value,
        "shortname": host.short_name,
        "namespace": host.namespace,
    }
