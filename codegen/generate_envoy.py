"""Generate `meshcompile.envoy` from the descriptors of Envoy.

    python codegen/generate_envoy.py            write the modules and the descriptor table
    python codegen/generate_envoy.py --check    exit with 1 if the committed files differ

Classes are generated for the messages that istiod sends: `RESOURCES` and `PACKED`, and all messages in them, except
`PRUNED`. The descriptor table has all messages of Envoy. The docstring of the package `meshcompile.envoy` explains the
Python names.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from envoy_api import Api, envoy_api
from envoy_modules import (
    HAND_WRITTEN_PACKED,
    MARK,
    ROOT,
    Selection,
    is_generated,
    module_name,
    module_sources,
    python_name,
)

from meshcompile.envoy.descriptors import FieldDescriptor, enum_line, message_line

ENVOY = Path(__file__).parent.parent / "src" / "meshcompile" / "envoy"

# The messages of xDS and of the bootstrap file.
RESOURCES = (
    "envoy.config.bootstrap.v3.Bootstrap",
    "envoy.config.cluster.v3.Cluster",
    "envoy.config.core.v3.TypedExtensionConfig",
    "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "envoy.config.listener.v3.Listener",
    "envoy.config.route.v3.RouteConfiguration",
    "envoy.extensions.transport_sockets.tls.v3.Secret",
)

# Messages that are packed in an Any, and so print their @type.
PACKED = (
    # listener filters
    "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
    "envoy.extensions.filters.listener.original_src.v3.OriginalSrc",
    "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    # network filters
    "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
    "envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy",
    "envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",
    "envoy.extensions.filters.network.rbac.v3.RBAC",
    "envoy.extensions.filters.network.redis_proxy.v3.RedisProxy",
    "envoy.extensions.filters.network.set_filter_state.v3.Config",
    "envoy.extensions.filters.network.sni_cluster.v3.SniCluster",
    "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    "envoy.extensions.filters.network.wasm.v3.Wasm",
    # HTTP filters, and their configuration per route
    "envoy.config.route.v3.FilterConfig",
    "envoy.extensions.filters.http.compressor.v3.Compressor",
    "envoy.extensions.filters.http.cors.v3.Cors",
    "envoy.extensions.filters.http.cors.v3.CorsPolicy",
    "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
    "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
    "envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute",
    "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor",
    "envoy.extensions.filters.http.fault.v3.HTTPFault",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
    "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    "envoy.extensions.filters.http.lua.v3.Lua",
    "envoy.extensions.filters.http.lua.v3.LuaPerRoute",
    "envoy.extensions.filters.http.ratelimit.v3.RateLimit",
    "envoy.extensions.filters.http.rbac.v3.RBAC",
    "envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
    "envoy.extensions.filters.http.router.v3.Router",
    "envoy.extensions.filters.http.set_filter_state.v3.Config",
    "envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
    "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
    "envoy.extensions.filters.http.tap.v3.Tap",
    "envoy.extensions.filters.http.wasm.v3.Wasm",
    # extensions of HTTP filters and the connection manager
    "envoy.extensions.compression.brotli.compressor.v3.Brotli",
    "envoy.extensions.compression.gzip.compressor.v3.Gzip",
    "envoy.extensions.compression.zstd.compressor.v3.Zstd",
    "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
    "envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
    "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState",
    "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
    "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig",
    "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
    "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    # inputs and matchers of the filter chain matcher
    "envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput",
    "envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput",
    "envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput",
    "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
    "envoy.extensions.matching.common_inputs.network.v3.ServerNameInput",
    "envoy.extensions.matching.common_inputs.network.v3.SourceIPInput",
    "envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput",
    "xds.type.matcher.v3.IPMatcher",
    # clusters, their protocols and load balancing
    "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
    "envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost",
    "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin",
    "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    # transport sockets
    "envoy.extensions.private_key_providers.cryptomb.v3alpha.CryptoMbPrivateKeyMethodConfig",
    "envoy.extensions.private_key_providers.qat.v3alpha.QatPrivateKeyMethodConfig",
    "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    # access logs
    "envoy.extensions.access_loggers.file.v3.FileAccessLog",
    "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
    "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
    "envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig",
    "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
    "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    "envoy.extensions.formatter.cel.v3.Cel",
    "envoy.extensions.formatter.metadata.v3.Metadata",
    "envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery",
    # tracers
    "envoy.config.trace.v3.DatadogConfig",
    "envoy.config.trace.v3.LightstepConfig",
    "envoy.config.trace.v3.OpenTelemetryConfig",
    "envoy.config.trace.v3.SkyWalkingConfig",
    "envoy.config.trace.v3.ZipkinConfig",
    "envoy.extensions.tracers.opentelemetry.resource_detectors.v3.DynatraceResourceDetectorConfig",
    "envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig",
    "envoy.extensions.tracers.opentelemetry.samplers.v3.DynatraceSamplerConfig",
    # the bootstrap file
    "envoy.config.metrics.v3.MetricsServiceConfig",
    "envoy.config.metrics.v3.StatsdSink",
    "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
)

# Subtrees that istiod never sends. Neither they nor the fields that contain them are generated.
PRUNED = (
    "cel.expr.",  # parsed CEL: istiod sends conditions as text
    "google.api.expr.",  # the same, in its deprecated form
)


def main() -> int:
    """Write or check the files."""
    parser = argparse.ArgumentParser(description="Generate the Envoy message types.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file differs")
    arguments = parser.parse_args()
    files = generated_files(envoy_api())
    changed = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    stale = stale_files(files)
    if arguments.check:
        for path in (*changed, *stale):
            print(f"differs: {path.relative_to(ENVOY)}")
        return 1 if changed or stale else 0
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
    for path in stale:
        path.unlink()
    print(f"{len(files)} files, {len(changed)} written, {len(stale)} removed")
    return 0


def generated_files(api: Api) -> dict[Path, str]:
    """The text of every generated file."""
    sources = module_sources(selection(api))
    return {
        **{path_of(module, sources): text for module, text in sources.items()},
        ENVOY / "registry.py": registry(),
        ENVOY / "descriptors.json": table(api),
    }


def selection(api: Api) -> Selection:
    """The messages to generate: the closure of what istiod sends."""
    fields: dict[str, tuple[FieldDescriptor, ...]] = {}
    pending = [*RESOURCES, *PACKED]
    while pending:
        name = pending.pop()
        if name not in fields:
            fields[name] = tuple(field for field in api.messages[name].fields if not field.type.startswith(PRUNED))
            pending += (field.type for field in fields[name] if is_generated(field))
    embedded = frozenset(field.type for each in fields.values() for field in each if is_generated(field))
    return Selection(api, fields, frozenset(PACKED), embedded)


def path_of(module: str, modules: Iterable[str]) -> Path:
    """The file of a module. The module is a package if other modules are below it."""
    stem = ENVOY.joinpath(*module.removeprefix(f"{ROOT}.").split("."))
    is_package = any(other.startswith(f"{module}.") for other in modules)
    return stem / "__init__.py" if is_package else stem.with_suffix(".py")


def registry() -> str:
    """The module with the location of the class of each packed type."""
    places = {name: f"{module_name(name)}:{python_name(name)}" for name in PACKED} | HAND_WRITTEN_PACKED
    rows = "".join(f'    "{name}": "{place}",\n' for name, place in sorted(places.items()))
    doc = '"""Where the class of each packed type is, by full name."""'
    return f"{MARK}{doc}\n\nfrom collections.abc import Mapping\n\nPACKED: Mapping[str, str] = {{\n{rows}}}\n"


def table(api: Api) -> str:
    """The descriptor table, with one line per type."""
    data = {
        "messages": {name: message_line(api.messages[name]) for name in sorted(api.messages)},
        "enums": {name: enum_line(api.enums[name]) for name in sorted(api.enums)},
    }
    return json.dumps(data, indent=0, separators=(",", ":")) + "\n"


def stale_files(files: Mapping[Path, str]) -> list[Path]:
    """Files of modules that are no longer generated."""
    return [path for path in ENVOY.rglob("*.py") if path not in files and path.read_text().startswith(MARK)]


if __name__ == "__main__":
    sys.exit(main())
