"""Codes of EnvoyFilters: MC10xx."""

from meshcompile.diagnostics import Code, Severity

UNKNOWN_ENVOY_FIELD = Code(
    "MC1001",
    "unknown-envoy-field",
    Severity.ERROR,
    "{problem}",
    "The value of a patch has a field that the Envoy of this Istio release does not have. Istio ignores the field and "
    "applies the rest of the patch, so that what you asked for does not happen. Fields may be written in snake_case or "
    "lowerCamelCase. Look the message up in Envoy's API reference; fields are renamed and removed between releases.",
)
INVALID_ENVOY_VALUE = Code(
    "MC1002",
    "invalid-envoy-value",
    Severity.ERROR,
    "{problem}",
    "The value of a patch cannot be read as the Envoy message that `applyTo` names: a field has a value of the wrong "
    "type, an enum has no such value, or `@type` names no message. Istio refuses the whole EnvoyFilter; where its "
    "validation is off, it leaves the patch out.",
)
PATCH_WITHOUT_EFFECT = Code(
    "MC1003",
    "patch-without-effect",
    Severity.WARNING,
    "this patch changes nothing for {proxy}: {reason}",
    "A patch that matches nothing is skipped silently by Istio. The message names the first condition that nothing of "
    "this proxy's configuration met. `meshcompile patch-lab` shows what patches change; `meshcompile compile` prints "
    "the names of listeners, filter chains, filters, routes and clusters to match.",
)
PATCH_OF_OTHER_TYPE = Code(
    "MC1004",
    "patch-of-other-type",
    Severity.ERROR,
    "{problem}, so Istio gives up patching the rest of {what}",
    "The `typed_config` of a MERGE must have the type of what it is merged into. If not, istiod fails "
    "half-way: what was patched before stays, all later patches for this direction of traffic are lost. A patch "
    "without a filter match is merged into every filter.",
)
UNSUPPORTED_ENVOY_VALUE = Code(
    "MC1005",
    "unsupported-envoy-value",
    Severity.ERROR,
    "{problem}; the field is left out here",
    "The value is one that protobuf can hold but that this compiler cannot represent, such as an enum value without a "
    "name. Istio would pass it on to Envoy.",
)
PATCH_OF_OTHER_RELEASE = Code(
    "MC1006",
    "patch-of-other-release",
    Severity.INFO,
    "this patch is for proxies whose version matches `{expression}`, which that of {release} does not",
    "`proxyVersion` chooses proxies by their release, so that one EnvoyFilter can hold a patch for each. The proxies "
    "of this mesh are of the release that is compiled, and none of them gets this patch.",
)
