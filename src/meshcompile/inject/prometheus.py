"""Merging of metrics: Prometheus asks the agent, which asks the application too."""

from __future__ import annotations

import re
from collections.abc import Mapping

from meshcompile.golang.json import in_order
from meshcompile.inject.pods import annotations_of, proxy_of, with_annotations, with_variable
from meshcompile.inject.typed import Json
from meshcompile.models.mesh.mesh_config import MeshConfig

MERGE_METRICS = "prometheus.istio.io/merge-metrics"
SCRAPING = "ISTIO_PROMETHEUS_ANNOTATIONS"
"""The variable in which the agent finds how the application is scraped."""

_SCRAPE, _PATH, _PORT = "prometheus_io_scrape", "prometheus_io_path", "prometheus_io_port"
_SPECIAL = re.compile(r"[^a-zA-Z0-9_]")
TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def boolean(text: str) -> bool | None:
    """A boolean as Go reads it. None for other text."""
    return True if text in TRUE else False if text in FALSE else None


def with_merged_metrics(pod: Json, mesh: MeshConfig, status_port: int) -> Json:
    """The Pod with annotations that point to the agent, and a variable with those that it had."""
    annotations = annotations_of(pod)
    if not _is_scraped(annotations) or not _merges(annotations, mesh) or scrape_port(annotations) == str(status_port):
        return pod
    written = {
        "scrape": _written(annotations, _SCRAPE) or "",
        "path": _written(annotations, _PATH) or "",
        "port": _written(annotations, _PORT) or "",
    }
    if proxy_of(pod) is not None and any(written.values()):
        pod = with_variable(pod, SCRAPING, in_order(written))
    agent = {
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/port": str(status_port),
        "prometheus.io/scrape": "true",
    }
    return with_annotations(pod, {**without_scraping(annotations), **agent})


def scrape_port(annotations: Mapping[str, str]) -> str | None:
    """The port that Prometheus asks, if an annotation says so."""
    return _written(annotations, _PORT)


def without_scraping(annotations: Mapping[str, str]) -> Mapping[str, str]:
    """The annotations without those for Prometheus, in all spellings."""
    names = (_SCRAPE, _PATH, _PORT)
    return {key: value for key, value in annotations.items() if _SPECIAL.sub("_", key) not in names}


def _is_scraped(annotations: Mapping[str, str]) -> bool:
    values = (boolean(value) for key, value in annotations.items() if _SPECIAL.sub("_", key) == _SCRAPE)
    return next((value for value in values if value is not None), True)


def _merges(annotations: Mapping[str, str], mesh: MeshConfig) -> bool:
    said = boolean(annotations.get(MERGE_METRICS, ""))
    return mesh.enable_prometheus_merge is not False if said is None else said


def _written(annotations: Mapping[str, str], name: str) -> str | None:
    """The value of an annotation in any spelling: Prometheus ignores which special characters a name has."""
    return next((value for key, value in annotations.items() if _SPECIAL.sub("_", key) == name), None)
