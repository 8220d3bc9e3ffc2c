"""The sections of a config dump, and where each has its resources. Both spellings of names are read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from meshcompile.envoy.descriptors import lower_camel

Path = tuple[str | int, ...]
ADMIN = "envoy.admin.v3."


class DumpPlace(NamedTuple):
    """A list of resources in a section. `steps` lead from an item of the list to the message."""

    kind: str
    section: str
    items: str
    steps: tuple[str, ...]
    is_static: bool = False


PLACES = (
    DumpPlace("listeners", "ListenersConfigDump", "dynamic_listeners", ("active_state", "listener")),
    DumpPlace("listeners", "ListenersConfigDump", "static_listeners", ("listener",), is_static=True),
    DumpPlace("routes", "RoutesConfigDump", "dynamic_route_configs", ("route_config",)),
    DumpPlace("clusters", "ClustersConfigDump", "dynamic_active_clusters", ("cluster",)),
    DumpPlace("clusters", "ClustersConfigDump", "static_clusters", ("cluster",), is_static=True),
    DumpPlace("endpoints", "EndpointsConfigDump", "dynamic_endpoint_configs", ("endpoint_config",)),
    DumpPlace("endpoints", "EndpointsConfigDump", "static_endpoint_configs", ("endpoint_config",), is_static=True),
    DumpPlace("extensions", "EcdsConfigDump", "ecds_filters", ("ecds_filter",)),
    DumpPlace("secrets", "SecretsConfigDump", "dynamic_active_secrets", ("secret",)),
    DumpPlace("secrets", "SecretsConfigDump", "static_secrets", ("secret",), is_static=True),
)
"""Where Envoy has what is in force. It dumps inline routes a second time, and what warms or drains is not in force."""

REJECTED = (
    ("ListenersConfigDump", "dynamic_listeners"),
    ("ClustersConfigDump", "dynamic_active_clusters"),
    ("RoutesConfigDump", "dynamic_route_configs"),
)
"""The lists whose items have an `error_state` if Envoy has rejected their latest version."""


class DumpPart(NamedTuple):
    """A part of a dump, and the way to it."""

    data: Any
    path: Path


def sections(dump: Mapping[str, Any]) -> Iterator[tuple[str, DumpPart]]:
    """The sections by the name of their type without its package. Anything else in the list is skipped."""
    configs = dump.get("configs")
    for index, config in enumerate(configs if isinstance(configs, list) else ()):
        name = str(config.get("@type", "")).rpartition("/")[2] if isinstance(config, Mapping) else ""
        if name.startswith(ADMIN):
            yield name.removeprefix(ADMIN), DumpPart(config, ("configs", index))


def items(section: DumpPart, name: str) -> Iterator[DumpPart]:
    """The items of a list in a section."""
    found = below(section, (name,))
    if found is not None and isinstance(found.data, Sequence) and not isinstance(found.data, str):
        for index, item in enumerate(found.data):
            yield DumpPart(item, (*found.path, index))


def below(part: DumpPart, steps: Sequence[str]) -> DumpPart | None:
    """What is at the end of some steps, in either spelling; None if nothing is there."""
    for step in steps:
        if not isinstance(part.data, Mapping):
            return None
        key = step if step in part.data else lower_camel(step)
        if part.data.get(key) is None:
            return None
        part = DumpPart(part.data[key], (*part.path, key))
    return part
