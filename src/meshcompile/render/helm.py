"""Renders Helm charts with `helm template`."""

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
    """The output of `helm template` for a chart: a folder, an archive, or anything else that helm accepts.

    `release` is the name of the release. The default is the name of the chart. `values` are values files, `settings`
    are `key=value` strings as for `--set`, and `timeout` is in seconds. Findings name the template as
    `rendered:CHART/templates/FILE`, with line numbers in helm's output.

    Raises UnreadableInput if helm is missing, fails or takes too long.
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

    Charts may ask which APIs the cluster has. The command declares the APIs that meshcompile reads, because the mesh
    has Istio.
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
    """Istio's APIs that meshcompile reads, with and without kinds, because charts ask for either."""
    from meshcompile.models.registry import KINDS

    kinds = [kind for kind in KINDS if kind.group.endswith(("istio.io", "gateway.networking.k8s.io"))]
    yield from dict.fromkeys(version for kind in kinds for version in kind.api_versions)
    yield from (f"{version}/{kind.name}" for kind in kinds for version in kind.api_versions)


def _release(chart: StrPath) -> str:
    """A release name for the chart, within helm's length limit."""
    name = Path(chart).resolve().name.removesuffix(".tgz").lower()
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")[:53].strip("-") or "release"
