"""Codes of telemetry and extensions: MC09xx, and istioctl's codes of Telemetries."""

from meshcompile.diagnostics import Code, Severity

PROVIDER_NOT_FOUND = Code(
    "MC0901",
    "provider-not-found",
    Severity.WARNING,
    "the mesh config has no extension provider {provider}, so {effect}",
    "Telemetries and `defaultProviders` name providers of the mesh config's `extensionProviders`, ignoring case. With "
    "an unknown provider, tracing is off, and metrics and access logs skip that provider. If no access log provider is "
    "left, the mesh config's `accessLogFile` applies.",
)
PROVIDER_UNREACHABLE = Code(
    "MC0902",
    "provider-unreachable",
    Severity.WARNING,
    "service {service} of provider {provider} {problem}, so {effect}",
    "Envoy sends traces and logs through the cluster of a service in the mesh: a Service, or a ServiceEntry for an "
    "external host. Write `namespace/host` if several namespaces have the host.",
)
WRONG_PROVIDER = Code(
    "MC0903",
    "wrong-provider",
    Severity.WARNING,
    "provider {provider} ({kind_of_provider}) does not support {signal}, so {effect}",
    "Tracing works with zipkin, datadog, skywalking and opentelemetry. Metrics work with prometheus. Access logs work "
    "with envoyFileAccessLog, envoyHttpAls, envoyTcpAls and envoyOtelAls. Istio removed tracing with lightstep, "
    "opencensus and stackdriver.",
)
SAMPLER_UNREACHABLE = Code(
    "MC0904",
    "sampler-unreachable",
    Severity.WARNING,
    "the Dynatrace sampler of provider {provider} has no HTTP service, so nothing is traced",
    "Give the sampler an `httpService` whose service is in the mesh, or export the traces over `http`.",
)
FILTER_WITHOUT_PROVIDER = Code(
    "MC0905",
    "filter-without-provider",
    Severity.WARNING,
    "this filter has no effect, because its entry names no provider",
    "An access log filter applies to the providers of its own entry. If an entry inherits its providers, Istio ignores "
    "the filter and logs everything. Name the providers again in the entry.",
)
SHADOWED_TELEMETRY = Code(
    "MC0906",
    "shadowed-telemetry",
    Severity.WARNING,
    "Telemetry {other} is older and also applies to all workloads of namespace {namespace}, so this one has no effect",
    "If a namespace has several Telemetries without selector and target, Istio uses only the oldest. Merge them.",
)
OVERLAPPING_TELEMETRIES = Code(
    "MC0907",
    "overlapping-telemetries",
    Severity.INFO,
    "Telemetry {other} applies to the same workload; where both set a value, {winner} wins",
    "Several Telemetries with a selector or target can apply to one workload. Istio applies all of them. Younger ones "
    "take precedence over older ones; ties are resolved by name.",
)
PROXY_TOO_OLD = Code(
    "MC0908",
    "proxy-too-old",
    Severity.WARNING,
    "{feature} needs a proxy of Istio {release}, and this proxy is older, so it has no effect",
    "Upgrade the proxy: restart its Pod after you upgrade the control plane.",
)
HEADER_FROM_ENVIRONMENT = Code(
    "MC0909",
    "header-from-environment",
    Severity.INFO,
    "the value of header {header} comes from istiod's environment variable {variable}, which is not available here, so "
    "it is empty in this output",
    "istiod fills `envName` from its own environment, and uses an empty value if the variable is not set. Use `value` "
    "for a header that is not secret.",
)
INVALID_PROXY_SETTINGS = Code(
    "MC0910",
    "invalid-proxy-settings",
    Severity.WARNING,
    "the annotation proxy.istio.io/config {effect}: {problem}",
    "The annotation holds a ProxyConfig of the mesh config as YAML, such as `tracing: {sampling: 10}`. Istio ignores "
    "the whole annotation if it cannot be read. It skips fields that it does not know.",
)
SHADOWED_PROXY_CONFIG = Code(
    "MC0911",
    "shadowed-proxy-config",
    Severity.WARNING,
    "ProxyConfig {other} is older and also applies to all workloads of namespace {namespace}, so this one has no "
    "effect",
    "If a namespace has several ProxyConfigs without a selector, Istio uses only the oldest. Merge them.",
)
PROVIDER_MISSING = Code(
    "IST0157",
    "telemetry-without-provider",
    Severity.WARNING,
    "`accessLogging` names no provider, and the mesh config has no default one, so this entry logs nothing",
    "An entry of `accessLogging` names no provider, and the mesh config has no `defaultProviders.accessLogging` to "
    "inherit.",
)
SEVERAL_FOR_NAMESPACE = Code(
    "IST0160",
    "several-telemetries-without-selector",
    Severity.ERROR,
    "Telemetries {names} of namespace {of} have no selector, and Istio uses only the oldest one without `targetRefs`",
    "If several Telemetries apply to all workloads of a namespace, Istio uses only the oldest. Merge them.",
)
SEVERAL_FOR_WORKLOAD = Code(
    "IST0159",
    "conflicting-telemetry-selectors",
    Severity.ERROR,
    "Telemetries {names} of namespace {namespace} all select Pod {pod}, which uses only the oldest",
    """Istio applies one Telemetry with a selector to a workload: the oldest one. Merge them, or make the selectors
exclude each other.""",
)
