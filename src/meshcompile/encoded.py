"""The resources of a proxy that another process compiled: JSON, fingerprints and sizes.

Sending and reading messages takes much longer than compiling them again. So this process compiles them on demand.
Compiling is a pure function: the messages and their origins are equal.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from meshcompile.emit.resources import Resources
from meshcompile.envoy.fingerprint import digest_of_all, digests, size_of_all, sizes
from meshcompile.envoy.message import EncodedMessage, Message

if TYPE_CHECKING:
    from meshcompile.envoy.config.cluster import Cluster
    from meshcompile.envoy.config.core import TypedExtensionConfig
    from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
    from meshcompile.envoy.config.listener import Listener
    from meshcompile.envoy.config.route import RouteConfiguration

RESOURCE_TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")
"""The kinds of xDS resources (LDS, RDS, CDS, EDS, ECDS), in the order in which they are printed."""


class Measure(Struct, frozen=True):
    """The number of resources of one type, the size of their compact JSON in bytes, and their fingerprint."""

    count: int
    size: int
    fingerprint: bytes

    @classmethod
    def of(cls, digests: Sequence[bytes], sizes: Sequence[int]) -> Self:
        """The measure of messages with these fingerprints and sizes."""
        return cls(len(digests), size_of_all(sizes), digest_of_all(digests))


Measures = Mapping[str, Measure]
"""The measure of each type of resource."""


def measures(resources: Resources) -> Measures:
    """The measure of each type of resource."""
    if isinstance(resources, EncodedResources):
        return resources.measures
    return {kind: _measure(getattr(resources, kind)) for kind in RESOURCE_TYPES}


def fingerprints(resources: Resources) -> Mapping[str, bytes]:
    """The fingerprint of each type of resource."""
    if isinstance(resources, EncodedResources):
        return {kind: measure.fingerprint for kind, measure in resources.measures.items()}
    return {kind: digest_of_all(digests(getattr(resources, kind))) for kind in RESOURCE_TYPES}


def printed(resources: Resources, kind: str) -> Sequence[Message | EncodedMessage]:
    """The messages of one type, or objects with the same printed form."""
    if isinstance(resources, EncodedResources):
        return resources.texts(kind)
    messages: tuple[Message, ...] = getattr(resources, kind)
    return messages


def _measure(messages: Sequence[Message]) -> Measure:
    return Measure.of(digests(messages), sizes(messages))


class EncodedResources:
    """The resources of one proxy as JSON. They equal the Resources with the same content."""

    def __init__(
        self,
        measures: Measures,
        texts: Callable[[str], Sequence[EncodedMessage]],
        compiled: Callable[[], Resources],
    ) -> None:
        self.measures = measures
        self.texts = texts
        """The texts of the messages of one type."""
        self._compiled = compiled

    @cached_property
    def compiled(self) -> Resources:
        """The messages, compiled in this process on first use."""
        return self._compiled()

    @property
    def listeners(self) -> "tuple[Listener, ...]":
        return self.compiled.listeners

    @property
    def routes(self) -> "tuple[RouteConfiguration, ...]":
        return self.compiled.routes

    @property
    def clusters(self) -> "tuple[Cluster, ...]":
        return self.compiled.clusters

    @property
    def endpoints(self) -> "tuple[ClusterLoadAssignment, ...]":
        return self.compiled.endpoints

    @property
    def extensions(self) -> "tuple[TypedExtensionConfig, ...]":
        return self.compiled.extensions

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Resources | EncodedResources):
            return NotImplemented
        theirs = other.measures if isinstance(other, EncodedResources) else measures(other)
        return self.measures == theirs

    def __hash__(self) -> int:
        return hash(self.compiled)

    def __reduce__(self) -> tuple[object, ...]:
        """A copy in another process has the messages, because there may be no mesh to compile them from."""
        return Resources, tuple(getattr(self.compiled, kind) for kind in RESOURCE_TYPES)
