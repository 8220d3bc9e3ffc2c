"""The secrets that a proxy may fetch by SDS: those of Kubernetes Secrets that its configuration names.

Follows istiod's `pilot/pkg/xds/sds.go`: `kubernetes://NAME` is a Secret in the proxy's namespace, and a Secret of
another namespace needs a name of the form `kubernetes-gateway://NAMESPACE/NAME`, which the configuration has only if a
ReferenceGrant allows it. The names `default` and `ROOTCA` belong to Istio's agent.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator

from meshcompile.config import Config
from meshcompile.envoy.config.core import DataSource
from meshcompile.envoy.extensions.transport_sockets.tls import CertificateValidationContext, Secret, TlsCertificate
from meshcompile.output.bootstrap import Credential
from meshcompile.values.credentials import AUTHORITIES, GATEWAY_SECRET


def served_secrets(config: Config, names: Iterable[str]) -> tuple[Secret, ...]:
    """The secrets of these names, sorted. Names without a Secret are left out."""
    return tuple(_secrets(config, names))


def _secrets(config: Config, names: Iterable[str]) -> Iterator[Secret]:
    for name in sorted(names):
        _, _, path = name.partition("://")
        if not path:
            continue
        namespace, _, secret = path.rpartition("/")
        if namespace in ("", config.proxy.namespace) or name.startswith(GATEWAY_SECRET):
            found = _secret(name, f"{namespace or config.proxy.namespace}/{secret}", config)
            if found is not None:
                yield found


def _secret(name: str, key: str, config: Config) -> Secret | None:
    """The secret of a name. One that ends in `-cacert` has only the authorities, of that Secret or of the whole one."""
    if name.endswith(AUTHORITIES):
        for candidate in (key, key.removesuffix(AUTHORITIES)):
            authorities = config.credentials.get(candidate, Credential()).authorities
            if authorities:
                return Secret(
                    name=name, validation_context=CertificateValidationContext(trusted_ca=_inline(authorities))
                )
        return None
    credential = config.credentials.get(key, Credential())
    if not (credential.certificate and credential.private_key):
        return None
    certificate = TlsCertificate(
        certificate_chain=_inline(credential.certificate), private_key=_inline(credential.private_key)
    )
    return Secret(name=name, tls_certificate=certificate)


def _inline(text: str) -> DataSource:
    return DataSource(inline_bytes=b64encode(text.encode()).decode())
