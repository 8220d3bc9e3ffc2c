"""How the steps grow from 100 to 20,000 services, as ratios and as a plot in the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.measure import Ratio, child, mesh_file, ratios

PLOT = Path(__file__).resolve().parent.parent / "docs" / "assets" / "growth.svg"
SERVICES = (100, 300, 1000, 3000, 10_000, 20_000)
PLOTTED = ("load", "snapshot", "first sidecar", "gateway", "second sidecar", "one VirtualService edited")
GROWING = ("load", "snapshot and first sidecar")


def measured() -> Iterator[Ratio]:
    """Growth per service from 1,000 to 20,000 services; writes the plot. Each size is measured once."""
    by_size: dict[int, Mapping[str, float]] = {}
    for services in SERVICES:
        with mesh_file(services) as path:
            by_size[services] = ratios(child("seconds", path, services))
    plot(by_size)
    for step in GROWING:
        yield f"growth to 20,000: {step}", by_size[20_000][step] / by_size[1000][step]


def plot(by_size: Mapping[int, Mapping[str, float]]) -> None:
    """Readings of the YAML by services: a flat line is linear growth."""
    import matplotlib  # only for a plot

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"svg.hashsalt": "meshcompile", "svg.fonttype": "none", "font.size": 9})
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for step in PLOTTED:
        axes.plot(
            list(by_size), [by_size[services][step] for services in by_size], marker="o", markersize=3, label=step
        )
    axes.set(xscale="log", yscale="log", xlabel="services", ylabel="readings of the YAML")
    axes.set_xticks(list(by_size), [f"{services:,}" for services in by_size])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(PLOT, bbox_inches="tight", metadata={"Date": None})
