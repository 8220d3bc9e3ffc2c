"""A config dump as values: the proxy, its messages, and what the dump says about them."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from msgspec import structs

from meshcompile.codes.config_dumps import REDACTED_SECRET
from meshcompile.config import Config
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.core import DataSource, Node
from meshcompile.envoy.extensions.transport_sockets.tls import Secret
from meshcompile.envoy.message import Message, encode
from meshcompile.errors import InvalidArgument
from meshcompile.output.bootstrap import Bootstrap, Options, static_bootstrap
from meshcompile.output.live_parts import inline_routes
from meshcompile.output.secrets import SdsSecret
from meshcompile.patch.editing import decoded
from meshcompile.proxy import Proxy, ProxyType

AGENT_CLUSTERS = ("xds-grpc", "sds-grpc")
"""The clusters of Istio's agent. A static bootstrap has its own, where it needs one."""
REDACTED = (b"[redacted]", b"W3JlZGFjdGVkXQ==")
"""What Envoy prints in the place of a private key, as a text and as bytes in base64."""
_OPTIONS = Options()
NOBODY = Proxy(ProxyType.SIDECAR, "unknown.unknown", "unknown", ("0.0.0.0",))
"""The proxy of a dump whose bootstrap has no node of Istio."""


@dataclass(frozen=True)
class ConfigDump:
    """The configuration of a running Envoy.

    `node` is that of its bootstrap, and empty if the dump has no bootstrap. `resources` are those of the control plane,
    `static` those of the bootstrap; each kind is sorted by name. `diagnostics` are what could not be read, and what
    Envoy has rejected.
    """

    file: str
    node: Mapping[str, Any]
    content: Mapping[str, Any] = field(repr=False)
    resources: Resources = field(repr=False)
    static: Resources = field(repr=False)
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()

    @cached_property
    def proxy(self) -> Proxy | None:
        """The proxy that was dumped; None if the dump has no node of Istio."""
        try:
            return Proxy.from_node(self.node)
        except InvalidArgument:
            return None

    @property
    def shown(self) -> Resources:
        """The resources for tables: those of `config`, and the routes that listeners hold inline."""
        resources = self.config.resources
        return structs.replace(resources, routes=(*resources.routes, *inline_routes(resources.listeners)))

    @property
    def sds_secrets(self) -> tuple[SdsSecret, ...]:
        """The secrets that the proxy has, without private keys."""
        return tuple(_sds_secret(secret) for secret in self.secrets)

    @property
    def is_static(self) -> bool:
        """Whether the Envoy has all its configuration from its bootstrap."""
        return not (self.resources.listeners or self.resources.clusters or self.resources.routes)

    @cached_property
    def config(self) -> Config:
        """All resources as a Config, those of the bootstrap included."""
        kinds = ("listeners", "routes", "clusters", "endpoints", "extensions")
        merged = {kind: (*getattr(self.resources, kind), *getattr(self.static, kind)) for kind in kinds}
        return Config(self.proxy or NOBODY, Resources(**merged), self.diagnostics)

    def bootstrap(self, options: Options = _OPTIONS) -> Bootstrap:
        """A static bootstrap with which an Envoy does what the dumped one does, without a control plane.

        Its diagnostics list what the flavour omits, and private keys that Envoy has redacted.
        """
        kept = tuple(cluster for cluster in self.config.clusters if cluster.name not in AGENT_CLUSTERS)
        resources = structs.replace(self.config.resources, clusters=kept)
        made = static_bootstrap(decoded(Node, self.node), resources, options)
        return replace(made, diagnostics=(*made.diagnostics, *self._redacted(resources)))

    def _redacted(self, resources: Resources) -> Iterator[Diagnostic]:
        """The resources with private keys that Envoy has not printed."""
        for message in (*resources.listeners, *resources.clusters):
            if any(text in encode(message) for text in REDACTED):
                yield REDACTED_SECRET(Origin(Document(self.file, None)), part=_shown(message))


def _sds_secret(secret: Secret) -> SdsSecret:
    certificate = secret.tls_certificate.certificate_chain if secret.tls_certificate else None
    authorities = secret.validation_context.trusted_ca if secret.validation_context else None
    return SdsSecret(secret.name, _text(certificate), _text(authorities))


def _text(source: DataSource | None) -> str:
    """The text of a certificate; "" if it is elsewhere, or no text."""
    if source is None:
        return ""
    return source.inline_string or b64decode(source.inline_bytes or "").decode(errors="replace")


def _shown(message: Message) -> str:
    return f"{type(message).__name__.lower()} {getattr(message, 'name', '')}"
