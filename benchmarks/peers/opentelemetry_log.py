"""OpenTelemetry: a span and a log record of 20 attributes, batched, exported nowhere. ``OUT``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from log_timing import FEATURES, report
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogExportResult
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class NoSpans(SpanExporter):
    """Exports nothing."""

    def export(self, *_: Sequence[Any]) -> SpanExportResult:
        """Take the spans and forget them."""
        return SpanExportResult.SUCCESS


class NoLogs:
    """Exports nothing."""

    def export(self, *_: Sequence[Any]) -> LogExportResult:
        """Take the records and forget them."""
        return LogExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing to do."""

    def force_flush(self, *_: int) -> bool:
        """Nothing to do."""
        return True


def main() -> None:
    """Time both."""
    traces = TracerProvider()
    traces.add_span_processor(BatchSpanProcessor(NoSpans()))
    tracer = traces.get_tracer("benchmark")
    logs = LoggerProvider()
    logs.add_log_record_processor(BatchLogRecordProcessor(NoLogs()))
    logger = logs.get_logger("benchmark")

    def span() -> None:
        with tracer.start_as_current_span("predict", attributes=FEATURES):
            pass

    def record() -> None:
        severity = SeverityNumber.INFO
        logger.emit(LogRecord(severity_number=severity, body="prediction", attributes=FEATURES))

    report({"otel-span": span, "otel-log": record})


if __name__ == "__main__":
    main()
