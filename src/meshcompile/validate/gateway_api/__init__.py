"""The API server's rules on one object of the Gateway API: the limits of the schema, and its CEL rules."""

from collections.abc import Iterable

from meshcompile.codes import gateway_api as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.validate.gateway_api.limits import beyond_limits
from meshcompile.validate.gateway_api.rules import broken_rules
from meshcompile.values.ip import is_ip


def violations(resource: Resource) -> Iterable[Diagnostic]:
    """What the API server refuses. Only an address that is no IP address rejects the object."""
    yield from beyond_limits(resource)
    yield from broken_rules(resource)
    if isinstance(resource, KubernetesGateway):
        for address in resource.spec.addresses:
            if address.type == "IPAddress" and not is_ip(address.value):
                yield codes.ADDRESS_FORM(
                    address.at("value"), field=address.at("value").field, found=address.value, rejected=True
                )
