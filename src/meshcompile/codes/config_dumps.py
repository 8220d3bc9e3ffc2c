"""Codes of config dumps: MC112x."""

from meshcompile.diagnostics import Code, Severity

UNREADABLE_DUMP = Code(
    "MC1120",
    "unreadable-dump",
    Severity.ERROR,
    "this is no config dump: {problem}",
    "A config dump is what the admin interface of Envoy answers at `/config_dump?include_eds`: a JSON object with the "
    "list `configs`. `istioctl proxy-config all -o json` and `meshcompile compile -o config-dump` print the same.",
)
UNREADABLE_PART = Code(
    "MC1121",
    "unreadable-part",
    Severity.WARNING,
    "{part} is left out: {problem} (at {place})",
    "This part of the dump is no message of Envoy's API, or it has a part that meshcompile does not know. Everything "
    "else of the dump is used.",
)
UNKNOWN_DUMP_FIELD = Code(
    "MC1122",
    "unknown-dump-field",
    Severity.INFO,
    "{problem} (at {place})",
    "The Envoy that was dumped is newer than the API that meshcompile knows. The field is ignored, and so is a "
    "difference in it.",
)
REJECTED_UPDATE = Code(
    "MC1123",
    "rejected-update",
    Severity.WARNING,
    "{part}: Envoy rejected the latest version, and keeps the one before: {details}",
    "The control plane has sent a version of this resource that Envoy does not accept. The proxy goes on with the last "
    "version that it has accepted, so it does not follow the configuration any more.",
)
NO_ENDPOINTS = Code(
    "MC1124",
    "no-endpoints-in-dump",
    Severity.WARNING,
    "the dump has no endpoints: fetch `/config_dump?include_eds`",
    "Envoy leaves the endpoints out unless it is asked for them. Without them, clusters with discovered endpoints seem "
    "to have none.",
)
REDACTED_SECRET = Code(
    "MC1125",
    "redacted-secret",
    Severity.WARNING,
    "{part} has a redacted private key, with which Envoy does not start",
    "Envoy never prints private keys. Put the key into the bootstrap, or name a file in its place.",
)
