"""Traces (OpenTelemetry), metrics (Prometheus) and structured logs, set up once per process."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from opentelemetry import context, propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import Counter, Gauge, Histogram

from services.kit.settings import Settings

tracer = trace.get_tracer("zayton")

PUBLISHED = Counter("zayton_outbox_published", "Outbox rows published", ["service"])
BACKLOG = Gauge("zayton_outbox_backlog", "Outbox rows that wait to be published", ["service"])
CONSUMED = Counter("zayton_events_consumed", "Events by outcome: done, known, skipped, dead", ["service", "outcome"])
DEAD_LETTERS = Gauge("zayton_dead_letters", "Dead letters that nobody has replayed", ["service"])
TIMERS_FIRED = Counter("zayton_timers_fired", "Timers by outcome: done, failed", ["service", "kind", "outcome"])
REQUESTS = Histogram(
    "zayton_http_request_seconds",
    "Requests by route",
    ["service", "method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def forget_what_a_leader_measures(service: str) -> None:
    """Whoever leads no longer must not go on telling what it last saw: absent says that nobody else leads either."""
    for gauge in (BACKLOG, DEAD_LETTERS):
        gauge.remove(service)


def configure(settings: Settings, process: str) -> None:
    """Logs to standard error; traces are exported where OTEL_EXPORTER_OTLP_ENDPOINT is set, and always propagated."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"zayton-{process}"}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _configure_logs(settings, process)


def _configure_logs(settings: Settings, process: str) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    structlog.contextvars.bind_contextvars(process=process)


def _add_trace(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = format(span.trace_id, "032x")
    return event


def current_traceparent() -> str | None:
    """W3C traceparent of the running span, to be kept in the outbox row: a trace would break there otherwise."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def continued(name: str, traceparent: str | None) -> Iterator[None]:
    """A span that goes on where the publisher's trace stopped."""
    parent = propagate.extract({"traceparent": traceparent}) if traceparent else context.Context()
    with tracer.start_as_current_span(name, context=parent, kind=trace.SpanKind.CONSUMER):
        yield


@contextmanager
def linked(name: str, traceparents: list[str | None]) -> Iterator[None]:
    """One span for a batch, linked to each publisher's trace."""
    contexts = [
        trace.get_current_span(propagate.extract({"traceparent": each})).get_span_context()
        for each in set(traceparents)
        if each
    ]
    with tracer.start_as_current_span(
        name, context=context.Context(), kind=trace.SpanKind.CONSUMER, links=[trace.Link(each) for each in contexts]
    ):
        yield
