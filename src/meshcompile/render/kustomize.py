"""Builds kustomizations with `kustomize build` or `kubectl kustomize`."""

from __future__ import annotations

import os

from meshcompile.documents.named_text import NamedText
from meshcompile.render.programs import DEFAULT_TIMEOUT, Rendering, installed, plain_path, succeeded


def kustomize(folder: str | os.PathLike[str], timeout: float = DEFAULT_TIMEOUT) -> Rendering:
    """The output of kustomize for a folder with a `kustomization.yaml`.

    Runs `kustomize` or, if that is missing, `kubectl`. Findings name the folder as `rendered:FOLDER`, with line numbers
    in the output. `timeout` is in seconds.

    Raises UnreadableInput if both programs are missing, or if the program fails or takes too long.
    """
    output = succeeded(kustomize_command(folder), timeout)
    return Rendering(output.command, (NamedText(f"rendered:{os.fspath(folder)}", output.stdout),), output.messages)


def kustomize_command(folder: str | os.PathLike[str]) -> tuple[str, ...]:
    """The command that `kustomize` runs. Raises UnreadableInput if neither program is on PATH."""
    program = installed("kustomize", "kubectl")
    return (program, "build" if program == "kustomize" else "kustomize", plain_path(folder))
