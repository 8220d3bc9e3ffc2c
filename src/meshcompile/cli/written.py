"""Files of configurations: `PROXY/TYPE.json`, written by this process or by worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from meshcompile.cli.fleet_findings import FleetFindings, effective_patches
from meshcompile.cli.render import rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Mesh, Proxy
    from meshcompile.fleet.compilable import CompilableMesh

PROXIES_OF_A_PART = 16
"""The size of a part. Writing a configuration takes longer than compiling it, so parts may be small."""


class WrittenPart(Struct, frozen=True):
    """The files of a part, and the findings about each proxy in serialized form."""

    names: tuple[str, ...]
    findings: bytes


class Writing(Struct, frozen=True):
    """Writes the files of configurations in a process that can access the folder."""

    folder: str
    types: tuple[str, ...]
    form: str

    def __call__(self, mesh: CompilableMesh, configs: Iterable[Config]) -> WrittenPart:
        from meshcompile.fleet.packing import pickled

        names: list[str] = []
        findings = []
        for config in configs:
            names.extend(self.written(config))
            findings.append((config.diagnostics, effective_patches(config)))
        return WrittenPart(tuple(names), pickled(findings, mesh))

    def written(self, config: Config) -> Iterator[str]:
        """Write the files of a configuration. Yields their names."""
        for kind in self.types:
            name = f"{config.proxy.id}/{kind}.{self.form}"
            path = Path(self.folder, name)
            path.parent.mkdir(exist_ok=True)
            with path.open("w", encoding="utf-8") as file:
                file.writelines(_pieces(config, kind, self.form))
            yield name


def _pieces(config: Config, kind: str, form: str) -> Iterable[str]:
    """The text of the resources of one type, in pieces, because it may be long."""
    from meshcompile.encoded import printed
    from meshcompile.envoy.message import to_json_list

    if form == "json":
        return (*to_json_list(printed(config.resources, kind)), "\n")
    return (rendered(config.to_dict([kind])[kind], form),)


def written_here(configs: Iterable[Config], work: Writing) -> Iterator[str]:
    """Write the files of configurations. Yields their names."""
    for config in configs:
        yield from work.written(config)


def written_by_processes(
    mesh: Mesh, proxies: Sequence[Proxy], work: Writing, jobs: int, findings: FleetFindings
) -> Iterator[str]:
    """Let worker processes compile proxies and write their files.

    Yields the names of the files, and collects the findings.
    """
    from meshcompile.fleet.packing import unpickled
    from meshcompile.fleet.run import results

    for _, part in results(mesh, proxies, work, jobs, most=PROXIES_OF_A_PART):
        for diagnostics, effective in unpickled(part.findings, mesh):
            findings.add(diagnostics, effective)
        yield from part.names
