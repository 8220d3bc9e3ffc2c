"""The objects that a field refers to."""

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
    """The places of the objects that a host, a subset or a gateway names."""
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
    wanted = qualified(host, namespace)
    for rule in mesh.objects:
        if isinstance(rule, DestinationRule) and qualified(rule.spec.host, rule.namespace) == wanted:
            yield from (each.origin for each in rule.spec.subsets if each.name == subset)


def _gateways(mesh: Mesh, name: str) -> Iterator[Origin]:
    return (each.origin for each in mesh.objects if isinstance(each, Gateway) and each.full_name == name)


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
