"""The HTTP RBAC filter."""

from meshcompile.envoy.config import rbac
from meshcompile.envoy.extensions.filters.http.rbac import RBAC, EmbeddedRBAC, RBACPerRoute
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed
from meshcompile.simulate.rbac import RbacVerdict, verdict
from meshcompile.simulate.rbac_conditions import request_subject
from meshcompile.simulate.streams import HttpStream

FILTER = "envoy.filters.http.rbac"


def http_rbac(filter_: HttpFilterConfig, course: Course) -> Passed:
    """The request passes, or is denied with 403. Shadow rules only note what they would do."""
    config, pointer = _config(filter_)
    if config is None:
        yield course
        return
    if config.shadow_rules is not None:
        course = _shadowed(filter_, config, config.shadow_rules, pointer, course)
    if config.matcher is not None or config.shadow_matcher is not None:
        course = course.depending(f"the matcher of the HTTP filter {filter_.name}")
    if config.rules is None:
        yield course
        return
    found = verdict(config.rules, request_subject(course.stream), f"{pointer}/rules")
    stepped = course.after(
        "RBAC", filter_.name, decision(config.rules, found), found.pointer or pointer, found.near_misses
    )
    if found.depends_on:
        stepped = stepped.depending(f"{found.depends_on}, which the RBAC filter asks for")
    if config.rules.action == "LOG" or found.allowed:
        yield stepped
    else:
        yield stepped.reply(403, denial_details(found), "RBAC: access denied")


def _config(filter_: HttpFilterConfig) -> tuple[RBAC | EmbeddedRBAC | None, str]:
    match filter_.per_route, filter_.config:
        case RBACPerRoute(rbac=inner), _:
            return inner, ""
        case _, RBAC() as config:
            return config, f"{filter_.pointer}/typedConfig"
        case _:
            return None, ""


def decision(rules: rbac.RBAC, found: RbacVerdict) -> str:
    """The verdict in words."""
    verb = {"ALLOW": "allows", "DENY": "denies", "LOG": "logs"}[rules.action]
    if found.policy:
        return f"{found.policy} {verb} it"
    return "no policy allows it" if rules.action == "ALLOW" else f"no policy {verb} it"


def denial_details(found: RbacVerdict) -> str:
    """What the access log has as the details of the response."""
    policy = "".join("_" if character.isspace() else character for character in found.policy or "none")
    return f"rbac_access_denied_matched_policy[{policy}]"


def _shadowed(
    filter_: HttpFilterConfig, config: RBAC | EmbeddedRBAC, rules: rbac.RBAC, pointer: str, course: Course
) -> Course:
    found = verdict(rules, request_subject(course.stream), f"{pointer}/shadowRules")
    stream = _noted(course.stream, config.shadow_rules_stat_prefix, found)
    text = f"{decision(rules, found)}, as a dry run"
    return course.with_stream(stream).after("RBAC", filter_.name, text, found.pointer or f"{pointer}/shadowRules")


def _noted(stream: HttpStream, prefix: str, found: RbacVerdict) -> HttpStream:
    """The stream with what later filters can ask for."""
    result = "allowed" if found.allowed else "denied"
    named = {f"{prefix}shadow_effective_policy_id": found.policy} if found.policy else {}
    return stream.with_metadata(FILTER, {**named, f"{prefix}shadow_engine_result": result})
