"""Helm charts, through `helm template`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from meshcompile.documents.helm_output import by_template
from meshcompile.render.programs import DEFAULT_TIMEOUT, Rendering, plain_path, succeeded

StrPath = str | os.PathLike[str]


def helm(
    chart: StrPath,
    release: str = "",
    namespace: str = "default",
    values: Iterable[StrPath] = (),
    settings: Iterable[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
) -> Rendering:
    """What `helm template` makes of a chart: a folder, an archive, or whatever else helm takes.

    `release` is the name of the release (default: the chart's name), `values` are files of values, `settings` are
    `key=value` texts as for `--set`, `timeout` is in seconds. Findings name the template as
    `rendered:CHART/templates/FILE`, with lines of helm's output.

    Raises UnreadableInput when helm is missing, fails or takes too long.
    """
    output = succeeded(helm_command(chart, release, namespace, values, settings), timeout)
    return Rendering(output.command, by_template(output.stdout, f"rendered:{chart}"), output.messages)


def helm_command(
    chart: StrPath,
    release: str = "",
    namespace: str = "default",
    values: Iterable[StrPath] = (),
    settings: Iterable[str] = (),
) -> tuple[str, ...]:
    """The command that `helm` runs.

    Charts ask which APIs the cluster has: the answer is those that meshcompile reads, since the mesh has Istio.
    """
    return (
        "helm",
        "template",
        f"--namespace={namespace}",
        *(f"--values={os.fspath(file)}" for file in values),
        *(f"--set={setting}" for setting in settings),
        *(f"--api-versions={version}" for version in api_versions()),
        "--",
        release or _release(chart),
        plain_path(chart),
    )


def api_versions() -> Iterator[str]:
    """The APIs of Istio that meshcompile reads, with and without their kinds: charts ask for either."""
    from meshcompile.models.registry import KINDS

    kinds = [kind for kind in KINDS if kind.group.endswith(("istio.io", "gateway.networking.k8s.io"))]
    yield from dict.fromkeys(version for kind in kinds for version in kind.api_versions)
    yield from (f"{version}/{kind.name}" for kind in kinds for version in kind.api_versions)


def _release(chart: StrPath) -> str:
    """A name for a release of the chart, as short as helm wants it."""
    name = Path(chart).resolve().name.removesuffix(".tgz").lower()
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")[:53].strip("-") or "release"
