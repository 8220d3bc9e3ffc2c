"""The metrics of the server, with the names that istiod has for the same things."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

SECONDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 5, 10, 20, 30)


class ServeMetrics:
    """Metrics in a registry of their own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.streams = Gauge("pilot_xds", "Open streams of proxies.", registry=own)
        self.pushes = Counter("pilot_xds_pushes", "Responses, by type.", ["type"], registry=own)
        self.rejects = Counter(
            "pilot_total_xds_rejects", "Responses that a proxy rejected, by type.", ["type"], registry=own
        )
        self.sizes = Counter("pilot_xds_response_bytes", "Bytes of responses, by type.", ["type"], registry=own)
        self.convergence = Histogram(
            "pilot_proxy_convergence_time",
            "Seconds from an edit until a proxy was sent what it changes.",
            buckets=SECONDS,
            registry=own,
        )
        self.compilation = Histogram(
            "meshcompile_compile_seconds", "Seconds to compile one proxy after an edit.", buckets=SECONDS, registry=own
        )
        self.edits = Counter("meshcompile_edits", "Edits of the input, by outcome.", ["outcome"], registry=own)
        self.refused_streams = Counter(
            "meshcompile_refused_streams", "Streams that were ended, by reason.", ["reason"], registry=own
        )

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self.registry)
