"""TLS material from Kubernetes Secrets and ConfigMaps. Follows istiod's `pilot/pkg/credentials/kube`."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from meshcompile.documents import Origin
from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.values.credentials import CONFIG_MAP

# The keys of a Secret for each part, in order of precedence.
KEYS: Mapping[str, tuple[str, ...]] = {
    "certificate": ("cert", "tls.crt"),
    "private_key": ("key", "tls.key"),
    "authorities": ("cacert", "ca.crt"),
}


@dataclass(frozen=True, slots=True)
class Credential:
    """TLS material in PEM; "" for parts that are missing.

    `origins` are the places of the parts, by `certificate`, `private_key` and `authorities`. The values are paths of
    files instead of PEM if `in_files` is true.
    """

    certificate: str = ""
    private_key: str = ""
    authorities: str = ""
    in_files: bool = False
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)


def credentials(resources: Iterable[object]) -> Mapping[str, Credential]:
    """The material of Secrets and ConfigMaps that have any: `namespace/name`, `configmap://namespace/name`."""
    by_name: dict[str, Credential] = {}
    for resource in resources:
        match resource:
            case Secret():
                by_name[f"{resource.namespace}/{resource.name}"] = _credential(resource)
            case ConfigMap(data={"ca.crt": text}):
                origins = {"authorities": resource.at("data", "ca.crt")}
                name = f"{CONFIG_MAP}{resource.namespace}/{resource.name}"
                by_name[name] = Credential(authorities=text, origins=origins)
            case _:
                pass
    return {name: credential for name, credential in by_name.items() if credential != Credential()}


def _credential(secret: Secret) -> Credential:
    certificate, private_key, authorities = (_text(secret, keys) for keys in KEYS.values())
    origins = {part: origin for part, keys in KEYS.items() if (origin := _origin(secret, keys)) is not None}
    return Credential(certificate, private_key, authorities, origins=origins)


def _text(secret: Secret, keys: Iterable[str]) -> str:
    """The first value that exists, as text; "" if there is none, or if it is not base64-encoded text."""
    for key in keys:
        if key in secret.string_data:
            return secret.string_data[key]
        if key in secret.data:
            return _decoded(secret.data[key])
    return ""


def _origin(secret: Secret, keys: Iterable[str]) -> Origin | None:
    """The place of the first value that exists."""
    for key in keys:
        if key in secret.string_data:
            return secret.at("string_data", key)
        if key in secret.data:
            return secret.at("data", key)
    return None


def _decoded(value: str) -> str:
    try:
        return b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
