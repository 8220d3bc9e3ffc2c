"""Codes of telemetry and extensions: MC09xx, and istioctl's own about Telemetries."""

from meshcompile.diagnostics import Code, Severity

PROVIDER_NOT_FOUND = Code(
    "MC0901",
    "provider-not-found",
    Severity.WARNING,
    "the mesh config has no extension provider {provider}, so {effect}",
    docs="""Telemetries and `defaultProviders` name providers of the mesh config's `extensionProviders`, in upper or
lower case. Tracing with an unknown provider is off, metrics and access logs leave it out; when no provider of access
logs is left, the mesh config's `accessLogFile` decides.""",
)
PROVIDER_UNREACHABLE = Code(
    "MC0902",
    "provider-unreachable",
    Severity.WARNING,
    "service {service} of provider {provider} {problem}, so {effect}",
    docs="""Envoy sends traces and logs over the cluster of a service that the mesh knows: a Service, or a ServiceEntry
for a host outside. Write `namespace/host` where several namespaces have the host.""",
)
WRONG_PROVIDER = Code(
    "MC0903",
    "wrong-provider",
    Severity.WARNING,
    "provider {provider} ({kind_of_provider}) does not take {signal}, so {effect}",
    docs="""Traces go to zipkin, datadog, skywalking or opentelemetry; metrics to prometheus; access logs to
envoyFileAccessLog, envoyHttpAls, envoyTcpAls or envoyOtelAls. Tracing by lightstep, opencensus and stackdriver is gone
from Istio.""",
)
SAMPLER_UNREACHABLE = Code(
    "MC0904",
    "sampler-unreachable",
    Severity.WARNING,
    "the Dynatrace sampler of provider {provider} has no HTTP service to ask, so nothing is traced",
    docs="Give the sampler an `httpService` that the mesh knows, or send the traces themselves by `http`.",
)
FILTER_WITHOUT_PROVIDER = Code(
    "MC0905",
    "filter-without-provider",
    Severity.WARNING,
    "this filter has no effect, because no provider is named beside it",
    docs="""A filter of access logs belongs to the providers of its own entry. In an entry that inherits its providers
Istio ignores it, and everything is logged. Name the providers again.""",
)
SHADOWED_TELEMETRY = Code(
    "MC0906",
    "shadowed-telemetry",
    Severity.WARNING,
    "Telemetry {other} is older and also for all workloads of namespace {namespace}, so this one has no effect",
    docs="Of several Telemetries without selector and target in a namespace only the oldest counts. Join them.",
)
OVERLAPPING_TELEMETRIES = Code(
    "MC0907",
    "overlapping-telemetries",
    Severity.INFO,
    "Telemetry {other} is for the same workload; where both say something, {winner} decides",
    docs="""Several Telemetries with a selector or target may meet at one workload. All of them hold, the younger ones
before the older, and by name where they are of the same age.""",
)
PROXY_TOO_OLD = Code(
    "MC0908",
    "proxy-too-old",
    Severity.WARNING,
    "{feature} needs a proxy of Istio {release}, and this one is older: it has no effect",
    docs="Upgrade the proxy: restart its Pod after the control plane's upgrade.",
)
HEADER_FROM_ENVIRONMENT = Code(
    "MC0909",
    "header-from-environment",
    Severity.INFO,
    "the value of header {header} comes from istiod's environment variable {variable}, which is not known here: "
    "it is empty in this output",
    docs="""istiod fills `envName` from its own environment, and so does a variable that is not set: with nothing.
Write `value` for one that is no secret.""",
)
INVALID_PROXY_SETTINGS = Code(
    "MC0910",
    "invalid-proxy-settings",
    Severity.WARNING,
    "the annotation proxy.istio.io/config {effect}: {problem}",
    docs="""The annotation holds a ProxyConfig of the mesh config as YAML, such as `tracing: {{sampling: 10}}`. One that
cannot be read is ignored as a whole; fields that Istio does not know are passed over.""",
)
SHADOWED_PROXY_CONFIG = Code(
    "MC0911",
    "shadowed-proxy-config",
    Severity.WARNING,
    "ProxyConfig {other} is older and also for all workloads of namespace {namespace}, so this one has no effect",
    docs="Of several ProxyConfigs without a selector in a namespace only the oldest counts. Join them.",
)
PROVIDER_MISSING = Code(
    "IST0157",
    "telemetry-without-provider",
    Severity.WARNING,
    'The Telemetry {name} in namespace "{namespace}" with empty providers will be ignored.',
    docs="""An entry of `accessLogging` names no provider, and the mesh config has no `defaultProviders.accessLogging`
to inherit.""",
)
SEVERAL_FOR_NAMESPACE = Code(
    "IST0160",
    "several-telemetries-without-selector",
    Severity.ERROR,
    'The Telemetries [{names}] in namespace "{namespace}" have no workload selector, which can lead to '
    "undefined behavior.",
    docs="Of several Telemetries for all workloads of a namespace only the oldest counts. Join them.",
)
