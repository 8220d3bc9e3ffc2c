"""Values in AuthorizationPolicies: the problem with a nonempty value, or None.

Follows istiod's `pkg/config/security`.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from meshcompile.validate.names import is_address_or_range

Problem = Callable[[str], str | None]

LONGEST_SERVICE_ACCOUNT = 320
MOST_SERVICE_ACCOUNTS = 16
ONE_SEGMENT, ANY_SEGMENTS = "{*}", "{**}"
LITERAL_SEGMENT = re.compile(r"[a-zA-Z0-9\-._~%!$&'()+,;:@=]+")
LARGEST_PORT = 65535


def any_text(_: str) -> str | None:
    """None: any text is valid."""
    return None


def ip_problem(value: str) -> str | None:
    return None if is_address_or_range(value) else "it is neither an IP address nor a CIDR range"


def port_problem(value: str) -> str | None:
    valid = value.isascii() and value.isdigit() and len(value.lstrip("0")) <= 5 and int(value) <= LARGEST_PORT
    return None if valid else "it is not a valid port"


def service_account_problem(value: str) -> str | None:
    """The problem with a service account, which is `NAME` or `NAMESPACE/NAME`."""
    if "*" in value:
        return "wildcards are not allowed"
    if value.count("/") > 1 or value.startswith("/") or value.endswith("/"):
        return "it should be `NAME` or `NAMESPACE/NAME`"
    too_long = len(value.encode()) > LONGEST_SERVICE_ACCOUNT
    return f"it is longer than {LONGEST_SERVICE_ACCOUNT} characters" if too_long else None


def wildcard_problem(value: str) -> str | None:
    """The problem with a value that may have one `*`, at its start or its end."""
    if value.count("*") > 1:
        return "only one `*` is allowed"
    if "*" in value and not value.startswith("*") and not value.endswith("*"):
        return "`*` is allowed only at the start or at the end"
    return None


def trust_domain_problem(value: str) -> str | None:
    return wildcard_problem(value) or ("a trust domain cannot contain `/`" if "/" in value else None)


def path_problem(path: str) -> str | None:
    """The problem with a path that may have templates, such as `/books/{*}/{**}`."""
    has_template = ONE_SEGMENT in path or ANY_SEGMENTS in path
    any_seen = False
    for segment in path.strip("/").split("/"):
        if segment in (ONE_SEGMENT, ANY_SEGMENTS):
            if any_seen:
                return "`{**}` must be the last template"
            any_seen = segment == ANY_SEGMENTS
        elif "{" in segment or "}" in segment:
            return "braces are only for the templates `{*}` and `{**}`"
        elif has_template and not LITERAL_SEGMENT.fullmatch(segment):
            return f"`{segment}` cannot be combined with templates"
    return None


EXACT_KEYS: Mapping[str, Problem] = {
    "source.ip": ip_problem,
    "remote.ip": ip_problem,
    "source.namespace": any_text,
    "source.serviceAccount": service_account_problem,
    "source.principal": any_text,
    "source.trustDomain": wildcard_problem,
    "request.auth.principal": any_text,
    "request.auth.audiences": any_text,
    "request.auth.presenter": any_text,
    "destination.ip": ip_problem,
    "destination.port": port_problem,
    "connection.sni": any_text,
}
KEYS_WITH_NAMES = ("request.headers", "request.auth.claims", "experimental.envoy.filters.")
"""Prefixes of keys that end with a name in brackets."""
REPLACED_KEYS = {
    "destination.namespace": "the policy's own namespace",
    "destination.name": "the selector",
    "destination.user": "the selector",
}


def condition_problem(key: str, values: tuple[str, ...]) -> str | None:
    """The problem with a condition's key, or with its first invalid value."""
    if "" in values:
        return f"a value of `{key}` is empty"
    if any(key.startswith(prefix) for prefix in KEYS_WITH_NAMES):
        opening = key.find("[")
        named = key.endswith("]") and 0 < opening < len(key) - 2
        return None if named else f"`{key}` needs a name in brackets: `{key.partition('[')[0]}[NAME]`"
    if key in EXACT_KEYS:
        if key == "source.serviceAccount" and len(values) > MOST_SERVICE_ACCOUNTS:
            return f"`{key}` takes at most {MOST_SERVICE_ACCOUNTS} values"
        return _first_problem(EXACT_KEYS[key], values)
    if key in REPLACED_KEYS or key.startswith("destination.labels"):
        return f"`{key}` is no longer supported: use {REPLACED_KEYS.get(key, 'the selector')}"
    return f"there is no key `{key}`"


def _first_problem(problem: Problem, values: Iterable[str]) -> str | None:
    return next((f"`{value}`: {found}" for value in values if (found := problem(value))), None)
