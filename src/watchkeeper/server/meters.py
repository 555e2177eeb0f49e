"""What the server counts about itself, for Prometheus; every label has a bounded set of values."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meters:
    """The instruments of one server, in a registry of their own.

    >>> meters = Meters()
    >>> meters.count("/v1/models", "GET", 200, 0.002)
    >>> meters.registry.get_sample_value(
    ...     "watchkeeper_server_requests_total",
    ...     {"route": "/v1/models", "method": "GET", "status": "200"},
    ... )
    1.0
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "watchkeeper_server_requests",
            "Requests answered, by route, method and status code.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "watchkeeper_server_request_seconds",
            "Time from the request's head to the last byte of the answer, in seconds.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "watchkeeper_server_requests_in_flight",
            "Requests being answered now.",
            registry=self.registry,
        )
        self._failures = Counter(
            "watchkeeper_server_unexpected_failures",
            "Requests that failed in a way that nobody foresaw; each is in the log.",
            registry=self.registry,
        )
        self._counts: dict[tuple[str, str, int], Counter] = {}
        self._times: dict[str, Histogram] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request.

        Parameters
        ----------
        route
            The route's template, such as `/v1/models/{model}`; never the path itself.
        method
            The HTTP method; those that no route has are counted together.
        status
            The status code; 499 where the client left before the answer.
        seconds
            How long it took.
        """
        key = (route, method if method in _METHODS else "other", status)
        counter = self._counts.get(key)
        if counter is None:
            counter = self._counts[key] = self._requests.labels(key[0], key[1], str(status))
        counter.inc()
        timer = self._times.get(route)
        if timer is None:
            timer = self._times[route] = self._seconds.labels(route)
        timer.observe(seconds)

    def count_failure(self) -> None:
        """Count a request that failed in a way that nobody foresaw."""
        self._failures.inc()
