"""Rules on ConfigMaps and Secrets: `ValidateConfigMap` and `ValidateSecret` of the API server."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping

from meshcompile.codes import kubernetes as codes
from meshcompile.codes import validation
from meshcompile.codes.models import WRONG_VALUE
from meshcompile.models.base import json_name
from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.validate.object_names import DATA_KEY, Found

ENCRYPTED = "ENC["
"""The prefix of values that SOPS encrypted."""
REQUIRED_KEYS: Mapping[str, tuple[str, ...]] = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
"""The keys that a Secret needs, by its type."""


def violations(resource: ConfigMap | Secret) -> Found:
    """Findings about a ConfigMap or a Secret."""
    match resource:
        case ConfigMap():
            yield from keys(resource, "data")
            yield from keys(resource, "binary_data")
            yield from encoded(resource, "binary_data")
        case Secret():
            yield from keys(resource, "data")
            yield from keys(resource, "string_data")
            yield from encoded(resource, "data")
            yield from required_keys(resource)


def keys(resource: ConfigMap | Secret, field: str) -> Found:
    """Keys that are not valid file names."""
    data: Mapping[str, str] = getattr(resource, field)
    for key in data:
        if not DATA_KEY.takes(key):
            place, what = resource.at(field, key), f"a key of {json_name(field)}"
            yield codes.INVALID_NAME(place, field=what, value=key, expected=DATA_KEY.expected)


def encoded(resource: ConfigMap | Secret, field: str) -> Found:
    """Values that are not base64."""
    data: Mapping[str, str] = getattr(resource, field)
    for key, value in data.items():
        if not value.startswith(ENCRYPTED) and not _is_base64(value):
            place = resource.at(field, key)
            yield WRONG_VALUE(place, field=place.field, problem="expected text in base64, without spaces")


def required_keys(secret: Secret) -> Found:
    """Keys that a Secret of its type needs and does not have."""
    for key in REQUIRED_KEYS.get(secret.type, ()):
        if key not in secret.data and key not in secret.string_data:
            yield validation.MISSING(secret, field=f"data[{key}]", reason=f": a Secret of type {secret.type} needs it")


def _is_base64(text: str) -> bool:
    """Whether Go decodes the text, ignoring line breaks."""
    try:
        b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (Base64Error, ValueError):
        return False
    return True
