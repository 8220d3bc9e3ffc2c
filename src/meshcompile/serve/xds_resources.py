"""The resources that a proxy is served, by type and name, each with a version from its content.

Proxies share what is equal: the resource of a message stays with the message, and equal sets of resources are one set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.envoy.fingerprint import digests
from meshcompile.envoy.message import TYPE_URL, Message
from meshcompile.envoy.wire import packed
from meshcompile.output.bootstrap import Flavour
from meshcompile.output.xds_types import TYPE_URLS, resource_name
from meshcompile.serve.served_secrets import served_secrets
from meshcompile.serve.upstream import upstream_resources

CLUSTERS, ENDPOINTS = TYPE_URLS["clusters"], TYPE_URLS["endpoints"]
LISTENERS, ROUTES = TYPE_URLS["listeners"], TYPE_URLS["routes"]
SECRETS, EXTENSIONS = TYPE_URLS["secrets"], TYPE_URLS["extensions"]

PUSH_ORDER = (CLUSTERS, ENDPOINTS, SECRETS, EXTENSIONS, LISTENERS, ROUTES)
"""The types in the order in which they are pushed: what others refer to comes first."""
STATE_OF_THE_WORLD = frozenset({CLUSTERS, LISTENERS})
"""The types of which a response without delta has all resources, so that what is missing is removed."""
SHORT = {url: name for name, url in TYPE_URLS.items()}
"""The types in words, for logs and metrics."""
VERSION_DIGITS = 16


class XdsResource(Struct, frozen=True, eq=False):
    """A resource as it is sent: `any` is the serialized google.protobuf.Any.

    It is empty for a resource that a client has from an earlier stream.
    """

    name: str
    version: str
    any: bytes = b""


class ResourceSet(Struct, frozen=True, eq=False, weakref=True):
    """All resources of one type for a proxy, by name, and a version of their content."""

    version: str
    resources: Mapping[str, XdsResource]


NO_RESOURCES = ResourceSet("", {})


class ServedResources(Struct, frozen=True, eq=False):
    """All resources for a proxy, by type URL. `version` is that of everything together."""

    sets: Mapping[str, ResourceSet]

    @property
    def version(self) -> str:
        return _version(each.version.encode() for each in self.sets.values())

    def without_secrets(self) -> ServedResources:
        """The same resources for a client that must not have private keys."""
        return ServedResources({**self.sets, SECRETS: NO_RESOURCES})


class ResourceSets:
    """Makes the resources of configurations, for one build of Envoy.

    Equal sets are made once, as long as somebody has them.
    """

    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._known: WeakValueDictionary[tuple[str, bytes], ResourceSet] = WeakValueDictionary()

    def of(self, config: Config) -> ServedResources:
        """The resources for the proxy of a configuration."""
        resources = upstream_resources(config.resources) if self._flavour is Flavour.ENVOY else config.resources
        messages: dict[str, tuple[Any, ...]] = {
            kind: served_secrets(config) if kind == "secrets" else getattr(resources, kind) for kind in TYPE_URLS
        }
        return ServedResources({TYPE_URLS[kind]: self._set(TYPE_URLS[kind], each) for kind, each in messages.items()})

    def _set(self, type_url: str, messages: tuple[Message, ...]) -> ResourceSet:
        found = digests(messages)
        key = type_url, sha256(b"".join(found)).digest()
        known = self._known.get(key)
        if known is None:
            name = type_url.removeprefix(TYPE_URL)
            resources = {each.name: each for each in _resources(name, messages, found)}
            known = self._known[key] = ResourceSet(key[1].hex()[:VERSION_DIGITS], resources)
        return known


def _resources(type_name: str, messages: Iterable[Message], found: Iterable[bytes]) -> Iterator[XdsResource]:
    """The resource of each message, which stays with the message."""
    for message, digest in zip(messages, found, strict=True):
        known = message.__dict__
        if (resource := known.get("xds")) is None:
            version = digest.hex()[:VERSION_DIGITS]
            resource = known["xds"] = XdsResource(resource_name(message), version, packed(type_name, message))
        yield resource


def _version(parts: Iterable[bytes]) -> str:
    return sha256(b"".join(parts)).hexdigest()[:VERSION_DIGITS]
