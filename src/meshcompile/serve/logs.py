"""Structured logs: a line per event, as text or as JSON with the field names of OpenTelemetry's log data model."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("meshcompile.serve")
SEVERITY_NUMBERS = {logging.DEBUG: 5, logging.INFO: 9, logging.WARNING: 13, logging.ERROR: 17}
"""OpenTelemetry's numbers of the severities."""


def log(level: int, body: str, **attributes: Any) -> None:
    """Write an event. Attributes have short names, without the prefix `xds.` that JSON adds.

    With `exc_info=True`, the exception that is handled is part of it.
    """
    exception = attributes.pop("exc_info", None)
    LOGGER.log(level, body, exc_info=exception, extra={"attributes": attributes})


def configure_logs(form: str) -> None:
    """Write events to stderr, in the form `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter())
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


class _JsonFormatter(logging.Formatter):
    """A LogRecord of OpenTelemetry as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        attributes = {f"xds.{name}": value for name, value in _attributes(record).items()}
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "severity_text": record.levelname,
            "severity_number": SEVERITY_NUMBERS.get(record.levelno, 9),
            "body": record.getMessage(),
            "resource": {"service.name": "meshcompile"},
            "attributes": attributes | _exception(record),
        }
        return json.dumps(line, default=str)


class _TextFormatter(logging.Formatter):
    """`meshcompile: rejected proxy=web-0.shop type=routes error="..."`."""

    def format(self, record: logging.LogRecord) -> str:
        given = (_attributes(record) | _exception(record)).items()
        words = "".join(f" {name}={json.dumps(value) if ' ' in str(value) else value}" for name, value in given)
        return f"meshcompile: {record.getMessage()}{words}"


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "attributes", {})
    return found


def _exception(record: logging.LogRecord) -> dict[str, Any]:
    """The exception of an event, in OpenTelemetry's names."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, value, _ = record.exc_info
    trace = logging.Formatter().formatException(record.exc_info)
    return {"exception.type": kind.__name__, "exception.message": str(value), "exception.stacktrace": trace}
