"""The resources that a proxy is served, by type and name, each with a version from its content.

Proxies share what is equal: the resource of a message stays with the message, and equal sets of resources are one set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from weakref import WeakValueDictionary

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.fingerprint import digests
from meshcompile.envoy.message import TYPE_URL, Message, canonical, replaced
from meshcompile.envoy.wire import packed_pieces
from meshcompile.output.bootstrap import Flavour
from meshcompile.output.secrets import names_of
from meshcompile.output.xds_types import TYPE_URLS, resource_name
from meshcompile.serve.served_secrets import served_secrets
from meshcompile.serve.upstream import upstream_resources

CLUSTERS, ENDPOINTS = TYPE_URLS["clusters"], TYPE_URLS["endpoints"]
LISTENERS, ROUTES = TYPE_URLS["listeners"], TYPE_URLS["routes"]
SECRETS, EXTENSIONS = TYPE_URLS["secrets"], TYPE_URLS["extensions"]
NAMES = f"{TYPE_URL}istio.networking.nds.v1.NameTable"

PUSH_ORDER = (CLUSTERS, ENDPOINTS, SECRETS, EXTENSIONS, LISTENERS, ROUTES, NAMES)
"""The types in the order in which they are pushed: what others refer to comes first."""
STATE_OF_THE_WORLD = frozenset({CLUSTERS, LISTENERS, NAMES})
"""The types of which a response without delta has all resources, so that what is missing is removed."""
SHORT = {**{url: name for name, url in TYPE_URLS.items()}, NAMES: "names"}
"""The types in words, for logs and metrics."""
VERSION_DIGITS = 16


class XdsResource(Struct, frozen=True, eq=False, dict=True):
    """A resource as it is sent: `pieces` are the bytes of the serialized google.protobuf.Any, in order.

    There are none for a resource that a client has from an earlier stream. Virtual hosts are pieces that route tables
    share, so no table is in memory as a whole.
    """

    name: str
    version: str
    pieces: tuple[bytes, ...] = ()

    @cached_property
    def size(self) -> int:
        """The length of the pieces."""
        return sum(map(len, self.pieces))


class ResourceSet(Struct, frozen=True, eq=False, weakref=True, dict=True):
    """All resources of one type for a proxy, by name, and a version of their content.

    `secrets` are the names of those that the resources fetch by SDS.
    """

    version: str
    resources: Mapping[str, XdsResource]
    secrets: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all resources."""
        return frozenset(self.resources)

    def shared_names(self, names: frozenset[str]) -> frozenset[str]:
        """The same names, without copies of those that the resources have."""
        if names is self.names or names == self.names:
            return self.names
        return frozenset(self.resources[name].name if name in self.resources else name for name in names)


NO_RESOURCES = ResourceSet("", {})


class ServedResources(Struct, frozen=True, eq=False):
    """All resources for a proxy, by type URL. `version` is that of everything together."""

    sets: Mapping[str, ResourceSet]

    @property
    def version(self) -> str:
        return _version(each.version.encode() for each in self.sets.values())

    def without_secrets(self) -> ServedResources:
        """The same resources for a client that must not have private keys."""
        return self.having(SECRETS, NO_RESOURCES)

    def having(self, type_url: str, resources: ResourceSet) -> ServedResources:
        """The same resources, with these of one type."""
        return ServedResources({**self.sets, type_url: resources})


class ResourceSets:
    """Makes the resources of configurations, for one build of Envoy.

    Equal sets are made once, as long as somebody has them.
    """

    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._known: WeakValueDictionary[tuple[str, bytes], ResourceSet] = WeakValueDictionary()

    def of(self, config: Config) -> ServedResources:
        """The resources for the proxy of a configuration. A proxy that does not answer DNS needs no names."""
        resources = upstream_resources(config.resources) if self._flavour is Flavour.ENVOY else config.resources
        sets = {url: self._set(url, getattr(resources, kind)) for kind, url in TYPE_URLS.items() if url != SECRETS}
        names = frozenset[str]().union(*(each.secrets for each in sets.values()))
        return ServedResources(
            {**sets, SECRETS: self._set(SECRETS, served_secrets(config, names)), NAMES: NO_RESOURCES}
        )

    def _set(self, type_url: str, messages: tuple[Message, ...]) -> ResourceSet:
        found = list(map(_table_digest, messages)) if type_url == ROUTES else digests(messages)
        key = type_url, sha256(b"".join(found)).digest()
        known = self._known.get(key)
        if known is None:
            name = type_url.removeprefix(TYPE_URL)
            resources = {each.name: each for each in _resources(name, messages, found)}
            of_secrets = () if type_url in (ENDPOINTS, SECRETS) else messages
            secrets = frozenset(name for each in of_secrets for name in names_of(each))
            known = self._known[key] = ResourceSet(key[1].hex()[:VERSION_DIGITS], resources, secrets)
        return known


def _resources(type_name: str, messages: Iterable[Message], found: Iterable[bytes]) -> Iterator[XdsResource]:
    """The resource of each message, which stays with the message."""
    for message, digest in zip(messages, found, strict=True):
        known = message.__dict__
        if (resource := known.get("xds")) is None:
            version = digest.hex()[:VERSION_DIGITS]
            resource = known["xds"] = XdsResource(resource_name(message), version, packed_pieces(type_name, message))
        yield resource


def _table_digest(table: Message) -> bytes:
    """A digest of a route table, from those of its virtual hosts. It stays with the table."""
    if not isinstance(table, RouteConfiguration):
        return digests((table,))[0]
    known = table.__dict__
    digest: bytes | None = known.get("xds digest")
    if digest is None:
        rest = canonical(replaced(table, virtual_hosts=()))
        digest = known["xds digest"] = sha256(b"".join((rest, *digests(table.virtual_hosts)))).digest()
    return digest


def _version(parts: Iterable[bytes]) -> str:
    return sha256(b"".join(parts)).hexdigest()[:VERSION_DIGITS]
