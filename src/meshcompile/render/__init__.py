"""Input that other programs generate: Helm charts, kustomizations and live clusters.

    import meshcompile
    from meshcompile import render

    mesh = meshcompile.load(render.helm("charts/shop", namespace="shop", values=["prod.yaml"]))
    mesh = meshcompile.load([*render.kustomize("overlays/prod"), "istio/"])
    mesh = meshcompile.load(render.cluster("staging"))

Each function runs the user's own program from PATH, without a shell. It returns the output as a Rendering, which is an
iterable of inputs for `meshcompile.load`. It raises `meshcompile.UnreadableInput` if the program is missing, fails or
takes too long.
"""

from meshcompile.render.cluster import cluster
from meshcompile.render.helm import helm, helm_command
from meshcompile.render.kustomize import kustomize, kustomize_command
from meshcompile.render.programs import Rendering, shown

__all__ = ["Rendering", "cluster", "helm", "helm_command", "kustomize", "kustomize_command", "shown"]
