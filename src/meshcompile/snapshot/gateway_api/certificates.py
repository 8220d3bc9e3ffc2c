"""The certificates that listeners and policies refer to. Follows istiod's `credentials/kube/secrets.go`."""

import base64
import binascii
from collections.abc import Mapping

from msgspec import Struct

from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.snapshot.gateway_api.references import CONFIG_MAP, SECRET, GroupKind
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.syntax.certificates import has_certificate, key_pair_problem

KEY_PAIRS = (("cert", "key"), ("tls.crt", "tls.key"))
"""The keys of a Secret that may hold a certificate and its key."""
AUTHORITIES = ("cacert", "ca.crt")
"""The keys that may hold the certificates of authorities."""


MOST_KEYS_NAMED = 3
"""The number of keys that a message about missing keys names."""


class Certificates(Struct, frozen=True):
    """Secrets and ConfigMaps by (namespace, name)."""

    secrets: Mapping[tuple[str, str], Secret]
    config_maps: Mapping[tuple[str, str], ConfigMap]

    def key_pair_problem(self, kind: GroupKind, name: str, namespace: str) -> str:
        """Why a reference to a Secret gives no certificate with its key; "" if it does."""
        if kind != SECRET:
            return "only secret is allowed"
        secret = self.secrets.get((namespace, name))
        if secret is None:
            return f"secret {namespace}/{name} not found"
        data = _decoded(secret)
        pair = next((keys for keys in KEY_PAIRS if all(data.get(key) for key in keys)), None)
        if pair is None:
            return _missing_pair(data)
        problem = key_pair_problem(data[pair[0]], data[pair[1]])
        return f"the certificate is malformed: {problem}" if problem else ""

    def authorities_problem(self, kind: GroupKind, name: str, namespace: str) -> str:
        """Why a reference gives no certificates of authorities; "" if it does."""
        if kind not in (SECRET, CONFIG_MAP):
            return "only secret and configmap are allowed"
        resource = (self.secrets if kind == SECRET else self.config_maps).get((namespace, name))
        if resource is None:
            return f"{kind.kind.lower()} {namespace}/{name} not found"
        data = _decoded(resource) if isinstance(resource, Secret) else resource.data
        problem = missing_authorities(data)
        return problem or ("" if has_certificate(_authorities(data)) else "the bundle is malformed")


def _missing_pair(data: Mapping[str, str]) -> str:
    """What is wrong with data without a certificate and its key."""
    empty = next((keys for keys in KEY_PAIRS if all(key in data for key in keys)), None)
    if empty is not None:
        return f'found keys "{empty[0]}" and "{empty[1]}", but they were empty'
    expected = " or ".join(f"({certificate} and {key})" for certificate, key in KEY_PAIRS)
    return f"found secret, but didn't have expected keys {expected}; found: {_named_keys(data)}"


def missing_authorities(data: Mapping[str, str]) -> str:
    """Why data have no certificates of authorities; "" if they have."""
    if _authorities(data):
        return ""
    empty = next((key for key in AUTHORITIES if key in data), None)
    if empty is not None:
        return f'found key "{empty}", but it was empty'
    return f"found secret, but didn't have expected keys {' or '.join(AUTHORITIES)}; found: {_named_keys(data)}"


def _named_keys(data: Mapping[str, str]) -> str:
    """The first keys, and the number of the others."""
    keys = sorted(data)
    more = f", and {len(keys) - MOST_KEYS_NAMED} more..." if len(keys) >= MOST_KEYS_NAMED else ""
    return ", ".join(keys[:MOST_KEYS_NAMED]) + more


def _authorities(data: Mapping[str, str]) -> str:
    return next((data[key] for key in AUTHORITIES if data.get(key)), "")


def certificates(resources: ConfigStore) -> Certificates:
    """The certificates of the accepted Secrets and ConfigMaps."""
    return Certificates(
        secrets={(each.namespace, each.name): each for each in resources.all(Secret)},
        config_maps={(each.namespace, each.name): each for each in resources.all(ConfigMap)},
    )


def _decoded(secret: Secret) -> Mapping[str, str]:
    """The values of a Secret as text."""
    return {**{key: _text(value) for key, value in secret.data.items()}, **secret.string_data}


def _text(value: str) -> str:
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("latin-1")
    except binascii.Error:
        return ""
