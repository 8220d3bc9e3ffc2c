"""JSON Web Key Sets: why a text is not a valid one, and which of its keys are private.

Follows `github.com/lestrrat-go/jwx/jwk`, which istiod uses to parse them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

BASE64 = re.compile("(?:[A-Za-z0-9_-]*|[A-Za-z0-9+/]*)={0,2}")
"""Text in either base64 alphabet, with or without padding."""
REQUIRED = {
    "RSA": ("n", "e"),
    "EC": ("crv", "x", "y"),
    "OKP": ("crv", "x"),
    "oct": ("k",),
}
"""The members that a key needs, by its type."""
NUMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y", "k")
"""Members with base64 values."""
TEXTS = ("alg", "kid", "use", "x5u", "x5t", "x5t#S256", "crv")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_constant=_refuse)


class InvalidKeys(Exception):
    """The text is not a valid key set. The message says why."""


def private_keys(text: str) -> Iterator[int]:
    """The positions of keys that are not public. Raises InvalidKeys if the text is not a valid key set."""
    return (index for index, key in enumerate(_keys(text)) if key.get("kty") == "oct" or key.get("d") is not None)


def _keys(text: str) -> tuple[Mapping[str, Any], ...]:
    try:
        value, _ = DECODER.raw_decode(text.lstrip(" \t\r\n"))  # like Go, ignore what follows
    except (ValueError, RecursionError) as error:
        raise InvalidKeys("it is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidKeys("it is not a JSON object")
    keys = value.get("keys", [value])
    if keys is None:
        return ()
    if not isinstance(keys, list):
        raise InvalidKeys("`keys` is not a list")
    for index, key in enumerate(keys):
        if problem := _problem(key):
            raise InvalidKeys(f"key {index} {problem}")
    return tuple(keys)


def _problem(key: object) -> str | None:
    if not isinstance(key, dict):
        return "is not an object"
    required = REQUIRED.get(key.get("kty", ""))
    if required is None:
        return f"must have one of the types {', '.join(REQUIRED)}"
    if missing := [name for name in required if key.get(name) is None]:
        return f"has no `{missing[0]}`"
    wrong = [name for name in (*TEXTS, *NUMBERS) if not isinstance(key.get(name) or "", str)]
    wrong += [name for name in NUMBERS if isinstance(key.get(name), str) and not _is_base64(key[name])]
    wrong += [name for name in ("key_ops",) if not isinstance(key.get(name) or [], list)]
    return f"has a `{wrong[0]}` that cannot be read" if wrong else None


def _is_base64(text: str) -> bool:
    return BASE64.fullmatch(text) is not None and (len(text) % 4 == 0 if text.endswith("=") else len(text) % 4 != 1)
