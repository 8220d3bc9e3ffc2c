"""Rules on Endpoints and EndpointSlices: `ValidateEndpoints` and `ValidateEndpointSlice` of the API server."""

import ipaddress
from collections.abc import Mapping

from meshcompile.codes import kubernetes as codes
from meshcompile.codes import validation
from meshcompile.documents import Origin
from meshcompile.models.kubernetes.endpoint_slice import Endpoint, EndpointSlice
from meshcompile.models.kubernetes.endpoints import EndpointAddress, Endpoints, EndpointSubset
from meshcompile.validate.kubernetes.common import (
    choice,
    names_required,
    number_in_range,
    protocol,
    required,
    unique,
)
from meshcompile.validate.object_names import DNS_LABEL, Found, name

FAMILIES: Mapping[str, tuple[str, int]] = {"IPv4": ("an IPv4 address", 4), "IPv6": ("an IPv6 address", 6)}
"""Address types of slices: the name of an address of the type in messages, and its IP version."""


def violations(resource: Endpoints | EndpointSlice) -> Found:
    """Findings about Endpoints or an EndpointSlice."""
    match resource:
        case Endpoints():
            for subset in resource.subsets:
                yield from subset_violations(subset)
        case EndpointSlice():
            yield from slice_violations(resource)


def subset_violations(subset: EndpointSubset) -> Found:
    """Findings about addresses that share their ports."""
    if not subset.addresses and not subset.not_ready_addresses:
        field = subset.at("addresses").field
        yield validation.MISSING(subset, field=field, reason=", and so is `notReadyAddresses`")
    for address in (*subset.addresses, *subset.not_ready_addresses):
        yield from address_violations(address)
    yield from names_required(subset.ports)
    for port in subset.ports:
        yield from name(port, "name", DNS_LABEL)
        yield from number_in_range(port, "port")
        yield from protocol(port)


def address_violations(address: EndpointAddress) -> Found:
    """Findings about one address of Endpoints."""
    yield from usable(address.ip, address.at("ip"))
    yield from name(address, "hostname", DNS_LABEL)


def slice_violations(endpoint_slice: EndpointSlice) -> Found:
    """Findings about an EndpointSlice."""
    yield from choice(endpoint_slice, "address_type", (*FAMILIES, "FQDN"))
    for endpoint in endpoint_slice.endpoints:
        yield from endpoint_violations(endpoint, endpoint_slice.address_type)
    yield from unique(endpoint_slice.ports, "name", "port")
    for port in endpoint_slice.ports:
        yield from protocol(port)


def endpoint_violations(endpoint: Endpoint, address_type: str) -> Found:
    """Findings about one endpoint of a slice of this type."""
    yield from required(endpoint, "addresses", ": an endpoint needs at least one")
    for index, address in enumerate(endpoint.addresses):
        if address_type in FAMILIES:
            yield from usable(address, endpoint.at("addresses", index), *FAMILIES[address_type])
    if endpoint.hostname:
        yield from name(endpoint, "hostname", DNS_LABEL)


def usable(address: str, place: Origin, expected: str = "an IP address", version: int | None = None) -> Found:
    """An address that is invalid, or that an endpoint cannot have."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        yield validation.ADDRESS(place, value=address, expected=expected)
        return
    if version not in (None, ip.version):
        yield validation.ADDRESS(place, value=address, expected=expected)
    elif problem := _use(ip):
        yield codes.ENDPOINT_ADDRESS(place, value=address, problem=problem)


def _use(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    """The description of an address that an endpoint cannot have, or None."""
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_loopback:
        return "a loopback address"
    return "a link-local address" if address.is_link_local else None
