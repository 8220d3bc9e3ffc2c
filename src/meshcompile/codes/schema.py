"""Codes of istioctl for what Istio's validation says of single objects."""

from meshcompile.diagnostics import Code, Severity

SCHEMA_ERROR = Code(
    "IST0106",
    "schema-validation-error",
    Severity.ERROR,
    "{problem}, so Istio rejects this object ({code})",
    """Istio's validation rejects the object. `meshcompile validate` reports the same mistake under a code of its own,
which the message names and which explains it. The whole object takes no part in the mesh until it is corrected.""",
)
SCHEMA_WARNING = Code(
    "IST0133",
    "schema-warning",
    Severity.WARNING,
    "{problem} ({code})",
    """Istio's validation accepts the object and warns about it. `meshcompile validate` reports the same problem under a
code of its own, which the message names and which explains it.""",
)
DEPRECATED = Code(
    "IST0002",
    "deprecated",
    Severity.WARNING,
    "{problem}",
    """The object uses something that Istio has deprecated or removed. The finding says what replaces it.""",
)
NEGATIVE_CONDITION = Code(
    "IST0171",
    "negative-condition",
    Severity.WARNING,
    "its status says `{type}: {status}` ({reason}): {message}",
    """A controller wrote into the object's status that it could not do what the object asks for. The message of the
condition says why.""",
)
