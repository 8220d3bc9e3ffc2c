"""Go to definition: the objects that a field refers to."""

from __future__ import annotations

from collections.abc import Iterator

from meshcompile.documents import Origin, Path
from meshcompile.lsp.places import FieldAtPosition
from meshcompile.mesh import Mesh
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.models.networking.gateway import Gateway
from meshcompile.snapshot.short_names import qualified_gateway
from meshcompile.values.hosts import covering, qualified


def definitions(mesh: Mesh, field: FieldAtPosition) -> tuple[Origin, ...]:
    """The positions of the objects that a host, a subset or a gateway refers to."""
    value = _value(field.resource.origin.document.value, field.path)
    if not isinstance(value, str):
        return ()
    match field.path:
        case (*above, "subset"):
            host = _value(field.resource.origin.document.value, (*above, "host"))
            return tuple(_subsets(mesh, str(host), value, field.resource.namespace))
        case (*_, "host"):
            return tuple(_services(mesh, value, field.resource.namespace))
        case ("spec", "gateways", int()):
            return tuple(_gateways(mesh, qualified_gateway(value, field.resource.namespace)))
        case ("spec", "hosts", int()):
            return tuple(_services(mesh, value, field.resource.namespace))
        case _:
            return ()


def _services(mesh: Mesh, host: str, namespace: str) -> Iterator[Origin]:
    known = mesh.snapshot.services.by_hostname
    for name in covering(qualified(host, namespace)):
        yield from (service.origin for service in known.get(name, {}).values() if service.origin)


def _subsets(mesh: Mesh, host: str, subset: str, namespace: str) -> Iterator[Origin]:
    hostname = qualified(host, namespace)
    for rule in mesh.objects:
        if isinstance(rule, DestinationRule) and qualified(rule.spec.host, rule.namespace) == hostname:
            yield from (declared.origin for declared in rule.spec.subsets if declared.name == subset)


def _gateways(mesh: Mesh, name: str) -> Iterator[Origin]:
    return (gateway.origin for gateway in mesh.objects if isinstance(gateway, Gateway) and gateway.full_name == name)


def _value(value: object, path: Path) -> object:
    for step in path:
        match value:
            case dict() if step in value:
                value = value[step]
            case list() | tuple() if isinstance(step, int) and step < len(value):
                value = value[step]
            case _:
                return None
    return value
