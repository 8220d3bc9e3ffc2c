"""File xDS: the configuration of an Envoy as files that it reads, and reads again when they are replaced.

The files say the same as the static bootstrap. Envoy accepts one resource in a file of routes, endpoints or secrets, so
these have a file each. Extensions stay in their listeners.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from msgspec import Struct

from meshcompile.emit.resources import Resources
from meshcompile.envoy.config import bootstrap as envoy
from meshcompile.envoy.config.cluster import Cluster, ClusterEdsClusterConfig
from meshcompile.envoy.config.core import ConfigSource, DataSource, PathConfigSource
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, Rds
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    CommonTlsContextCombinedCertificateValidationContext,
    SdsSecretConfig,
    Secret,
    TlsCertificate,
)
from meshcompile.envoy.message import Message, encode, replaced, to_json
from meshcompile.output.bootstrap import Bootstrap, Credential
from meshcompile.output.packed import known
from meshcompile.output.walk import messages, rewritten
from meshcompile.output.xds_types import TYPE_URLS, discovery_response

BOOTSTRAP, LISTENERS, CLUSTERS = "bootstrap.json", "lds.json", "cds.json"
LONGEST_NAME = 120
"""The length from which the name of a file is shortened. File systems allow 255 bytes."""


_UNSAFE = re.compile(r"[^a-z0-9.-]|^\.")


class XdsFile(Struct, frozen=True):
    """A file, by its path in the folder of a proxy. `kind` is `bootstrap`, `listeners`, `clusters`, `routes` etc."""

    path: str
    kind: str
    content: bytes


def xds_files(
    static: Bootstrap, resources: Resources, credentials: Mapping[str, Credential], folder: str
) -> tuple[XdsFile, ...]:
    """The files for a proxy with this static bootstrap, which Envoy will see in `folder`. The bootstrap is last.

    `resources` are those that the bootstrap was made of: what they discover is discovered from files.
    """
    content = static.content
    inline = content.static_resources or envoy.BootstrapStaticResources()
    discovers = {cluster.name: cluster.type == "EDS" for cluster in resources.clusters}
    cut = _Cut(folder, frozenset(_discovered_routes(resources.listeners)), _by_content(credentials))
    listeners = tuple(map(cut.listener, inline.listeners))
    clusters = tuple(cut.cluster(each, discovers[each.name]) for each in inline.clusters if each.name in discovers)
    dynamic = envoy.BootstrapDynamicResources(
        lds_config=_source(folder, LISTENERS), cds_config=_source(folder, CLUSTERS)
    )
    own = tuple(each for each in inline.clusters if each.name not in discovers)  # of the bootstrap itself
    start = replaced(content, static_resources=envoy.BootstrapStaticResources(clusters=own), dynamic_resources=dynamic)
    return (
        *sorted(cut.files.values(), key=lambda file: file.path),
        _whole(CLUSTERS, "clusters", clusters),
        _whole(LISTENERS, "listeners", listeners),
        XdsFile(BOOTSTRAP, "bootstrap", f"{to_json(start)}\n".encode()),
    )


def file_name(resource: str) -> str:
    """A file name for a resource: safe in every file system, and different for different resources."""
    safe = _UNSAFE.sub("_", resource.lower())[:LONGEST_NAME]
    return f"{safe}.json" if safe == resource else f"{safe}~{sha256(resource.encode()).hexdigest()[:8]}.json"


def _whole(path: str, kind: str, resources: tuple[Message, ...]) -> XdsFile:
    return XdsFile(path, kind, discovery_response(TYPE_URLS[kind], resources))


def _source(folder: str, path: str) -> ConfigSource:
    return ConfigSource(path_config_source=PathConfigSource(path=f"{folder}/{path}"), resource_api_version="V3")


def _discovered_routes(listeners: Iterable[Listener]) -> Iterator[str]:
    """The names of the route tables that listeners discover."""
    asking = (listener for listener in listeners if b'"rds"' in encode(listener))  # takes less time than a walk
    for message in messages(tuple(asking)):
        match known(message) if not isinstance(message, Message) else message:
            case HttpConnectionManager(rds=Rds(route_config_name=name)):
                yield name
            case _:
                pass


def _by_content(credentials: Mapping[str, Credential]) -> Mapping[str, str]:
    """The name of a secret by its PEM texts: a certificate with its key, or authorities. The first Secret holds."""
    named: dict[str, str] = {}
    for name, credential in sorted(credentials.items()):
        named.setdefault(credential.certificate + credential.private_key, f"certificate:{name}")
        named.setdefault(credential.authorities, f"authorities:{name}")
    return named


@dataclass(frozen=True, slots=True)
class _Cut:
    """Cuts what proxies discover out of listeners and clusters, and collects it as files."""

    folder: str
    routes: frozenset[str]
    secrets: Mapping[str, str]
    files: dict[str, XdsFile] = field(default_factory=dict)

    def listener(self, listener: Listener) -> Listener:
        return rewritten(listener, self._discovering)

    def cluster(self, cluster: Cluster, discovers: bool) -> Cluster:
        """The cluster. One that discovers its endpoints does so from a file, unless they have host names."""
        cut = rewritten(cluster, self._discovering) if b"inlineString" in encode(cluster) else cluster
        if not discovers or cluster.type != "STATIC":
            return cut
        assignment = cluster.load_assignment or ClusterLoadAssignment(cluster_name=cluster.name)
        name = assignment.cluster_name
        config = ClusterEdsClusterConfig(
            eds_config=self._filed("eds", "endpoints", name, assignment),
            service_name="" if name == cluster.name else name,
        )
        return replaced(cut, type="EDS", load_assignment=None, eds_cluster_config=config)

    def _discovering(self, message: Message) -> Message:
        match message:
            case HttpConnectionManager(route_config=RouteConfiguration(name=name) as table) if name in self.routes:
                rds = Rds(route_config_name=name, config_source=self._filed("rds", "routes", name, table))
                return replaced(message, route_config=None, rds=rds)
            case CommonTlsContext():
                return self._with_trusted(self._with_certificates(message))
            case _:
                return message

    def _with_certificates(self, context: CommonTlsContext) -> CommonTlsContext:
        names = tuple(map(self._certificate_name, context.tls_certificates))
        if not names or None in names:
            return context
        secrets = tuple(
            self._secret(Secret(name=name, tls_certificate=certificate))
            for name, certificate in zip(names, context.tls_certificates, strict=True)
            if name is not None
        )
        return replaced(context, tls_certificates=(), tls_certificate_sds_secret_configs=secrets)

    def _certificate_name(self, certificate: TlsCertificate) -> str | None:
        match certificate:
            case TlsCertificate(
                certificate_chain=DataSource(inline_string=str(chain)), private_key=DataSource(inline_string=str(key))
            ):
                return self.secrets.get(chain + key)
            case _:
                return None

    def _with_trusted(self, context: CommonTlsContext) -> CommonTlsContext:
        match context.validation_context:
            case CertificateValidationContext(trusted_ca=DataSource(inline_string=str(text))) as validation:
                name = self.secrets.get(text)
            case _:
                return context
        if name is None:
            return context
        trusted = CertificateValidationContext(trusted_ca=validation.trusted_ca)
        combined = CommonTlsContextCombinedCertificateValidationContext(
            default_validation_context=replaced(validation, trusted_ca=None),
            validation_context_sds_secret_config=self._secret(Secret(name=name, validation_context=trusted)),
        )
        return replaced(context, validation_context=None, combined_validation_context=combined)

    def _secret(self, secret: Secret) -> SdsSecretConfig:
        return SdsSecretConfig(name=secret.name, sds_config=self._filed("sds", "secrets", secret.name, secret))

    def _filed(self, folder: str, kind: str, name: str, resource: Message) -> ConfigSource:
        """Add the file of a resource. Returns where Envoy finds it."""
        path = f"{folder}/{file_name(name)}"
        self.files[path] = XdsFile(path, kind, discovery_response(TYPE_URLS[kind], (resource,)))
        return _source(self.folder, path)
