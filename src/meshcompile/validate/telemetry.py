"""Rules of Telemetries: istiod's `ValidateTelemetry`. The schema has the rules of providers, tags and sampling."""

from meshcompile.codes import validation as codes
from meshcompile.models.telemetry.telemetry import (
    AccessLogging,
    Metrics,
    MetricsOverrides,
    TagOverride,
    TagOverrideOperation,
    Telemetry,
    Tracing,
)
from meshcompile.syntax import cel
from meshcompile.validate.checks import MILLISECOND, Found, attachment, is_written


def violations(telemetry: Telemetry) -> Found:
    """Findings about a Telemetry."""
    spec = telemetry.spec
    yield from attachment(spec, "selector", "target_ref", "target_refs")
    for metrics in spec.metrics:
        yield from _metrics(metrics)
    if len(spec.tracing) > 1:
        yield codes.TELEMETRY_IGNORED(spec.at("tracing", 1), problem="Istio uses only the first item of `tracing`")
    for tracing in spec.tracing:
        yield from _tracing(tracing)
    for logging in spec.access_logging:
        yield from _access_logging(logging)


def _metrics(metrics: Metrics) -> Found:
    interval = metrics.reporting_interval
    if interval is not None and interval.nanoseconds < MILLISECOND:
        origin = metrics.at("reporting_interval")
        yield codes.DURATION(origin, duration=interval.json, problem="is shorter than 1ms")
    for override in metrics.overrides:
        yield from _tags(override)


def _tags(override: MetricsOverrides) -> Found:
    for name, tag in override.tag_overrides.items():
        if not name:
            origin = override.at("tag_overrides", name)
            yield codes.TELEMETRY_IGNORED(origin, problem="the name of a tag must not be empty")
        yield from _tag(tag)


def _tag(tag: TagOverride) -> Found:
    if tag.operation is TagOverrideOperation.UPSERT:
        if not tag.value:
            yield codes.TELEMETRY(tag, problem="operation UPSERT needs a `value`")
    elif is_written(tag, "value"):
        yield codes.TELEMETRY(tag.at("value"), problem=f"operation {tag.operation} accepts no `value`")


def _tracing(tracing: Tracing) -> Found:
    if len(tracing.providers) > 1:
        origin = tracing.at("providers", 1)
        yield codes.TELEMETRY_IGNORED(origin, problem="Istio uses only the first provider")
    if "" in tracing.custom_tags:
        yield codes.EMPTY_VALUE(tracing.at("custom_tags", ""), what="the name of the tag")


def _access_logging(logging: AccessLogging) -> Found:
    if logging.filter is None:
        return
    expression = logging.filter.expression
    if problem := cel.syntax_error(expression):
        yield codes.CEL(logging.filter.at("expression"), expression=expression, problem=problem)
