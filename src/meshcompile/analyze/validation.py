"""The findings about single objects that are messages of Istio's own validation, as many as istioctl says.

istioctl validates the spec of an object alone: it passes neither labels nor annotations on, and does not know the
limits of the API server's schema. It says a sentence about one object once, however many fields it holds for, and it
can say several sentences about one field.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from meshcompile.analyze.context import Context
from meshcompile.codes import envoy_filters, models, validation
from meshcompile.codes.envoy_filters import UNKNOWN_ENVOY_FIELD
from meshcompile.diagnostics import Code, Diagnostic, Severity
from meshcompile.documents import Origin, Path
from meshcompile.inject.decision import NEVER_INJECTED
from meshcompile.models.networking.service_entry import Resolution, ServiceEntry
from meshcompile.models.tolerant import problems_in_null_items
from meshcompile.validate import MODULES, release_violations, violations
from meshcompile.validate.gateway import host_problems
from meshcompile.validate.names import fqdn_problem

ObjectKey = tuple[str, str, str]


class Message(Struct, frozen=True):
    """One message of istioctl: the finding, and what it says."""

    found: Diagnostic
    text: str
    is_error: bool


LIMITS = frozenset({models.OUT_OF_RANGE.id, models.MISSING_FIELD.id, models.WRONG_SIZE.id, models.WRONG_FORM.id})
"""Codes of limits in the schema that Istio's validation checks too, except for `SCHEMA_ONLY`."""

OWN_WARNINGS = frozenset({validation.UNREACHABLE_RULE.id, validation.ABORT_WITHOUT_ERROR.id})
"""Codes of warnings that are not those of Istio's validation, or that have a code of their own in istioctl."""

ERRORS = frozenset(
    code.id
    for area in (validation, envoy_filters)
    for code in vars(area).values()
    if isinstance(code, Code) and code.severity is Severity.ERROR
) - {validation.ANNOTATION.id}
WARNINGS = frozenset(
    code.id for code in vars(validation).values() if isinstance(code, Code) and code.severity is Severity.WARNING
) - OWN_WARNINGS | {UNKNOWN_ENVOY_FIELD.id}

SCHEMA_ONLY: Mapping[str, re.Pattern[str]] = {
    validation.EXCLUSIVE.id: re.compile(
        r"RequestAuthentication .*\.jwks |EnvoyFilter spec\.targetRefs |Gateway .*\.tls\."
    ),
    validation.DURATION.id: re.compile(r"Telemetry .*\.reportingInterval "),
    validation.DUPLICATE.id: re.compile(r"(TrafficExtension|WasmPlugin) .*\.ports\[|Gateway .*port name `` "),
    validation.NAME.id: re.compile(r"Workload(Entry|Group) .* `[^`]{63}` "),
    validation.ENDPOINT.id: re.compile(r"WorkloadGroup .* cannot have `ports`$"),
    validation.PATCH.id: re.compile(r"EnvoyFilter .*`context: WAYPOINT`"),
    validation.PATCH_DOUBT.id: re.compile(r".* `` has no"),
    validation.RESOLUTION.id: re.compile(r"ServiceEntry .*waypoint$"),
    models.MISSING_FIELD.id: re.compile(r".*`spec\.targetRef\S*\.kind` is missing$"),
    models.OUT_OF_RANGE.id: re.compile(
        r"PeerAuthentication .*portLevelMtls\[\"-"
        r"|.*(retryBudget\.percent|probes|waypoint\.portNumber|consecutive5xxErrors|weight|probe\.grpc\.port) "
        r"|WorkloadGroup spec\.template\.ports|.*(ServiceEntry .*targetPort|minimumPercent|aggression) .* at least"
    ),
    models.WRONG_SIZE.id: re.compile(
        r".*(abels\.\S+|credentialNames|targetRefs|environmentVariables\.\S+|jwksUri|\.value|serviceAccount"
        r"|addresses\S*|address|ports\S*\.name|inlineCode) .* at most "
        r"|.*(portLevelMtls|spaceDelimitedClaims\S*|formatter\.value|pluginName|imagePullSecret|wasm\.url|issuer"
        r"|exec\.command\S*|credentialNames) .* at least "
    ),
}
"""Findings about the schema alone: a pattern of kind, field and message, by code."""

UNWANTED = re.compile(r"^only one of|accepts no `|cannot have (a )?`")
"""Findings about a field that must be absent. An empty one is absent to Istio, but not to the schema."""

ONCE: Mapping[str, re.Pattern[str]] = {
    validation.DURATION.id: re.compile(r"^\S+ "),
    validation.HTTP_IN_DENY.id: re.compile(r".*"),
    validation.GATEWAY_HOST.id: re.compile(r"^`[^`]*` (?=.*(a short name|is empty|no namespace|valid namespace))"),
}
"""What differs between findings that istioctl says in the same words, by code."""

SEVERAL: Mapping[str, tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = {
    validation.CONDITION.id: (
        (
            re.compile(r"needs a name in brackets|no longer supported|there is no key"),
            ("in `values`", "in `notValues`"),
        ),
    ),
    validation.POLICY_VALUE.id: ((re.compile(r"^`` is not valid in `ports`"), ("", "it is not a number")),),
    validation.LOAD_BALANCER.id: ((re.compile(r"not 0$"), ("", "it is missing")),),
    validation.DEFAULT_ENDPOINT.id: ((re.compile(r"should be an address, `:` and a port"), ("", "it has no port")),),
    validation.GATEWAY_NAME.id: ((re.compile(r"`` is not a valid name"), ("", "a part of it is empty")),),
}
"""Findings for which istioctl has several sentences: a pattern of the message, and how each of them ends."""

EMPTY = re.compile(r"must have at least 1 character$")
"""An empty text, which is the same to Istio as a missing one."""

WITHOUT_ENDPOINTS = "resolution DNS needs a domain name"
"""istioctl says it once per object."""

OF_FIELD = frozenset({validation.STRING_MATCH.id, validation.REGEX.id})
"""Codes of findings that istioctl says once per field of a match."""
MATCHED = frozenset(
    {"uri", "scheme", "method", "authority", "headers", "withoutHeaders", "queryParams", "allowOrigins"}
)


def messages(context: Context) -> Iterator[Message]:
    """The errors and warnings of Istio's validation, each sentence once per object."""
    said: set[object] = set()
    by_object: dict[ObjectKey, list[Diagnostic]] = {}
    for found in _findings(context):
        by_object.setdefault(_object(found.kind, found.namespace, found.name), []).append(found)
    allocated = {entry.full_name for entry in context.written.all(ServiceEntry) if _gets_addresses(entry)}
    for found in (found for group in by_object.values() for found in _until_stop(group)):
        if found.namespace in NEVER_INJECTED:
            continue
        if found.message.endswith("tell connections apart") and f"{found.namespace}/{found.name}" in allocated:
            continue
        is_error = found.rejected and not _is_certificate_limit(found)
        for text in _sentences(found):
            key = (found.kind, found.namespace, found.name, _meaning(found, text))
            if key not in said:
                said.add(key)
                yield Message(found, text, is_error)


def _findings(context: Context) -> Iterator[Diagnostic]:
    """The findings about accepted and rejected objects, and about those that the schema refuses."""
    malformed = {_object(each.kind, each.namespace, each.name): each for each in context.malformed_objects}
    limits: dict[ObjectKey, list[Diagnostic]] = {}
    for found in context.findings:
        key = _object(found.kind, found.namespace, found.name)
        if found.code in LIMITS and key in malformed and _is_of_istio(found):
            limits.setdefault(key, []).append(found)
        elif _is_about_a_name(found) or (
            found.kind in MODULES and found.code not in LIMITS and key not in malformed and _is_of_istio(found)
        ):
            yield found
    for key, resource in malformed.items():
        said = (*violations(resource), *release_violations(resource, context.snapshot.behaviour))
        own = tuple(found for found in said if _is_of_istio(found))
        of_nulls = (found for found in problems_in_null_items(resource) if found.code in LIMITS and _is_of_istio(found))
        yield from _of_malformed(own, (*limits.get(key, ()), *of_nulls))


def _of_malformed(own: Sequence[Diagnostic], limits: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings of rules and of the schema about one object, without what follows from an absent message."""
    absent = {_place(found) for found in limits if found.code == models.MISSING_FIELD.id}
    unread = absent | {place[:-1] for place in absent if "mirrors" in place}  # a mirror without a destination
    yield from (found for found in own if not _is_within(found.origin.path, unread))
    names = {found.origin.path for found in own if found.code == validation.NAME.id}
    said = {found.origin.path for found in own} - names
    for found in limits:
        place = _place(found)
        is_said = place in said or (place in names and found.code == models.MISSING_FIELD.id)
        if not is_said and not (found.code == models.WRONG_FORM.id and place[:-1] in said):
            yield found


def _is_about_a_name(found: Diagnostic) -> bool:
    """True for a missing name that Istio validates: only that of its own Gateways."""
    if found.code != models.MISSING_NAME.id or found.kind != "Gateway":
        return False
    return str(found.origin.document.value.get("apiVersion")).startswith("networking.istio.io/")


def _is_within(path: Path, places: AbstractSet[Path]) -> bool:
    return any(path[:length] in places for length in range(len(path)))


def _until_stop(group: list[Diagnostic]) -> list[Diagnostic]:
    """The findings about one object, without those after a mistake at which Istio's validation stops."""
    if any(found.code == validation.LOCALITY.id and found.message.startswith("the weights") for found in group):
        return [found for found in group if found.code != validation.LOCALITY.id or "weights" in found.message]
    return [found for found in group if _stops(found)] or group


def _stops(found: Diagnostic) -> bool:
    """True for an invalid selector of a kind of which Istio validates nothing else then."""
    in_selector = found.field.startswith("spec.workloadSelector") and found.code == validation.SELECTOR.id
    return found.kind in ("EnvoyFilter", "ServiceEntry", "Sidecar") and in_selector


def _gets_addresses(entry: ServiceEntry) -> bool:
    """True if istiod allocates addresses, unless a label says otherwise, which istioctl does not see."""
    return entry.spec.resolution is not Resolution.NONE


def _object(kind: str, namespace: str, name: str) -> ObjectKey:
    return kind, namespace, name


def _place(limit: Diagnostic) -> Path:
    """The path of the field that a limit of the schema is about."""
    path = limit.origin.path
    if limit.code == models.MISSING_FIELD.id:
        return (*path, limit.message.split("`")[1].rpartition(".")[2])
    return path


def _is_of_istio(found: Diagnostic) -> bool:
    only = SCHEMA_ONLY.get(found.code)
    where = f"{found.kind} {found.field} {found.message}"
    if only is not None and only.match(where) and not _is_certificate_limit(found):
        return False
    if UNWANTED.search(found.message) and _written(found.origin) in ([], {}, ""):
        return False
    if found.rejected:
        return found.code in ERRORS or found.code in LIMITS
    return found.code in WARNINGS


def _written(origin: Origin) -> object:
    """The plain value at an origin; None if there is none."""
    value = origin.document.value
    for step in origin.path:
        match value:
            case Mapping() if step in value:
                value = value[step]
            case list() if isinstance(step, int) and step < len(value):
                value = value[step]
            case _:
                return None
    return value


def _is_certificate_limit(found: Diagnostic) -> bool:
    """True for more certificates than a server can have: Istio only warns."""
    return found.code == models.WRONG_SIZE.id and found.field.endswith("tlsCertificates")


def _sentences(found: Diagnostic) -> tuple[str, ...]:
    if found.code == validation.GATEWAY_HOST.id:
        problems = tuple(host_problems(str(_written(found.origin)), in_gateway=found.kind == "Gateway"))
        return tuple(found.message.removesuffix(problems[0]) + problem for problem in problems) or (found.message,)
    for pattern, additions in SEVERAL.get(found.code, ()):
        if pattern.search(found.message):
            head = found.message.partition(": ")[0]
            return tuple(f"{head}: {addition}" if addition else found.message for addition in additions)
    if found.code == validation.HOST.id and _needs_names(found):
        return (found.message, f"{found.message}, and {WITHOUT_ENDPOINTS}")
    if found.code in OF_FIELD:
        field = next((str(step) for step in found.origin.path if step in MATCHED), "")
        return (f"{found.message} (in `{field}`)" if field else found.message,)
    return (found.message,)


def _needs_names(found: Diagnostic) -> bool:
    """True for a host of a ServiceEntry without endpoints, whose hosts are resolved."""
    spec = _written(Origin(found.origin.document, ("spec",)))
    resolved = isinstance(spec, Mapping) and spec.get("resolution") in (Resolution.DNS, Resolution.DNS_ROUND_ROBIN)
    is_bare = isinstance(spec, Mapping) and not spec.get("endpoints")
    return found.kind == "ServiceEntry" and resolved and is_bare and bool(fqdn_problem(str(_written(found.origin))))


def _meaning(found: Diagnostic, text: str) -> tuple[str, str]:
    """The code and the words that all findings have in common that istioctl says in one sentence."""
    if found.code in LIMITS:
        names = [step for step in _place(found) if isinstance(step, str)][-2:]
        limit = text.rpartition("`")[2] if found.code == models.OUT_OF_RANGE.id else ""
        return models.MISSING_FIELD.id if EMPTY.search(text) else found.code, ".".join((*names, limit))
    if WITHOUT_ENDPOINTS in text or text.startswith("without endpoints"):
        return validation.RESOLUTION.id, WITHOUT_ENDPOINTS
    pattern = ONCE.get(found.code)
    return found.code, text if pattern is None else pattern.sub("", text, count=1)
