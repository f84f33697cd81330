"""Logs as one JSON object a line, and traces where an OpenTelemetry collector is configured."""

import logging
import os
import sys
from typing import Any

import structlog
from fastapi.telemetry import TelemetryConfig


def configure_logs(service: str, level: str, *, as_json: bool) -> None:
    """Set up logging of this process; values are escaped, so a log line is always one line."""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False)
    if as_json:
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def telemetry() -> TelemetryConfig:
    """Traces are off unless the standard OTEL_EXPORTER_OTLP_ENDPOINT names a collector."""
    traced = "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ
    return {
        "auto_configure": traced,
        "tracing": traced,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
    }
