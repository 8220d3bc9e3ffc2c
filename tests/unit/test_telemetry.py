"""The effect of Telemetries and extension providers on the listeners of a proxy."""

from __future__ import annotations

from typing import Any

import pytest

import meshcompile
from meshcompile.emit.access_log import http_access_logs, listener_access_logs, tcp_access_logs
from meshcompile.emit.stats import stats
from meshcompile.emit.tracing import request_id_extension, tracing
from meshcompile.envoy.message import to_builtins
from meshcompile.proxy import Proxy
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.telemetry import Telemetry, telemetry_findings
from tests.meshes import asked, gateway, mesh, sidecar

INBOUND, OUTBOUND = TrafficClass.SIDECAR_INBOUND, TrafficClass.SIDECAR_OUTBOUND

COLLECTOR = """
apiVersion: v1
kind: Service
metadata: {name: collector, namespace: obs}
spec:
  clusterIP: 10.0.0.9
  ports: [{name: grpc, port: 4317}]
"""
HOST = "collector.obs.svc.cluster.local"
CLUSTER = f"outbound|4317||{HOST}"
SERVICE = {"service": HOST, "port": 4317}


def resource(spec: str, name: str = "t", namespace: str = "istio-system") -> str:
    """A Telemetry."""
    return f"""
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{spec}}}
"""


def providers(**by_name: Any) -> list[dict[str, Any]]:
    """Extension providers: their names, and the field that each sets."""
    return [{"name": name.replace("_", "-"), **provider} for name, provider in by_name.items()]


def of(*texts: str, proxy: Proxy | None = None, traffic: TrafficClass = OUTBOUND, **mesh_config: Any) -> Telemetry:
    """The telemetry settings of a sidecar, by default for outbound traffic."""
    return asked(mesh(COLLECTOR, *texts, **mesh_config), proxy or sidecar()).telemetry(traffic)


def metrics_of(*texts: str, **arguments: Any) -> list[list[dict[str, Any]]]:
    """The overrides in each configuration of `istio.stats`."""
    return [to_builtins(config).get("metrics", []) for config in stats(of(*texts, **arguments))]


def log_paths(*texts: str, **arguments: Any) -> list[str]:
    """The files for access logs of requests."""
    return [to_builtins(log)["typedConfig"]["path"] for log in http_access_logs(of(*texts, **arguments))]


def tracing_of(*texts: str, **arguments: Any) -> dict[str, Any] | None:
    """The tracing of a connection manager."""
    found = tracing(of(*texts, **arguments).tracing)
    return None if found is None else to_builtins(found)


def tags_of(*texts: str, **arguments: Any) -> dict[str, dict[str, Any]]:
    """The tags of spans, by name."""
    found = tracing_of(*texts, **arguments)
    return {} if found is None else {tag["tag"]: tag for tag in found.get("customTags", [])}


# ---- metrics


def test_metrics_need_a_provider() -> None:
    """Istio's metrics are reported for each default Prometheus provider, and not without one."""
    assert metrics_of() == [[]]
    assert metrics_of(defaultProviders={"metrics": []}) == []
    assert metrics_of(defaultProviders={"metrics": ["stackdriver", "unknown"]}) == []


def test_metric_override_of_one_mode() -> None:
    """An override for one mode does not affect the other. Metrics have Prometheus names, in Istio's order."""
    spec = """metrics: [{overrides: [
      {match: {metric: REQUEST_DURATION, mode: SERVER}, disabled: true},
      {match: {metric: GRPC_REQUEST_MESSAGES, mode: SERVER},
       tagOverrides: {a: {value: b}, c: {operation: REMOVE}}}]}]"""
    assert metrics_of(resource(spec)) == [[]]
    assert metrics_of(resource(spec), traffic=INBOUND) == [
        [
            {"name": "request_messages_total", "dimensions": {"a": "b"}, "tagsToRemove": ["c"]},
            {"name": "request_duration_milliseconds", "drop": True},
        ]
    ]


def test_disabling_all_metrics_drops_the_filter() -> None:
    """If all metrics are disabled, there is no filter, until a narrower Telemetry overrides any of them."""
    nothing = resource("metrics: [{overrides: [{disabled: true}]}]")
    again = resource("metrics: [{overrides: [{match: {metric: REQUEST_COUNT}, disabled: false}]}]", namespace="shop")
    assert metrics_of(nothing) == []
    assert metrics_of(nothing, again) == [[{"name": "requests_total"}]]


def test_narrower_providers_replace_wider_ones() -> None:
    """Providers of a narrower Telemetry replace the wider ones, without any of their overrides."""
    wide = resource("metrics: [{providers: [{name: prometheus}], overrides: [{match: {customMetric: x}}]}]")
    narrow = resource("metrics: [{providers: [{name: second}], reportingInterval: 10s}]", namespace="shop")
    (config,) = stats(of(wide, narrow, extensionProviders=providers(second={"prometheus": {}})))
    assert to_builtins(config) == {"@type": "type.googleapis.com/stats.PluginConfig", "tcpReportingDuration": "10s"}


def test_two_metrics_providers() -> None:
    """Each Prometheus provider has its own filter, by name."""
    spec = """metrics: [{providers: [{name: b}, {name: a}]}, {providers: [{name: a}, {name: b}]},
      {overrides: [{match: {metric: REQUEST_SIZE}, disabled: true}]}]"""
    both = providers(a={"prometheus": {}}, b={"prometheus": {}})
    assert metrics_of(resource(spec), extensionProviders=both) == [[{"name": "request_bytes", "drop": True}]] * 2


# ---- access logs


def test_access_logs_of_the_mesh_config() -> None:
    """Without Telemetry, requests, connections and unmatched connections are logged to the mesh config's file."""
    found = of(accessLogFile="/dev/stdout", accessLogEncoding="JSON", accessLogFormat='{"a": "%PROTOCOL%"}')
    (http,), (tcp,), (listener,) = http_access_logs(found), tcp_access_logs(found), listener_access_logs(found)
    assert http == tcp
    log = to_builtins(http)["typedConfig"]
    assert (log["path"], log["logFormat"]["jsonFormat"]) == ("/dev/stdout", {"a": "%PROTOCOL%"})
    assert to_builtins(listener)["filter"] == {"responseFlagFilter": {"flags": ["NR"]}}


def test_unreadable_json_format() -> None:
    """An invalid JSON format is replaced by the default one."""
    (log,) = http_access_logs(of(accessLogFile="/a", accessLogEncoding="JSON", accessLogFormat="no JSON"))
    assert to_builtins(log)["typedConfig"]["logFormat"]["jsonFormat"]["start_time"] == "%START_TIME%"


def test_log_service_of_the_bootstrap() -> None:
    """`enableEnvoyAccessLogService` logs requests, connections and listeners to the bootstrap's service."""
    found = of(enableEnvoyAccessLogService=True)
    names = [
        to_builtins(log)["typedConfig"]["commonConfig"]["logName"]
        for logs in (http_access_logs, tcp_access_logs, listener_access_logs)
        for log in logs(found)
    ]
    assert names == ["http_envoy_accesslog", "tcp_envoy_accesslog", "listener_envoy_accesslog"]


def test_no_logs_of_listeners() -> None:
    """`disableEnvoyListenerLog` disables only the logs of listeners."""
    found = of(accessLogFile="/a", disableEnvoyListenerLog=True)
    assert (len(http_access_logs(found)), len(listener_access_logs(found))) == (1, 0)


def test_telemetry_replaces_the_file() -> None:
    """A Telemetry's access logs replace the mesh config's, unless none of its providers can be used."""
    files = providers(f={"envoyFileAccessLog": {"path": "/f"}}, als={"envoyHttpAls": {"service": "x", "port": 1}})
    config = {"accessLogFile": "/legacy", "extensionProviders": files}
    assert log_paths(resource("accessLogging: [{providers: [{name: f}]}]"), **config) == ["/f"]
    assert log_paths(resource("accessLogging: [{providers: [{name: f}], disabled: true}]"), **config) == []
    assert log_paths(resource("accessLogging: [{providers: [{name: als}]}]"), **config) == ["/legacy"]
    assert log_paths(resource("metrics: [{}]"), **config) == ["/legacy"]


def test_builtin_provider_has_the_mesh_format() -> None:
    """The provider `envoy` writes to standard output, in the mesh config's format."""
    (log,) = http_access_logs(
        of(resource("accessLogging: [{providers: [{name: Envoy}]}]"), accessLogFile="/a", accessLogFormat="x")
    )
    typed = to_builtins(log)["typedConfig"]
    assert (typed["path"], typed["logFormat"]["textFormatSource"]["inlineString"]) == ("/dev/stdout", "x\n")


def test_filters_join_those_of_listeners() -> None:
    """A filter is a CEL expression. On listeners, both it and the response flag must match."""
    found = of(resource("accessLogging: [{providers: [{name: envoy}], filter: {expression: 'a == 1'}}]"))
    (http,), (listener,) = http_access_logs(found), listener_access_logs(found)
    cel = to_builtins(http)["filter"]
    assert cel["extensionFilter"]["typedConfig"]["expression"] == "a == 1"
    assert to_builtins(listener)["filter"]["andFilter"]["filters"] == [
        {"responseFlagFilter": {"flags": ["NR"]}},
        cel,
    ]


def test_filter_without_provider_does_not_count() -> None:
    """In an entry without providers, the filter is ignored, and a finding reports it."""
    found = asked(
        mesh(
            resource("accessLogging: [{filter: {expression: 'true'}}]"),
            defaultProviders={"accessLogging": ["envoy"]},
        ),
        sidecar(),
    )
    (log,) = http_access_logs(found.telemetry(OUTBOUND))
    assert "filter" not in to_builtins(log)
    assert [finding.slug for finding in telemetry_findings(found.snapshot, found.proxy)] == ["filter-without-provider"]


def test_modes_of_access_logs() -> None:
    """An entry applies to the mode in its `match`. Gateways count as clients."""
    spec = "accessLogging: [{match: {mode: CLIENT}, providers: [{name: envoy}]}]"
    assert log_paths(resource(spec)) == ["/dev/stdout"]
    assert log_paths(resource(spec), traffic=INBOUND) == []
    assert log_paths(resource(spec), traffic=TrafficClass.GATEWAY, proxy=gateway()) == ["/dev/stdout"]


def test_log_services() -> None:
    """HTTP, TCP and OpenTelemetry services are called through the cluster of their service."""
    services = providers(
        http={"envoyHttpAls": {**SERVICE, "additionalRequestHeadersToLog": ["x"]}},
        otel={"envoyOtelAls": {**SERVICE, "logFormat": {"labels": {"b": "%REQ_WITHOUT_QUERY(:PATH)%", "a": "1"}}}},
        tcp={"envoyTcpAls": {**SERVICE, "logName": "own", "filterStateObjectsToLog": ["s"]}},
    )
    spec = "accessLogging: [{providers: [{name: tcp}, {name: otel}, {name: http}]}]"
    http, otel, tcp = (
        to_builtins(log)["typedConfig"] for log in http_access_logs(of(resource(spec), extensionProviders=services))
    )
    for log in (http, otel, tcp):
        assert log["commonConfig"]["grpcService"] == {"envoyGrpc": {"clusterName": CLUSTER, "authority": HOST}}
    assert http["additionalRequestHeadersToLog"] == ["x"]
    assert [label["key"] for label in otel["attributes"]["values"]] == ["a", "b"]
    assert [formatter["name"] for formatter in otel["formatters"]] == ["envoy.formatter.req_without_query"]
    assert (tcp["commonConfig"]["logName"], tcp["commonConfig"]["filterStateObjectsToLog"]) == ("own", ["s"])


# ---- tracing


def test_tracing_of_the_proxy_config() -> None:
    """Without Telemetry, the bootstrap's tracer samples one percent. A value above 100 also means one percent."""
    assert (tracing_of() or {})["randomSampling"] == {"value": 1}
    assert tracing_of(enableTracing=False) is None
    settings = {"sampling": 101, "maxPathTagLength": 9, "enableIstioTags": False, "customTags": {"a": {}}}
    assert tracing_of(defaultConfig={"tracing": settings}) == {
        "clientSampling": {"value": 100},
        "overallSampling": {"value": 100},
        "randomSampling": {"value": 1},
        "maxPathTagLength": 9,
    }


def test_tracing_is_merged_field_by_field() -> None:
    """Unset fields of a narrower Telemetry are inherited from the wider one, for each mode separately."""
    wide = resource(
        "tracing: [{providers: [{name: zip}], randomSamplingPercentage: 10, customTags: {a: {literal: {value: b}}}}]"
    )
    narrow = resource("tracing: [{match: {mode: CLIENT}, randomSamplingPercentage: 0}]", namespace="shop")
    config = {"extensionProviders": providers(zip={"zipkin": {**SERVICE, "maxTagLength": 5}})}
    client, server = tracing_of(wide, narrow, **config), tracing_of(wide, narrow, traffic=INBOUND, **config)
    assert client is not None
    assert server is not None
    assert (client["randomSampling"], server["randomSampling"]) == ({}, {"value": 10})
    assert client["maxPathTagLength"] == 5
    assert tags_of(wide, narrow, **config)["a"]["literal"] == {"value": "b"}


def test_tracing_without_a_usable_provider() -> None:
    """A provider that is unknown, not for tracing, or without a known service disables tracing."""
    config = {"extensionProviders": providers(lost={"zipkin": {"service": "x", "port": 1}}, ocs={"lightstep": SERVICE})}
    for name in ("nobody", "lost", "prometheus", "ocs"):
        assert tracing_of(resource(f"tracing: [{{providers: [{{name: {name}}}]}}]"), **config) is None
    assert tracing_of(resource("tracing: [{randomSamplingPercentage: 5}]")) is None


def test_zipkin_of_older_proxies() -> None:
    """Proxies before 1.29 get Zipkin's older fields, and those before 1.28 no trace context option."""
    zipkin = {**SERVICE, "timeout": "7s", "traceContextOption": "USE_B3_WITH_W3C_PROPAGATION"}

    def config(version: str) -> dict[str, Any]:
        found = tracing_of(
            proxy=sidecar(ISTIO_VERSION=version),
            extensionProviders=providers(z={"zipkin": zipkin}),
            defaultProviders={"tracing": ["z"]},
        )
        assert found is not None
        typed: dict[str, Any] = found["provider"]["typedConfig"]
        return typed

    new, middle, old = config("1.29.0"), config("1.28.5"), config("1.27.9")
    assert new["collectorService"]["httpUri"] == {
        "uri": f"http://{HOST}/api/v2/spans",
        "cluster": CLUSTER,
        "timeout": "7s",
    }
    assert (middle["collectorHostname"], middle["collectorEndpoint"]) == (HOST, "/api/v2/spans")
    assert ("traceContextOption" in new, "traceContextOption" in middle, "traceContextOption" in old) == (
        True,
        True,
        False,
    )


def test_spans_of_gateways() -> None:
    """Gateways create spans of their own, sidecars only for SkyWalking."""
    config = {
        "extensionProviders": providers(z={"zipkin": SERVICE}, s={"skywalking": SERVICE}),
    }
    zipkin, skywalking = (resource(f"tracing: [{{providers: [{{name: {name}}}]}}]") for name in "zs")
    edge = {"proxy": gateway(), "traffic": TrafficClass.GATEWAY}
    assert "spawnUpstreamSpan" not in (tracing_of(zipkin, **config) or {})
    assert (tracing_of(zipkin, **edge, **config) or {})["spawnUpstreamSpan"] is True
    assert (tracing_of(skywalking, **config) or {})["spawnUpstreamSpan"] is True


def test_open_telemetry_over_http_with_a_sampler() -> None:
    """A sampler gets every span. Without an API of its own, it uses the collector."""
    otel = {
        **SERVICE,
        "http": {"path": "v1//traces/", "timeout": "3s", "headers": [{"name": "k", "value": "v"}]},
        "dynatraceSampler": {"tenant": "t", "clusterId": 7},
    }
    found = tracing_of(
        resource("tracing: [{providers: [{name: o}], randomSamplingPercentage: 2}]"),
        extensionProviders=providers(o={"opentelemetry": otel}),
    )
    assert found is not None
    assert found["randomSampling"] == {"value": 100}
    config = found["provider"]["typedConfig"]
    assert config["httpService"]["httpUri"] == {"uri": f"{HOST}/v1/traces/", "cluster": CLUSTER, "timeout": "3s"}
    api = config["sampler"]["typedConfig"]["httpService"]
    assert api["httpUri"]["uri"] == f"{HOST}/api/v2/samplingConfiguration"
    assert api["requestHeadersToAdd"] == config["httpService"]["requestHeadersToAdd"]


def test_sampler_needs_http() -> None:
    """A sampler without its own API, and a collector over gRPC, disable tracing."""
    otel = {**SERVICE, "dynatraceSampler": {"tenant": "t"}}
    spec = resource("tracing: [{providers: [{name: o}]}]")
    assert tracing_of(spec, extensionProviders=providers(o={"opentelemetry": otel})) is None


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"ANNOTATIONS": {"resource.opentelemetry.io/service.name": "noted"}, "WORKLOAD_NAME": "web"}, "noted"),
        ({"WORKLOAD_NAME": "web"}, "web"),
        ({}, "client"),
    ],
)
def test_service_name_by_convention(metadata: dict[str, Any], name: str) -> None:
    """By OpenTelemetry's conventions, the service name comes from the annotation, else the workload, else the Pod."""
    otel = {**SERVICE, "serviceAttributeEnrichment": "OTEL_SEMANTIC_CONVENTIONS"}
    found = tracing_of(
        resource("tracing: [{providers: [{name: o}]}]"),
        proxy=sidecar(**metadata),
        extensionProviders=providers(o={"opentelemetry": otel}),
    )
    assert found is not None
    config = found["provider"]["typedConfig"]
    assert config["serviceName"] == name
    assert [detector["name"].rpartition(".")[2] for detector in config["resourceDetectors"]] == ["environment"]


def test_tags_that_old_proxies_do_not_know() -> None:
    """Tags with a formatter are for proxies from 1.29 on.

    Other tags are kept, and a finding reports the omitted ones.
    """
    spec = """tracing: [{providers: [{name: z}], disableContextPropagation: true, customTags: {
      f: {formatter: {value: '%PROTOCOL%'}}, h: {header: {name: x, defaultValue: d}}, e: {environment: {name: E}}}}]"""
    config = {"extensionProviders": providers(z={"zipkin": SERVICE})}
    new = tags_of(resource(spec), proxy=sidecar(ISTIO_VERSION="1.30.0"), **config)
    assert (new["f"]["value"], new["h"]["requestHeader"]) == ("%PROTOCOL%", {"name": "x", "defaultValue": "d"})
    found = asked(mesh(COLLECTOR, resource(spec), **config), sidecar(ISTIO_VERSION="1.28.0"))
    old = tracing(found.telemetry(OUTBOUND).tracing)
    assert old is not None
    assert not old.no_context_propagation
    assert [tag.tag for tag in old.custom_tags if len(tag.tag) == 1] == ["e", "h"]
    assert [finding.slug for finding in telemetry_findings(found.snapshot, found.proxy)] == ["proxy-too-old"] * 2


def test_sampling_decision_in_the_request_id() -> None:
    """The request ID carries the sampling decision unless a Telemetry disables it."""
    spec = "tracing: [{providers: [{name: z}], useRequestIdForTraceSampling: false}]"
    off = of(resource(spec), extensionProviders=providers(z={"zipkin": SERVICE})).tracing
    assert [
        to_builtins(request_id_extension(settings))["typedConfig"]["useRequestIdForTraceSampling"]
        for settings in (None, of().tracing, off)
    ] == [True, True, False]


# ---- which Telemetries hold


def test_only_the_oldest_wide_telemetry_holds() -> None:
    """Of several Telemetries for a namespace, the oldest applies; for equal age, the first by name."""
    one = resource("tracing: [{disableSpanReporting: true}]", name="a", namespace="shop")
    two = resource("metrics: [{overrides: [{disabled: true}]}]", name="b", namespace="shop")
    found = asked(mesh(one, two), sidecar())
    assert stats(found.telemetry(OUTBOUND)) != ()
    assert [(finding.slug, finding.name) for finding in telemetry_findings(found.snapshot, found.proxy)] == [
        ("shadowed-telemetry", "b")
    ]


def test_selectors_hold_in_their_namespace_only() -> None:
    """A selector in the root namespace selects only workloads in the root namespace."""
    chosen = "selector: {matchLabels: {app: web}}, metrics: [{overrides: [{disabled: true}]}]"
    web = sidecar(labels={"app": "web"})
    assert metrics_of(resource(chosen), proxy=web) == [[]]
    assert metrics_of(resource(chosen, namespace="shop"), proxy=web) == []
    assert metrics_of(resource(chosen, namespace="shop"), proxy=sidecar(labels={"app": "other"})) == [[]]


def test_proxies_alike_share_what_is_merged() -> None:
    """Proxies with the same Telemetries share the same objects, regardless of their labels."""
    snapshot: meshcompile.Mesh = mesh(resource("metrics: [{}]"), accessLogFile="/a")
    one, two = (asked(snapshot, sidecar(labels={"app": app})).telemetry(OUTBOUND) for app in ("a", "b"))
    assert one.metrics is two.metrics
    assert one.access_logs is two.access_logs


def test_provider_findings() -> None:
    """An unusable provider is reported at the Telemetry that names it, with a similar name as suggestion."""
    spec = """metrics: [{providers: [{name: promethius}]}], tracing: [{providers: [{name: lost}]}],
      accessLogging: [{providers: [{name: prometheus}]}]"""
    found = asked(
        mesh(resource(spec), extensionProviders=providers(lost={"zipkin": {"service": "x/y", "port": 1}})), sidecar()
    )
    slugs = {finding.slug: finding for finding in telemetry_findings(found.snapshot, found.proxy)}
    assert slugs.keys() == {"provider-not-found", "provider-unreachable", "wrong-provider"}
    assert slugs["provider-not-found"].suggestion == "did you mean prometheus?"
    assert slugs["provider-unreachable"].field == "spec.tracing[0].providers[0].name"


def test_what_is_reported_knows_where_it_comes_from() -> None:
    """Metrics, access logs and tracing have the Telemetry entries as origins, the narrowest first."""
    spec = "metrics: [{}], accessLogging: [{providers: [{name: envoy}]}], tracing: [{providers: [{name: z}]}]"
    narrow = resource("metrics: [{}], tracing: [{}]", namespace="shop")
    found = of(resource(spec), narrow, extensionProviders=providers(z={"zipkin": SERVICE}))
    traced = tracing(found.tracing)
    assert traced is not None
    for message in (*stats(found), traced):
        assert [origin.document.namespace for origin in message.origins] == ["shop", "istio-system"]
    (log,) = http_access_logs(found)
    assert [origin.field for origin in log.origins] == ["spec.accessLogging[0]"]


def test_analysis_of_telemetries() -> None:
    """Telemetries that share a namespace, have no log provider, or select nothing are reported."""
    wide = [resource("metrics: [{}]", name=name, namespace="shop") for name in ("a", "b")]
    assert [finding.slug for finding in mesh(*wide).analyze()] == ["several-telemetries-without-selector"] * 2
    logs = resource("accessLogging: [{disabled: false}, {disabled: true}]")
    assert [finding.slug for finding in mesh(logs).analyze()] == ["telemetry-without-provider"]
    assert mesh(logs, defaultProviders={"accessLogging": ["envoy"]}).analyze() == ()
    idle = resource("selector: {matchLabels: {app: nobody}}", namespace="shop")
    assert [(finding.code, finding.field) for finding in mesh(idle).analyze()] == [
        ("IST0101", "spec.selector.matchLabels.app")
    ]
