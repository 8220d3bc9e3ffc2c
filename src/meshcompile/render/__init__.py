"""Input that other programs make: Helm charts, kustomizations and live clusters.

    import meshcompile
    from meshcompile import render

    mesh = meshcompile.load(render.helm("charts/shop", namespace="shop", values=["prod.yaml"]))
    mesh = meshcompile.load([*render.kustomize("overlays/prod"), "istio/"])
    mesh = meshcompile.load(render.cluster("staging"))

Each function runs the user's own program, found on PATH, without a shell, and returns what it printed as a Rendering:
an iterable of inputs for `meshcompile.load`. Each raises `meshcompile.UnreadableInput` when the program is missing,
fails or takes too long.
"""

from meshcompile.render.cluster import cluster
from meshcompile.render.helm import helm, helm_command
from meshcompile.render.kustomize import kustomize, kustomize_command
from meshcompile.render.programs import Rendering, shown

__all__ = ["Rendering", "cluster", "helm", "helm_command", "kustomize", "kustomize_command", "shown"]
