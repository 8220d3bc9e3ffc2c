"""The options of a bootstrap as callers give them."""

from collections.abc import Callable, Mapping
from typing import Any

from meshcompile.errors import InvalidArgument, instance, keyed, texts
from meshcompile.output.bootstrap.addresses import AddressMap
from meshcompile.output.bootstrap.options import Flavour, Options, Passthrough, Resolve
from meshcompile.output.credentials import Credential

_READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "workload_certificates": ("workload_certificates", lambda value: instance("workload_certificates", value, str)),
    "endpoints": ("endpoints", lambda value: keyed("endpoints", value, str)),
    "admin_port": ("admin_port", lambda value: instance("admin_port", value, int)),
    "listen": ("listeners", lambda value: AddressMap(keyed("listen", value, str))),
    "resolve": ("resolve", Resolve),
    "passthrough": ("passthrough", Passthrough),
    "plaintext": ("plaintext", lambda value: instance("plaintext", value, bool)),
    "sds_folder": ("sds_folder", lambda value: instance("sds_folder", value, str)),
    "access_log": ("access_log", lambda value: instance("access_log", value, bool)),
    "readiness_port": ("readiness_port", lambda value: instance("readiness_port", value, int)),
    "stats_port": ("stats_port", lambda value: instance("stats_port", value, int)),
    "stats_prefixes": ("stats_prefixes", lambda value: texts("stats_prefixes", value)),
    "admin_address": ("admin_address", lambda value: instance("admin_address", value, str)),
    "stand_in": ("stand_in", lambda value: instance("stand_in", value, Credential)),
}
"""The field of `Options` and the check of each option, by its name."""


def options_of(
    flavour: str, namespace: str, credentials: Mapping[str, Credential], given: Mapping[str, Any]
) -> Options:
    """The options. `credentials` are those of the input. Raises InvalidArgument for what cannot be used."""
    more = keyed("credentials", given.get("credentials"), Credential)
    others = {name: value for name, value in given.items() if name != "credentials" and value is not None}
    if unknown := [name for name in others if name not in _READ]:
        raise InvalidArgument(f"a bootstrap has no option {unknown[0]!r}, only {', '.join(_READ)}")
    fields = {field: read(others[name]) for name, (field, read) in _READ.items() if name in others}
    return Options(Flavour(flavour), namespace, {**credentials, **more}, **fields)
