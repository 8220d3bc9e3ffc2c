"""The access logs of one traffic class.

Follows istiod's `Telemetries.AccessLogging` and `mergeLogs`. Where neither a Telemetry nor a default provider decides,
or none of the providers can be used, the older settings of the mesh config hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.telemetry.telemetry import AccessLogging, AccessLoggingFilter, WorkloadMode
from meshcompile.queries import query
from meshcompile.resolve.telemetry.modes import concerns, provider_names
from meshcompile.resolve.telemetry.sinks import FileLog, Sink, mesh_format, sink
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.source import Origin


@dataclass(frozen=True, slots=True)
class AccessLog:
    """One access log, of what a CEL expression holds for; None stands for everything."""

    sink: Sink
    expression: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessLogs:
    """The access logs of one traffic class.

    `log_service`: also to the log service that the bootstrap names. `of_listeners`: listeners log the connections that
    none of their filter chains takes.
    """

    logs: tuple[AccessLog, ...] = ()
    log_service: bool = False
    of_listeners: bool = True


def access_logs(blocks: tuple[tuple[AccessLogging, ...], ...], snapshot: Snapshot, mode: WorkloadMode) -> AccessLogs:
    """The access logs that the `accessLogging` of each Telemetry in force asks for."""
    mesh, defaults = snapshot.mesh, snapshot.telemetry.defaults.access_logging
    merged = _merged(blocks, defaults, mode) if blocks else {name: _ProviderLogging() for name in defaults}
    found = [
        (provider.name, name, wanted, target)
        for name, wanted in merged.items()
        if (provider := snapshot.telemetry.provider(name)) is not None
        and (target := provider_sink(snapshot, name)) is not None
    ]
    if not found:
        return _of_mesh(mesh)
    return AccessLogs(
        logs=tuple(
            AccessLog(target, None if wanted.filter is None else wanted.filter.expression, wanted.origins)
            for _, _, wanted, target in sorted(found, key=lambda f: f[:2])
            if not wanted.disabled
        ),
        of_listeners=not mesh.disable_envoy_listener_log,
    )


@query
def provider_sink(snapshot: Snapshot, name: str) -> Sink | None:
    """Where the provider of this name sends access logs; None when there is none, or it takes none."""
    provider = snapshot.telemetry.provider(name)
    return None if provider is None else sink(snapshot, provider)


def _of_mesh(mesh: MeshConfig) -> AccessLogs:
    """What the mesh config's `accessLogFile` and `enableEnvoyAccessLogService` ask for."""
    return AccessLogs(
        logs=(AccessLog(FileLog(mesh.access_log_file, mesh_format(mesh))),) if mesh.access_log_file else (),
        log_service=mesh.enable_envoy_access_log_service,
        of_listeners=not mesh.disable_envoy_listener_log,
    )


@dataclass(frozen=True, slots=True)
class _ProviderLogging:
    """What is wanted of one provider."""

    disabled: bool = False
    filter: AccessLoggingFilter | None = None
    origins: tuple[Origin, ...] = ()


def _merged(
    telemetries: tuple[tuple[AccessLogging, ...], ...], defaults: tuple[str, ...], mode: WorkloadMode
) -> Mapping[str, _ProviderLogging]:
    """What the blocks want of each provider in force: those of the last Telemetry that names any for this mode.

    A block without providers is about those of the block before it, whatever mode that was for; its filter does not
    count, since filters belong to the providers that are named beside them.
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
    wanted: dict[str, _ProviderLogging] = {}
    names = defaults
    for block in (block for blocks in telemetries for block in blocks):
        names = provider_names(block.providers) or names
        if concerns(block.match, mode):
            for name in in_force.intersection(names):
                asked = named.get(name, _ProviderLogging())
                wanted[name] = replace(asked, disabled=bool(block.disabled), origins=(block.origin,))
    return wanted
