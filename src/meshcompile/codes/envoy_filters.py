"""Codes of EnvoyFilters: MC10xx."""

from meshcompile.diagnostics import Code, Severity

UNKNOWN_ENVOY_FIELD = Code(
    "MC1001",
    "unknown-envoy-field",
    Severity.ERROR,
    "{problem}",
    "The value of a patch has a field that the Envoy of this Istio release does not have. Istio ignores the field and "
    "applies the rest of the patch, so the setting has no effect. Fields may be written in snake_case or "
    "lowerCamelCase. Look up the message in Envoy's API reference: releases rename and remove fields.",
)
INVALID_ENVOY_VALUE = Code(
    "MC1002",
    "invalid-envoy-value",
    Severity.ERROR,
    "{problem}",
    "The value of a patch cannot be read as the Envoy message that `applyTo` names. A field has a value of the wrong "
    "type, an enum has no such value, or `@type` does not name a message. Istio rejects the whole EnvoyFilter. If its "
    "validation is off, it skips the patch.",
)
PATCH_WITHOUT_EFFECT = Code(
    "MC1003",
    "patch-without-effect",
    Severity.WARNING,
    "this patch changes nothing for {proxy}: {reason}",
    "Istio silently skips a patch that matches nothing. The message names the first condition that nothing in this "
    "proxy's configuration meets. `meshcompile patch-lab` shows what patches change. `meshcompile compile` prints the "
    "names of listeners, filter chains, filters, routes and clusters to match.",
)
PATCH_OF_OTHER_TYPE = Code(
    "MC1004",
    "patch-of-other-type",
    Severity.ERROR,
    "{problem}, so Istio stops patching the rest of {what}",
    "The `typed_config` of a MERGE must have the type of the object that it is merged into. If it does not, istiod "
    "fails halfway: earlier patches stay applied, and all later patches for this direction of traffic are lost. A "
    "patch without a filter match is merged into every filter.",
)
UNSUPPORTED_ENVOY_VALUE = Code(
    "MC1005",
    "unsupported-envoy-value",
    Severity.ERROR,
    "{problem}; the field is omitted here",
    "protobuf can hold this value but meshcompile cannot represent it, for example an enum value without a name. Istio "
    "passes it on to Envoy.",
)
PATCH_OF_OTHER_RELEASE = Code(
    "MC1006",
    "patch-of-other-release",
    Severity.INFO,
    "this patch is for proxies whose version matches `{expression}`, and the version of {release} does not match",
    "`proxyVersion` selects proxies by release, so one EnvoyFilter can hold a patch for each release. All proxies of "
    "this mesh run the release that is compiled, so none of them gets this patch.",
)
NO_PROXY_FOR_PATCH = Code(
    "MC1010",
    "no-proxy-for-patch",
    Severity.WARNING,
    "no {kind} runs {where}, so this patch changes nothing",
    """An EnvoyFilter patches the proxies of its own namespace; in the root namespace it patches those of the whole
mesh. A gateway belongs to the namespace in which its Pods run. Move the EnvoyFilter there, or to the root namespace.
""",
)
NO_ROUTE_CONFIGURATION = Code(
    "MC1011",
    "no-route-configuration",
    Severity.WARNING,
    "no gateway has a route configuration `{written}`, so this patch changes nothing",
    """The routes of a plain HTTP port are named `http.PORT`, with the port on which the gateway's Pods listen, which is
the `targetPort` of its Service. Those of an HTTPS server are named `https.PORT.PORTNAME.GATEWAY.NAMESPACE`.""",
)
UNTYPED_FILTER = Code(
    "MC1012",
    "untyped-filter",
    Severity.WARNING,
    "filter `{filter}` has no `typed_config`: Envoy does not know which filter is meant and rejects the whole listener",
    """Envoy finds a filter by the type of its configuration, `typed_config` with `@type`, and not by its name. It
rejects a listener with a filter that has none, and keeps the listener that it had before.""",
)
LONG_PROXY_VERSION = Code(
    "MC1013",
    "long-proxy-version",
    Severity.WARNING,
    "`proxyVersion` has {length} characters and istiod reads at most {limit}, so this patch applies to no proxy",
    "From Istio 1.31 on, istiod does not try long expressions, since they may take long. Versions are short, and an "
    "expression such as `^1\\.31` is too.",
)
