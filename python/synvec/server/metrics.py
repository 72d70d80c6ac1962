"""What Prometheus is told. With several workers each writes its numbers into a shared folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from synvec.server.models import Models

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client knows that there are several processes."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of requests, and the models as they are when somebody asks.

    Parameters
    ----------
    models
        What is served.
    restarts
        Says how many workers had to be started again.
    """

    def __init__(self, models: Models, restarts: Callable[[], int] = lambda: 0) -> None:
        registry = CollectorRegistry()
        self.requests = Counter(
            "synvec_requests", "Requests answered", ["endpoint", "code"], registry=registry
        )
        self.seconds = Histogram(
            "synvec_request_seconds",
            "From the last byte of a request to its answer",
            ["endpoint"],
            buckets=SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "synvec_requests_in_flight",
            "Requests being answered",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.refused = Counter(
            "synvec_connections_refused", "Connections closed by us", ["reason"], registry=registry
        )
        self._registry = registry
        self._state = _State(models, restarts)

    def exposition(self) -> tuple[bytes, str]:
        """Return the numbers of all workers as text, and its content type."""
        registry = CollectorRegistry()
        registry.register(self._state)
        if FOLDER in os.environ:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST


class _State(Collector):
    """What is not counted but looked at."""

    def __init__(self, models: Models, restarts: Callable[[], int]) -> None:
        self._models = models
        self._restarts = restarts

    def collect(self) -> Iterable[Metric]:
        restarts = GaugeMetricFamily(
            "synvec_worker_restarts", "Workers that died and were started again"
        )
        restarts.add_metric([], self._restarts())
        keys = GaugeMetricFamily("synvec_model_keys", "Keys of a model", labels=["model"])
        version = GaugeMetricFamily(
            "synvec_model_version", "How often a model's file was opened", labels=["model"]
        )
        for model in self._models:
            keys.add_metric([model.name], len(model.vectors))
            version.add_metric([model.name], model.version)
        return [restarts, keys, version]
