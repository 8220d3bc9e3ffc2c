"""What istiod reports about an object in its status: each condition with the place that decides it."""

from typing import Literal

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin


class Invalid(Struct, frozen=True):
    """The reason why a part of an object is invalid: istiod's `ConfigError`."""

    reason: str
    message: str
    origin: Origin = NOWHERE


def joined(first: Invalid | None, second: Invalid | None) -> Invalid | None:
    """Both reasons as one, with the first one's place."""
    if first is None or second is None:
        return first or second
    return Invalid(first.reason, f"{first.message}; {second.message}", first.origin)


Truth = Literal["True", "False"]


class StatusCondition(Struct, frozen=True):
    """A condition of a status."""

    type: str
    status: Truth
    reason: str
    message: str
    origin: Origin = NOWHERE


def condition(
    type: str, reason: str, message: str, invalid: Invalid | None = None, origin: Origin = NOWHERE
) -> StatusCondition:
    """A condition that holds unless something is invalid. `origin` is the place of what it is about."""
    if invalid is None:
        return StatusCondition(type, "True", reason, message, origin)
    return StatusCondition(type, "False", invalid.reason, invalid.message, invalid.origin or origin)


# Reasons that istiod gives.
INVALID_DESTINATION = "InvalidDestination"
NOT_PERMITTED = "RefNotPermitted"
INVALID_KIND = "InvalidKind"
BACKEND_NOT_FOUND = "BackendNotFound"
INVALID_FILTER = "InvalidFilter"
INVALID_CERTIFICATE = "InvalidCertificateRef"
INVALID_CONFIGURATION = "InvalidConfiguration"
DEPRECATED_FIELD = "DeprecatedField"
UNSUPPORTED_ADDRESS = "UnsupportedAddress"
UNSUPPORTED_PROTOCOL = "UnsupportedProtocol"
NO_MATCHING_PARENT = "NoMatchingParent"
INVALID = "Invalid"
INVALID_ROUTE_KINDS = "InvalidRouteKinds"
NOT_ALLOWED = "NotAllowed"
NOT_ALLOWED_BY_LISTENERS = "NotAllowedByListeners"
NO_MATCHING_LISTENER_HOSTNAME = "NoMatchingListenerHostname"

TOLERATED = frozenset({NOT_PERMITTED, BACKEND_NOT_FOUND, INVALID_KIND})
"""Reasons for which a route stays, and answers 500 in place of the backend."""
