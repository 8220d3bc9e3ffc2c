"""The access logs of one traffic class. Follows istiod's `Telemetries.AccessLogging` and `mergeLogs`.

The older settings of the mesh config apply when neither a Telemetry nor a default provider decides, or when none of the
providers is usable.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.telemetry.telemetry import AccessLogging, AccessLoggingFilter, WorkloadMode
from meshcompile.queries import query
from meshcompile.resolve.telemetry.modes import concerns, provider_names
from meshcompile.resolve.telemetry.sinks import FileLog, Sink, mesh_format, sink
from meshcompile.snapshot.snapshot import Snapshot


class AccessLog(Struct, frozen=True):
    """One access log, of what a CEL expression holds for; None stands for everything.

    `expression_origin` is the place of the filter that has the expression.
    """

    sink: Sink
    expression: str | None = None
    origins: tuple[Origin, ...] = ()
    expression_origin: Origin = NOWHERE


class AccessLogs(Struct, frozen=True):
    """The access logs of one traffic class.

    `log_service` adds the log service of the bootstrap. `of_listeners` makes listeners log the connections that match
    no filter chain.
    """

    logs: tuple[AccessLog, ...] = ()
    log_service: bool = False
    of_listeners: bool = True


def access_logs(blocks: tuple[tuple[AccessLogging, ...], ...], snapshot: Snapshot, mode: WorkloadMode) -> AccessLogs:
    """The access logs that the `accessLogging` of each applicable Telemetry configures."""
    mesh, defaults = snapshot.mesh, snapshot.telemetry.defaults.access_logging
    merged = _merged(blocks, defaults, mode) if blocks else {name: _ProviderLogging() for name in defaults}
    logged = [
        (provider.name, name, logging, target)
        for name, logging in merged.items()
        if (provider := snapshot.telemetry.provider(name)) is not None
        and (target := provider_sink(snapshot, name)) is not None
    ]
    if not logged:
        return _of_mesh(mesh)
    return AccessLogs(
        logs=tuple(
            _filtered(AccessLog(target, origins=logging.origins), logging.filter)
            for _, _, logging, target in sorted(logged, key=lambda f: f[:2])
            if not logging.disabled
        ),
        of_listeners=not mesh.disable_envoy_listener_log,
    )


def _filtered(log: AccessLog, condition: AccessLoggingFilter | None) -> AccessLog:
    if condition is None:
        return log
    return replace(log, expression=condition.expression, expression_origin=condition.origin)


@query
def provider_sink(snapshot: Snapshot, name: str) -> Sink | None:
    """The access log sink of a provider; None when it does not exist or takes no access logs."""
    provider = snapshot.telemetry.provider(name)
    return None if provider is None else sink(snapshot, provider)


def _of_mesh(mesh: MeshConfig) -> AccessLogs:
    """The access logs of the mesh config's `accessLogFile` and `enableEnvoyAccessLogService`."""
    return AccessLogs(
        logs=(AccessLog(FileLog(mesh.access_log_file, mesh_format(mesh))),) if mesh.access_log_file else (),
        log_service=mesh.enable_envoy_access_log_service,
        of_listeners=not mesh.disable_envoy_listener_log,
    )


class _ProviderLogging(Struct, frozen=True):
    """The access logging of one provider."""

    disabled: bool = False
    filter: AccessLoggingFilter | None = None
    origins: tuple[Origin, ...] = ()


def _merged(
    telemetries: tuple[tuple[AccessLogging, ...], ...], defaults: tuple[str, ...], mode: WorkloadMode
) -> Mapping[str, _ProviderLogging]:
    """The access logging of each active provider.

    The last Telemetry that names providers for this mode decides which are active. A block without providers applies to
    those of the block before it, whatever its mode. Its filter has no effect, since a filter belongs to the providers
    in its own block.
    """
    in_force: frozenset[str] = frozenset(defaults)
    named: dict[str, _ProviderLogging] = {}
    for blocks in telemetries:
        own = {
            name: _ProviderLogging(filter=block.filter)
            for block in blocks
            if concerns(block.match, mode)
            for name in provider_names(block.providers)
        }
        named |= own
        in_force = frozenset(own) or in_force
    by_provider: dict[str, _ProviderLogging] = {}
    names = defaults
    for block in (block for blocks in telemetries for block in blocks):
        names = provider_names(block.providers) or names
        if concerns(block.match, mode):
            for name in in_force.intersection(names):
                logging = named.get(name, _ProviderLogging())
                by_provider[name] = replace(logging, disabled=bool(block.disabled), origins=(block.origin,))
    return by_provider
